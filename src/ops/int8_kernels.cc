#include "ops/int8_kernels.h"

#include <immintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ops/packed_quads.h"

#define MORES_BYTE_SUMS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

namespace mores::ops::int8 {
namespace {

using tensor::CodeKind;

// What a block of 32 depths has in a panel.
struct BlockPlaces {
  const uint8_t* codes;
  const uint16_t *scales, *least_scales;
  const int8_t *parts, *leasts;
};
template <CodeKind kKind, int kBits>
BlockPlaces PlacesOf(const RightColumns::Panel& panel, int64_t block) {
  // Eight blocks share the scales of 256 depths.
  const int64_t scale = kKind == CodeKind::kPlain ? block : block / 8;
  const int64_t part = kKind == CodeKind::kParts ? 2 * block : block;
  BlockPlaces places{.codes = panel.codes + block * PackedBlockBytes(kBits),
                     .scales = panel.scales + scale * kColumns,
                     .least_scales = nullptr,
                     .parts = nullptr,
                     .leasts = nullptr};
  if constexpr (kKind != CodeKind::kPlain) places.parts = panel.parts + part * kColumns;
  if constexpr (kKind == CodeKind::kWithLeast) {
    places.least_scales = panel.least_scales + scale * kColumns;
    places.leasts = panel.leasts + part * kColumns;
  }
  return places;
}

int32_t QuadAt(const int8_t* values) {
  int32_t quad;
  std::memcpy(&quad, values, sizeof(quad));
  return quad;
}

// --- AVX-512 -------------------------------------------------------------------------------------

MORES_BYTE_SUMS inline __m512i Bytes16(const int8_t* from) {
  return _mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

MORES_BYTE_SUMS inline __m512 Halves16(const uint16_t* from) {
  return _mm512_cvtph_ps(_mm256_load_si256(reinterpret_cast<const __m256i*>(from)));
}

// As Shifted256.
MORES_BYTE_SUMS inline __m512i Shifted512(__m512i x, int by) {
  return by >= 0 ? _mm512_slli_epi16(x, static_cast<unsigned>(by))
                 : _mm512_srli_epi16(x, static_cast<unsigned>(-by));
}

// (value & mask) | rest
MORES_BYTE_SUMS inline __m512i MaskedOr(__m512i value, __m512i mask, __m512i rest) {
  return _mm512_ternarylogic_epi32(value, mask, rest, 0xEA);
}

// As Quad256, of all sixteen columns.
template <int kBits>
MORES_BYTE_SUMS inline __m512i Quad512(const uint8_t* block, int quad) {
  if constexpr (kBits == 8) return _mm512_load_si512(block + quad * kQuadBytes);
  const __m512i both = _mm512_load_si512(block + quad / 2 * kQuadBytes);
  const __m512i lower = _mm512_and_si512(Shifted512(both, -4 * (quad % 2)), _mm512_set1_epi8(0x0f));
  if constexpr (kBits == 4) return lower;
  if constexpr (kBits == 5) {
    const __m512i upper = Shifted512(_mm512_load_si512(block + kUpperPart), 4 - quad);
    return MaskedOr(upper, _mm512_set1_epi8(0x10), lower);
  }
  const __m512i upper = _mm512_load_si512(block + kUpperPart + quad / 4 * kQuadBytes);
  return MaskedOr(Shifted512(upper, 4 - 2 * (quad % 4)), _mm512_set1_epi8(0x30), lower);
}

template <CodeKind kKind, int kBits, int kRows>
MORES_BYTE_SUMS [[gnu::noinline]] void Sum512(const PanelProduct& p, int64_t row) {
  const int64_t depth = p.a->depth(), blocks = depth / kDepth;
  const int8_t* values = p.a->values(row);
  const float* row_scales = p.a->scales(row);
  const int16_t* sums = p.a->sums(row);
  const int32_t offset = p.format.offset;
  __m512 c[kRows];
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) c[r] = _mm512_setzero_ps();
  for (int64_t block = 0; block < blocks; ++block) {
    const BlockPlaces at = PlacesOf<kKind, kBits>(p.panel, block);
    const int8_t* from = values + block * kDepth;
    const int16_t* sums_here = sums + 2 * block;
    __m512i whole[kRows];
    if constexpr (kKind == CodeKind::kParts) {
#pragma GCC unroll 2
      for (int part = 0; part < 2; ++part) {
        __m512i s[kRows];
#pragma GCC unroll 12
        for (int r = 0; r < kRows; ++r) {
          s[r] = _mm512_set1_epi32(-offset * sums_here[r * 2 * blocks + part]);
        }
#pragma GCC unroll 4
        for (int quad = 4 * part; quad < 4 * part + 4; ++quad) {
          const __m512i codes = Quad512<kBits>(at.codes, quad);
#pragma GCC unroll 12
          for (int r = 0; r < kRows; ++r) {
            const __m512i a = _mm512_set1_epi32(QuadAt(from + r * depth + 4 * quad));
            s[r] = _mm512_dpbusd_epi32(s[r], codes, a);
          }
        }
        const __m512i scale = Bytes16(at.parts + part * kColumns);
#pragma GCC unroll 12
        for (int r = 0; r < kRows; ++r) {
          const __m512i scaled = _mm512_mullo_epi32(s[r], scale);
          whole[r] = part == 0 ? scaled : _mm512_add_epi32(whole[r], scaled);
        }
      }
    } else {
#pragma GCC unroll 12
      for (int r = 0; r < kRows; ++r) {
        const int16_t* both = sums_here + r * 2 * blocks;
        whole[r] = kKind == CodeKind::kPlain ? _mm512_set1_epi32(-offset * (both[0] + both[1]))
                                             : _mm512_setzero_si512();
      }
#pragma GCC unroll 8
      for (int quad = 0; quad < kQuads; ++quad) {
        const __m512i codes = Quad512<kBits>(at.codes, quad);
#pragma GCC unroll 12
        for (int r = 0; r < kRows; ++r) {
          const __m512i a = _mm512_set1_epi32(QuadAt(from + r * depth + 4 * quad));
          whole[r] = _mm512_dpbusd_epi32(whole[r], codes, a);
        }
      }
      if constexpr (kKind == CodeKind::kWithLeast) {
        const __m512i scale = Bytes16(at.parts);
#pragma GCC unroll 12
        for (int r = 0; r < kRows; ++r) whole[r] = _mm512_mullo_epi32(whole[r], scale);
      }
    }
    const __m512 scales = Halves16(at.scales);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const __m512 row_scale = _mm512_set1_ps(row_scales[r * blocks + block]);
      c[r] = _mm512_fmadd_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(whole[r]), scales), row_scale, c[r]);
      if constexpr (kKind == CodeKind::kWithLeast) {
        const int16_t* both = sums_here + r * 2 * blocks;
        const __m512i least =
            _mm512_mullo_epi32(_mm512_set1_epi32(both[0] + both[1]), Bytes16(at.leasts));
        const __m512 value = _mm512_mul_ps(_mm512_cvtepi32_ps(least), Halves16(at.least_scales));
        c[r] = _mm512_fmadd_ps(value, row_scale, c[r]);
      }
    }
  }
  const auto there = static_cast<__mmask16>((1u << p.columns) - 1);
#pragma GCC unroll 12
  for (int r = 0; r < kRows; ++r) _mm512_mask_storeu_ps(p.c + (row + r) * p.c_row, there, c[r]);
}

template <CodeKind kKind, int kBits>
void Multiply512(const PanelProduct& p) {
  const int64_t end = p.a->rows();
  int64_t row = 0;
  if constexpr (kBits == 8) {
    for (; row + 12 <= end; row += 12) Sum512<kKind, kBits, 12>(p, row);
    for (; row + 6 <= end; row += 6) Sum512<kKind, kBits, 6>(p, row);
  }
  for (; row + 4 <= end; row += 4) Sum512<kKind, kBits, 4>(p, row);
  for (; row + 2 <= end; row += 2) Sum512<kKind, kBits, 2>(p, row);
  for (; row < end; ++row) Sum512<kKind, kBits, 1>(p, row);
}

// --- AVX2 ----------------------------------------------------------------------------------------

// Products of 4 depths in pairs: a sum of two lies in 16 bits whatever the codes.
template <bool kSigned>
inline __m256i PairSums(__m256i codes, __m256i a) {
  if constexpr (kSigned) {
    // Codes above 127 don't fit: |w| by a with the sign of w, for w = code - 128.
    const __m256i w = _mm256_xor_si256(codes, _mm256_set1_epi8(-128));
    return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(a, w));
  } else {
    return _mm256_maddubs_epi16(codes, a);
  }
}

// How a type's pair sums are added up: so many quads fit into 16 bits. kBitsOf: as its codes lie.
template <CodeKind kKindOf, int kLargest, int kBitsOf>
struct CodesOf {
  static constexpr CodeKind kKind = kKindOf;
  static constexpr int kBits = kBitsOf;
  static constexpr bool kSigned = kLargest > 127;
  static constexpr int kTogether = kSigned ? 1 : std::min(8, 32767 / (2 * 127 * kLargest));
};

inline __m256 Halves8(const uint16_t* from) {
  return _mm256_cvtph_ps(_mm_load_si128(reinterpret_cast<const __m128i*>(from)));
}

// Adds quads [first, first + kCount) of kRows rows to `whole`.
template <class C, int kRows, int kCount>
inline void AddQuads(const uint8_t* codes, const int8_t* from, int64_t depth, int first,
                     __m256i* whole) {
  constexpr int kTogether = std::min(C::kTogether, kCount);
  const __m256i ones = _mm256_set1_epi16(1);
#pragma GCC unroll 8
  for (int begin = first; begin < first + kCount; begin += kTogether) {
    __m256i sums[kRows];
#pragma GCC unroll 8
    for (int quad = begin; quad < begin + kTogether; ++quad) {
      const __m256i w = Quad256<C::kBits>(codes, quad);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const __m256i a = _mm256_set1_epi32(QuadAt(from + r * depth + 4 * quad));
        const __m256i pairs = PairSums<C::kSigned>(w, a);
        sums[r] = quad == begin ? pairs : _mm256_add_epi16(sums[r], pairs);
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      whole[r] = _mm256_add_epi32(whole[r], _mm256_madd_epi16(sums[r], ones));
    }
  }
}

inline __m256i Bytes8(const int8_t* from) {
  return _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}

// kHalves times eight of the panel's columns, from `lane` on.
template <class C, int kRows, int kHalves>
[[gnu::noinline]] void Sum256(const PanelProduct& p, int64_t row, int64_t lane) {
  constexpr CodeKind kKind = C::kKind;
  const int64_t depth = p.a->depth(), blocks = depth / kDepth;
  const int8_t* values = p.a->values(row);
  const float* row_scales = p.a->scales(row);
  const int16_t* sums = p.a->sums(row);
  // Signed codes have their offset taken already.
  const int32_t offset = C::kSigned ? 0 : p.format.offset;
  __m256 c[kHalves][kRows];
#pragma GCC unroll 2
  for (int half = 0; half < kHalves; ++half) {
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) c[half][r] = _mm256_setzero_ps();
  }
  for (int64_t block = 0; block < blocks; ++block) {
    const BlockPlaces at = PlacesOf<kKind, C::kBits>(p.panel, block);
    const int8_t* from = values + block * kDepth;
    const int16_t* sums_here = sums + 2 * block;
#pragma GCC unroll 2
    for (int half = 0; half < kHalves; ++half) {
      const int64_t first = lane + 8 * half;
      const uint8_t* codes = at.codes + first * 4;
      __m256i whole[kRows];
      if constexpr (kKind == CodeKind::kParts) {
#pragma GCC unroll 2
        for (int part = 0; part < 2; ++part) {
          __m256i s[kRows];
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) {
            s[r] = _mm256_set1_epi32(-offset * sums_here[r * 2 * blocks + part]);
          }
          AddQuads<C, kRows, 4>(codes, from, depth, 4 * part, s);
          const __m256i scale = Bytes8(at.parts + part * kColumns + first);
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) {
            const __m256i scaled = _mm256_mullo_epi32(s[r], scale);
            whole[r] = part == 0 ? scaled : _mm256_add_epi32(whole[r], scaled);
          }
        }
      } else {
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) {
          const int16_t* both = sums_here + r * 2 * blocks;
          whole[r] = kKind == CodeKind::kPlain ? _mm256_set1_epi32(-offset * (both[0] + both[1]))
                                               : _mm256_setzero_si256();
        }
        AddQuads<C, kRows, 8>(codes, from, depth, 0, whole);
        if constexpr (kKind == CodeKind::kWithLeast) {
          const __m256i scale = Bytes8(at.parts + first);
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) whole[r] = _mm256_mullo_epi32(whole[r], scale);
        }
      }
      const __m256 scales = Halves8(at.scales + first);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        __m256& sum = c[half][r];
        const __m256 row_scale = _mm256_set1_ps(row_scales[r * blocks + block]);
        sum = _mm256_fmadd_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(whole[r]), scales), row_scale, sum);
        if constexpr (kKind == CodeKind::kWithLeast) {
          const int16_t* both = sums_here + r * 2 * blocks;
          const __m256i least =
              _mm256_mullo_epi32(_mm256_set1_epi32(both[0] + both[1]), Bytes8(at.leasts + first));
          const __m256 value =
              _mm256_mul_ps(_mm256_cvtepi32_ps(least), Halves8(at.least_scales + first));
          sum = _mm256_fmadd_ps(value, row_scale, sum);
        }
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    alignas(32) float all[8 * kHalves];
    for (int half = 0; half < kHalves; ++half) _mm256_store_ps(all + 8 * half, c[half][r]);
    const auto there = static_cast<size_t>(std::min<int64_t>(8 * kHalves, p.columns - lane));
    std::memcpy(p.c + (row + r) * p.c_row + lane, all, there * sizeof(float));
  }
}

template <class C>
void Multiply256(const PanelProduct& p) {
  const int64_t end = p.a->rows(), fours = end / 4 * 4;
  for (int64_t lane = 0; lane < p.columns; lane += 8) {
    for (int64_t row = 0; row < fours; row += 4) Sum256<C, 4, 1>(p, row, lane);
  }
  // Whole cache lines of codes at once: of few rows reading them is what takes the time.
  int64_t row = fours;
  for (; row + 2 <= end; row += 2) Sum256<C, 2, 2>(p, row, 0);
  for (; row < end; ++row) Sum256<C, 1, 2>(p, row, 0);
}

}  // namespace

void MultiplyPlainly(const PanelProduct& p) {
  const int64_t depth = p.a->depth();
  const auto part_of = [&](const int8_t* parts, int64_t k, int64_t lane) {
    return int32_t{parts[k / p.format.part_depth * kColumns + lane]};
  };
  for (int64_t row = 0; row < p.a->rows(); ++row) {
    const int8_t* values = p.a->values(row);
    for (int64_t lane = 0; lane < p.columns; ++lane) {
      float sum = 0;
      for (int64_t block = 0; block < depth / kDepth; ++block) {
        int32_t whole = 0, least = 0;
        for (int64_t k = block * kDepth; k < (block + 1) * kDepth; ++k) {
          const int32_t code = p.panel.codes[(k / 4 * kColumns + lane) * 4 + k % 4];
          const int32_t product = (code - p.format.offset) * values[k];
          whole += p.format.part_depth == 0 ? product : product * part_of(p.panel.parts, k, lane);
          if (p.panel.leasts != nullptr) least += values[k] * part_of(p.panel.leasts, k, lane);
        }
        const int64_t scale = block * kDepth / p.format.scale_depth * kColumns + lane;
        const float row_scale = p.a->scales(row)[block];
        sum =
            std::fma(static_cast<float>(whole) * _cvtsh_ss(p.panel.scales[scale]), row_scale, sum);
        if (p.panel.leasts == nullptr) continue;
        const float least_scale = _cvtsh_ss(p.panel.least_scales[scale]);
        sum = std::fma(static_cast<float>(least) * least_scale, row_scale, sum);
      }
      p.c[row * p.c_row + lane] = sum;
    }
  }
}

void MultiplyAvx2(const PanelProduct& p) {
  // Codes larger than q5_0 has don't fit into 16 bits four at a time.
  switch (p.format.kind) {
    case CodeKind::kPlain:
      if (p.panel.bits == 4) return Multiply256<CodesOf<CodeKind::kPlain, 31, 4>>(p);
      if (p.panel.bits == 5) return Multiply256<CodesOf<CodeKind::kPlain, 31, 5>>(p);
      if (p.format.largest > 31) return Multiply256<CodesOf<CodeKind::kPlain, 255, 8>>(p);
      return Multiply256<CodesOf<CodeKind::kPlain, 31, 8>>(p);
    case CodeKind::kParts:
      if (p.panel.bits == 6) return Multiply256<CodesOf<CodeKind::kParts, 63, 6>>(p);
      return Multiply256<CodesOf<CodeKind::kParts, 63, 8>>(p);
    case CodeKind::kWithLeast:
      if (p.panel.bits == 4) return Multiply256<CodesOf<CodeKind::kWithLeast, 31, 4>>(p);
      if (p.panel.bits == 5) return Multiply256<CodesOf<CodeKind::kWithLeast, 31, 5>>(p);
      return Multiply256<CodesOf<CodeKind::kWithLeast, 31, 8>>(p);
  }
}

void MultiplyAvx512Vnni(const PanelProduct& p) {
  switch (p.format.kind) {
    case CodeKind::kPlain:
      if (p.panel.bits == 4) return Multiply512<CodeKind::kPlain, 4>(p);
      if (p.panel.bits == 5) return Multiply512<CodeKind::kPlain, 5>(p);
      return Multiply512<CodeKind::kPlain, 8>(p);
    case CodeKind::kParts:
      if (p.panel.bits == 6) return Multiply512<CodeKind::kParts, 6>(p);
      return Multiply512<CodeKind::kParts, 8>(p);
    case CodeKind::kWithLeast:
      if (p.panel.bits == 4) return Multiply512<CodeKind::kWithLeast, 4>(p);
      if (p.panel.bits == 5) return Multiply512<CodeKind::kWithLeast, 5>(p);
      return Multiply512<CodeKind::kWithLeast, 8>(p);
  }
}

}  // namespace mores::ops::int8
