#include "ops/int16_pairs.h"

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

#include "base/cpu.h"

#define MORES_WORD_SUMS __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))

namespace mores::ops::int16 {
namespace {

constexpr int64_t kPairs = kScaleDepth / 2;
constexpr int32_t kInfinityBits = 0x7f800000;
constexpr float kSmallest = 0x1p-100f;

// What values of a block are multiplied with to become whole numbers, and those to become values
// again.
struct Scaling {
  float to_whole, to_value;
};
Scaling ScalingOf(int32_t largest_bits) {
  if (largest_bits >= kInfinityBits) return {0.0f, std::numeric_limits<float>::quiet_NaN()};
  const float largest = std::bit_cast<float>(largest_bits);
  if (largest < kSmallest) return {0.0f, 0.0f};
  constexpr float kWhole = static_cast<float>(kLargest);
  return {kWhole / largest, largest / kWhole};
}

__m256i MagnitudeBits(__m256 x) {
  return _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
}

// Whole numbers of 8 values. A value that isn't finite has a `to_whole` of 0 and may give anything.
__m256i Whole(__m256 x, __m256 to_whole) { return _mm256_cvtps_epi32(_mm256_mul_ps(x, to_whole)); }

int32_t LargestLane(__m256i x) {
  __m128i m = _mm_max_epi32(_mm256_castsi256_si128(x), _mm256_extracti128_si256(x, 1));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4E));
  m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0xB1));
  return _mm_cvtsi128_si32(m);
}

// A whole block of a row; returns its scale.
float PackRowBlock(const float* x, int16_t* values) {
  __m256i largest = _mm256_setzero_si256();
  for (int64_t k = 0; k < kScaleDepth; k += 8) {
    largest = _mm256_max_epi32(largest, MagnitudeBits(_mm256_loadu_ps(x + k)));
  }
  const Scaling scaling = ScalingOf(LargestLane(largest));
  const __m256 to_whole = _mm256_set1_ps(scaling.to_whole);
  for (int64_t k = 0; k < kScaleDepth; k += 16) {
    const __m256i both = _mm256_packs_epi32(Whole(_mm256_loadu_ps(x + k), to_whole),
                                            Whole(_mm256_loadu_ps(x + k + 8), to_whole));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + k),
                        _mm256_permute4x64_epi64(both, 0xD8));
  }
  return scaling.to_value;
}

// A whole block of 16 columns, stride `b_row`.
void PackColumnBlock(const float* b, int64_t b_row, int16_t* values, float* scales) {
  for (int64_t n = 0; n < kColumns; n += 8) {
    __m256i largest = _mm256_setzero_si256();
    for (int64_t k = 0; k < kScaleDepth; ++k) {
      largest = _mm256_max_epi32(largest, MagnitudeBits(_mm256_loadu_ps(b + k * b_row + n)));
    }
    alignas(32) int32_t bits[8];
    alignas(32) float factors[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(bits), largest);
    for (int64_t i = 0; i < 8; ++i) {
      const Scaling scaling = ScalingOf(bits[i]);
      factors[i] = scaling.to_whole;
      scales[n + i] = scaling.to_value;
    }
    const __m256 to_whole = _mm256_load_ps(factors);
    for (int64_t pair = 0; pair < kPairs; ++pair) {
      const float* rows = b + 2 * pair * b_row + n;
      const __m256i low = Whole(_mm256_loadu_ps(rows), to_whole);
      const __m256i high = Whole(_mm256_loadu_ps(rows + b_row), to_whole);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + (pair * kColumns + n) * 2),
                          _mm256_blend_epi16(low, _mm256_slli_epi32(high, 16), 0xAA));
    }
  }
}

// 8 pairs of each of 8 columns, kScaleDepth values apart, to 8 pairs of columns.
void TransposePairs(const int16_t* columns, int16_t* pairs) {
  __m256i r[8], t[8];
  for (int64_t i = 0; i < 8; ++i) {
    r[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(columns + i * kScaleDepth));
  }
  for (int64_t i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_epi32(r[i], r[i + 1]);
  }
  for (int64_t i = 0; i < 8; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  for (int64_t i = 0; i < 4; ++i) {
    auto* low = reinterpret_cast<__m256i*>(pairs + i * 2 * kColumns);
    auto* high = reinterpret_cast<__m256i*>(pairs + (i + 4) * 2 * kColumns);
    _mm256_storeu_si256(low, _mm256_permute2x128_si256(r[i], r[i + 4], 0x20));
    _mm256_storeu_si256(high, _mm256_permute2x128_si256(r[i], r[i + 4], 0x31));
  }
}

constexpr int64_t kRowsAtOnce = 6;

// sum += product, kept in its register: the compiler would hoist loads until sums don't fit.
inline void Add(__m256i& sum, __m256i product) {
  asm("vpaddd %1, %0, %0" : "+x"(sum) : "x"(product));
}

// kRows rows of C by one panel, into `c` [kRows][16].
template <int kRows>
[[gnu::noinline]] void SumPanel(const Block& g, int64_t row, int64_t panel, float (*c)[kColumns]) {
  const int16_t* rows[kRows];
  for (int r = 0; r < kRows; ++r) rows[r] = g.a + (row + r) * g.a_row;
  const int16_t* b = g.b + panel * g.b_panel;
  const float* b_scales = g.b_scales + panel * g.b_scales_panel;
  const float* a_scales = g.a_scales + row * g.a_scales_row;
  const int64_t blocks = g.depth_blocks, scales_row = g.a_scales_row;
  for (int64_t block = 0; block < blocks; ++block) {
    __m256i sums[kRows][2];
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) sums[r][0] = sums[r][1] = _mm256_setzero_si256();
    constexpr int64_t kUnrolled = 2;
    for (int64_t first = 0; first < kPairs; first += kUnrolled) {
#pragma GCC unroll 2
      for (int64_t pair = first; pair < first + kUnrolled; ++pair) {
        const auto* columns = reinterpret_cast<const __m256i*>(b + pair * 2 * kColumns);
        const __m256i low = _mm256_load_si256(columns), high = _mm256_load_si256(columns + 1);
#pragma GCC unroll 6
        for (int r = 0; r < kRows; ++r) {
          int32_t both;
          std::memcpy(&both, rows[r] + pair * 2, sizeof(both));
          const __m256i depths = _mm256_set1_epi32(both);
          Add(sums[r][0], _mm256_madd_epi16(depths, low));
          Add(sums[r][1], _mm256_madd_epi16(depths, high));
        }
      }
    }
    const __m256 scales[2] = {_mm256_load_ps(b_scales), _mm256_load_ps(b_scales + 8)};
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
      const __m256 scale = _mm256_set1_ps(a_scales[r * scales_row]);
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
        const __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[r][half]), scales[half]);
        float* to = c[r] + half * 8;
        _mm256_store_ps(to, _mm256_fmadd_ps(product, scale, _mm256_load_ps(to)));
      }
      rows[r] += kScaleDepth;
    }
    ++a_scales;
    b += kPanelBlock;
    b_scales += kColumns;
  }
}

// Rows of sums from or to C, `columns` of them there.
template <class Copy>
void ForEachRow(int64_t rows, int64_t columns, const Copy& copy) {
  for (int64_t r = 0; r < rows; ++r) {
    // Known sizes become moves of whole registers.
    if (columns >= kColumns) {
      copy(r, std::integral_constant<size_t, kColumns * sizeof(float)>());
    } else {
      copy(r, static_cast<size_t>(columns) * sizeof(float));
    }
  }
}

// Any number of rows, a panel at a time, so that one stays in the first-level cache.
void MatMulAvx2(const Block& g) {
  alignas(32) float c[kRowsAtOnce][kColumns] = {};
  for (int64_t n = 0; n < g.columns; n += kColumns) {
    for (int64_t row = 0; row < g.rows; row += kRowsAtOnce) {
      const int64_t rows = std::min(kRowsAtOnce, g.rows - row), panel = n / kColumns;
      float* out = g.c + row * g.c_row + n;
      if (g.accumulate == Accumulate::kYes) {
        ForEachRow(rows, g.columns - n,
                   [&](int64_t r, auto bytes) { std::memcpy(c[r], out + r * g.c_row, bytes); });
      } else {
        for (auto& sums : c) {
          _mm256_store_ps(sums, _mm256_setzero_ps());
          _mm256_store_ps(sums + 8, _mm256_setzero_ps());
        }
      }
      switch (rows) {
        case 1:
          SumPanel<1>(g, row, panel, c);
          break;
        case 2:
          SumPanel<2>(g, row, panel, c);
          break;
        case 3:
          SumPanel<3>(g, row, panel, c);
          break;
        case 4:
          SumPanel<4>(g, row, panel, c);
          break;
        case 5:
          SumPanel<5>(g, row, panel, c);
          break;
        default:
          SumPanel<6>(g, row, panel, c);
          break;
      }
      ForEachRow(rows, g.columns - n,
                 [&](int64_t r, auto bytes) { std::memcpy(out + r * g.c_row, c[r], bytes); });
    }
  }
}

constexpr int64_t kWideRows = 12;

// kRows rows of C by one panel of 16 columns and, if `kPanels` is 2, the one after it.
template <int kRows, int kPanels>
MORES_WORD_SUMS void SumWide(const Block& g, int64_t row, int64_t panel) {
  const int16_t* a = g.a + row * g.a_row;
  const int16_t* b = g.b + panel * g.b_panel;
  const float* b_scales = g.b_scales + panel * g.b_scales_panel;
  const float* a_scales = g.a_scales + row * g.a_scales_row;
  float* c = g.c + row * g.c_row + panel * kColumns;
  __mmask16 masks[kPanels];
  for (int j = 0; j < kPanels; ++j) {
    const int64_t lanes = std::clamp<int64_t>(g.columns - (panel + j) * kColumns, 0, kColumns);
    masks[j] = static_cast<__mmask16>((1u << lanes) - 1);
  }
  const auto load = [&](int r, int j) MORES_WORD_SUMS {
    return _mm512_maskz_loadu_ps(masks[j], c + r * g.c_row + j * kColumns);
  };
  for (int64_t block = 0; block < g.depth_blocks; ++block) {
    __m512i sums[kRows][kPanels];
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      for (int j = 0; j < kPanels; ++j) sums[r][j] = _mm512_setzero_si512();
    }
#pragma GCC unroll 2
    for (int64_t pair = 0; pair < kPairs; ++pair) {
      __m512i columns[kPanels];
      for (int j = 0; j < kPanels; ++j) {
        columns[j] = _mm512_load_si512(b + j * g.b_panel + pair * 2 * kColumns);
      }
#pragma GCC unroll 12
      for (int r = 0; r < kRows; ++r) {
        int32_t both;
        std::memcpy(&both, a + r * g.a_row + pair * 2, sizeof(both));
        const __m512i depths = _mm512_set1_epi32(both);
#pragma GCC unroll 2
        for (int j = 0; j < kPanels; ++j) {
          sums[r][j] = _mm512_dpwssd_epi32(sums[r][j], depths, columns[j]);
        }
      }
    }
    const bool first = block == 0 && g.accumulate == Accumulate::kNo;
#pragma GCC unroll 12
    for (int r = 0; r < kRows; ++r) {
      const __m512 scale = _mm512_set1_ps(a_scales[r * g.a_scales_row + block]);
      for (int j = 0; j < kPanels; ++j) {
        const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sums[r][j]),
                                             _mm512_load_ps(b_scales + j * g.b_scales_panel));
        const __m512 before = first ? _mm512_setzero_ps() : load(r, j);
        _mm512_mask_storeu_ps(c + r * g.c_row + j * kColumns, masks[j],
                              _mm512_fmadd_ps(product, scale, before));
      }
    }
    a += kScaleDepth;
    b += kPanelBlock;
    b_scales += kColumns;
  }
}

template <int kPanels>
void SumWideRows(const Block& g, int64_t panel) {
  int64_t row = 0;
  for (; row + kWideRows <= g.rows; row += kWideRows) SumWide<kWideRows, kPanels>(g, row, panel);
  for (; row + 4 <= g.rows; row += 4) SumWide<4, kPanels>(g, row, panel);
  for (; row < g.rows; ++row) SumWide<1, kPanels>(g, row, panel);
}

void MatMulWide(const Block& g) {
  const int64_t panels = (g.columns + kColumns - 1) / kColumns;
  for (int64_t panel = 0; panel < panels; panel += 2) {
    if (panel + 1 < panels) {
      SumWideRows<2>(g, panel);
    } else {
      SumWideRows<1>(g, panel);
    }
  }
}

}  // namespace

void PackRow(const float* a, int64_t depth, int16_t* values, float* scales) {
  const int64_t whole = depth / kScaleDepth;
  for (int64_t block = 0; block < whole; ++block) {
    scales[block] = PackRowBlock(a + block * kScaleDepth, values + block * kScaleDepth);
  }
  const int64_t rest = depth - whole * kScaleDepth;
  if (rest == 0) return;
  float last[kScaleDepth] = {};
  std::copy_n(a + whole * kScaleDepth, rest, last);
  scales[whole] = PackRowBlock(last, values + whole * kScaleDepth);
}

void PackRowsTransposed(const float* a, int64_t a_step, int64_t rows, int64_t depth,
                        int16_t* values, int64_t values_row, float* scales, int64_t scales_row) {
  constexpr int64_t kRows = 16;
  alignas(64) float block[kRows * kScaleDepth];
  for (int64_t row = 0; row < rows; row += kRows) {
    const int64_t count = std::min(kRows, rows - row);
    for (int64_t k = 0; k < depth; k += kScaleDepth) {
      const int64_t depths = std::min(kScaleDepth, depth - k);
      Kernels().transpose(a + k * a_step + row, a_step, depths, count, block, kScaleDepth);
      for (int64_t r = 0; r < count; ++r) {
        std::fill(block + r * kScaleDepth + depths, block + (r + 1) * kScaleDepth, 0.0f);
        scales[(row + r) * scales_row + k / kScaleDepth] =
            PackRowBlock(block + r * kScaleDepth, values + (row + r) * values_row + k);
      }
    }
  }
}

void PackColumnsTransposed(const float* b, int64_t b_column, int64_t columns, int64_t depth,
                           int16_t* values, float* scales) {
  alignas(64) int16_t rows[kColumns * kScaleDepth] = {};
  alignas(64) float last[kScaleDepth];
  for (int64_t k = 0; k < depth; k += kScaleDepth) {
    const int64_t depths = std::min(kScaleDepth, depth - k);
    std::fill_n(scales, kColumns, 0.0f);
    for (int64_t n = 0; n < columns; ++n) {
      const float* column = b + n * b_column + k;
      if (depths < kScaleDepth) {
        std::fill(std::copy_n(column, depths, last), last + kScaleDepth, 0.0f);
        column = last;
      }
      scales[n] = PackRowBlock(column, rows + n * kScaleDepth);
    }
    for (int64_t n = 0; n < kColumns; n += 8) {
      for (int64_t pair = 0; pair < kPairs; pair += 8) {
        TransposePairs(rows + n * kScaleDepth + 2 * pair, values + (pair * kColumns + n) * 2);
      }
    }
    values += kPanelBlock;
    scales += kColumns;
  }
}

void PackColumns(const float* b, int64_t b_row, int64_t columns, int64_t depth, int16_t* values,
                 float* scales) {
  alignas(64) float part[kScaleDepth * kColumns];
  for (int64_t k = 0; k < depth; k += kScaleDepth) {
    const int64_t depths = std::min(kScaleDepth, depth - k);
    if (columns >= kColumns && depths == kScaleDepth) {
      PackColumnBlock(b + k * b_row, b_row, values, scales);
    } else {
      std::fill_n(part, kScaleDepth * kColumns, 0.0f);
      for (int64_t d = 0; d < depths; ++d) {
        std::copy_n(b + (k + d) * b_row, std::min(columns, kColumns), part + d * kColumns);
      }
      PackColumnBlock(part, kColumns, values, scales);
    }
    values += kPanelBlock;
    scales += kColumns;
  }
}

void MatMul(const Block& block) {
  if (CurrentCpuFeatures().avx512_vnni) {
    MatMulWide(block);
  } else {
    MatMulAvx2(block);
  }
}

}  // namespace mores::ops::int16
