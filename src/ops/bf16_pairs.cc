#include "ops/bf16_pairs.h"

#include <immintrin.h>

#include <algorithm>

#define MORES_BF16_PAIRS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

namespace mores::ops::pairs {
namespace {

using amx::kTileDepth;
using amx::kTileElements;
using amx::kTileRows;

constexpr int64_t kRowsAtOnce = 8;

// Up to 8 rows of C by kBlocks blocks of 16 columns, at (row, column).
template <int kBlocks>
MORES_BF16_PAIRS inline void SumBlocks(const amx::Block& g, int64_t row, int64_t column) {
  const uint16_t* a = g.a + row / kTileRows * g.a_step + row % kTileRows * kTileDepth;
  const uint16_t* b = g.b + column / kTileRows * g.b_step;
  float* c = g.c + row * g.c_row + column;
  const int64_t rows = std::min(kRowsAtOnce, g.row_end - row);
  __mmask16 masks[kBlocks];
  for (int j = 0; j < kBlocks; ++j) {
    const int64_t lanes = std::clamp<int64_t>(g.column_end - column - j * kTileRows, 0, kTileRows);
    masks[j] = static_cast<__mmask16>((1u << lanes) - 1);
  }
  __m512 sums[kRowsAtOnce][kBlocks];
#pragma GCC unroll 8
  for (int r = 0; r < kRowsAtOnce; ++r) {
#pragma GCC unroll 3
    for (int j = 0; j < kBlocks; ++j) {
      sums[r][j] = g.accumulate == Accumulate::kYes && r < rows
                       ? _mm512_maskz_loadu_ps(masks[j], c + r * g.c_row + j * kTileRows)
                       : _mm512_setzero_ps();
    }
  }
  for (int64_t block = 0; block < g.depth_blocks; ++block) {
#pragma GCC unroll 4
    for (int64_t pair = 0; pair < kTileDepth / 2; ++pair) {
      __m512bh columns[kBlocks];
#pragma GCC unroll 3
      for (int j = 0; j < kBlocks; ++j) {
        columns[j] =
            reinterpret_cast<__m512bh>(_mm512_load_si512(b + j * g.b_step + pair * 2 * kTileRows));
      }
#pragma GCC unroll 8
      for (int r = 0; r < kRowsAtOnce; ++r) {
        int32_t both;
        __builtin_memcpy(&both, a + r * kTileDepth + pair * 2, sizeof(both));
        const __m512bh depths = reinterpret_cast<__m512bh>(_mm512_set1_epi32(both));
#pragma GCC unroll 3
        for (int j = 0; j < kBlocks; ++j) {
          sums[r][j] = _mm512_dpbf16_ps(sums[r][j], depths, columns[j]);
        }
      }
    }
    a += kTileElements;
    b += kTileElements;
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRowsAtOnce; ++r) {
    if (r >= rows) break;
#pragma GCC unroll 3
    for (int j = 0; j < kBlocks; ++j) {
      _mm512_mask_storeu_ps(c + r * g.c_row + j * kTileRows, masks[j], sums[r][j]);
    }
  }
}

}  // namespace

MORES_BF16_PAIRS void MatMul(const amx::Block& block) {
  for (int64_t row = block.row_begin; row < block.row_end; row += kRowsAtOnce) {
    for (int64_t column = block.column_begin; column < block.column_end;) {
      const int64_t left = (block.column_end - column + kTileRows - 1) / kTileRows;
      // Four are two and two: one alone keeps the processor waiting for loads.
      if (left >= 3 && left != 4) {
        SumBlocks<3>(block, row, column);
        column += 3 * kTileRows;
      } else if (left >= 2) {
        SumBlocks<2>(block, row, column);
        column += 2 * kTileRows;
      } else {
        SumBlocks<1>(block, row, column);
        column += kTileRows;
      }
    }
  }
}

}  // namespace mores::ops::pairs
