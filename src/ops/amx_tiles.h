// What the files for AMX share: tile configuration, narrowing and transposing in registers, and the
// inner loop of products. Include only where the instruction set level is checked.
#ifndef MORES_OPS_AMX_TILES_H_
#define MORES_OPS_AMX_TILES_H_

#include <immintrin.h>

#include <algorithm>
#include <cstdint>

#include "ops/amx.h"

#define MORES_AMX \
  __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,amx-tile,amx-bf16")))

namespace mores::ops::amx {

struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t column_bytes[16] = {};
  uint8_t rows[16] = {};
};

MORES_AMX inline __mmask16 FirstLanes(int64_t count) {
  return count >= 16 ? static_cast<__mmask16>(0xFFFF)
                     : static_cast<__mmask16>((1u << std::max<int64_t>(count, 0)) - 1);
}

MORES_AMX inline __mmask32 FirstHalves(int64_t count) {
  return count >= 32 ? 0xFFFFFFFFu : (1u << std::max<int64_t>(count, 0)) - 1;
}

// 32 floats (fewer: zeros after) to 32 bf16.
MORES_AMX inline __m512i Narrow(const float* x, int64_t count) {
  const __m512 low = _mm512_maskz_loadu_ps(FirstLanes(count), x);
  const __m512 high = _mm512_maskz_loadu_ps(FirstLanes(count - 16), x + 16);
  return reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
}

// Two rows of 16 floats to 16 pairs of bf16, the first row's value in the low half.
MORES_AMX inline __m512i NarrowPairs(const float* row0, const float* row1, __mmask16 mask) {
  const __m512 low = row0 == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, row0);
  const __m512 high = row1 == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, row1);
  const __m512i both = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
  const __m256i l = _mm512_castsi512_si256(both);
  const __m256i h = _mm512_extracti64x4_epi64(both, 1);
  return _mm512_or_si512(_mm512_cvtepu16_epi32(l), _mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16));
}

// 16 x 16 of 32-bit elements.
MORES_AMX inline void Transpose(__m512i r[16]) {
  __m512i t[16];
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
    r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
    r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xDD);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xDD);
  }
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xDD);
    r[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xDD);
  }
}

// Adds to tiles 0 to 3 the products of two row tiles (one unless `both_rows`) by two column tiles.
// A's depth blocks lie side by side, B's `b_step` elements apart. Calls `meanwhile` after each
// block of depth: vector work that the processor does beside the tiles'.
template <class Meanwhile>
MORES_AMX inline void AddProducts(const uint16_t* a0, const uint16_t* a1, const uint16_t* b0,
                                  const uint16_t* b1, int64_t b_step, int64_t depth_blocks,
                                  bool both_rows, const Meanwhile& meanwhile) {
  if (both_rows) {
    for (int64_t k = 0; k < depth_blocks; ++k) {
      _tile_loadd(4, a0 + k * kTileElements, 64);
      _tile_loadd(6, b0 + k * b_step, 64);
      _tile_loadd(7, b1 + k * b_step, 64);
      _tile_loadd(5, a1 + k * kTileElements, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
      meanwhile();
    }
  } else {
    for (int64_t k = 0; k < depth_blocks; ++k) {
      _tile_loadd(4, a0 + k * kTileElements, 64);
      _tile_loadd(6, b0 + k * b_step, 64);
      _tile_loadd(7, b1 + k * b_step, 64);
      _tile_dpbf16ps(0, 4, 6);
      _tile_dpbf16ps(1, 4, 7);
      meanwhile();
    }
  }
}

MORES_AMX inline void ZeroSums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

// All eight tiles whole. A constant: the intrinsic tells the compiler of its first bytes alone, so
// that stores to the rest of a local one may be dropped.
inline constexpr TileConfig kWholeTiles = {
    .column_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {16, 16, 16, 16, 16, 16, 16, 16},
};

MORES_AMX inline void ConfigureTiles() { _tile_loadconfig(&kWholeTiles); }

}  // namespace mores::ops::amx

#endif  // MORES_OPS_AMX_TILES_H_
