// Products in whole numbers are, bit for bit, what their header says, at each level that has them.
#include "ops/int16_pairs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/cpu.h"
#include "ops/matmul.h"
#include "support/ops/random_values.h"

namespace mores::ops::int16 {
namespace {

// An operand as the header says: line i's value at depth k is whole[i][k] * scale[i][k / 64].
struct Lines {
  std::vector<std::vector<int64_t>> whole;
  std::vector<std::vector<float>> scales;
};
Lines RoundLines(const std::vector<float>& x, int64_t lines, int64_t depth) {
  Lines out;
  for (int64_t i = 0; i < lines; ++i) {
    const float* line = x.data() + i * depth;
    std::vector<int64_t> whole;
    std::vector<float> scales;
    for (int64_t k = 0; k < depth; k += kScaleDepth) {
      const float* end = line + std::min(depth, k + kScaleDepth);
      float largest = 0;
      for (const float* v = line + k; v != end; ++v) largest = std::max(largest, std::abs(*v));
      const float factor = largest < 0x1p-100f ? 0 : static_cast<float>(kLargest) / largest;
      for (const float* v = line + k; v != end; ++v) whole.push_back(std::lrint(*v * factor));
      scales.push_back(factor == 0 ? 0 : largest / static_cast<float>(kLargest));
    }
    out.whole.push_back(whole);
    out.scales.push_back(scales);
  }
  return out;
}

float Product(const Lines& a, size_t row, const Lines& b, size_t column, float c) {
  const size_t depth = a.whole[row].size();
  for (size_t k = 0; k < depth; k += static_cast<size_t>(kScaleDepth)) {
    int64_t sum = 0;
    for (size_t i = k; i < std::min(depth, k + static_cast<size_t>(kScaleDepth)); ++i) {
      sum += a.whole[row][i] * b.whole[column][i];
    }
    const size_t block = k / static_cast<size_t>(kScaleDepth);
    c = std::fma(static_cast<float>(sum) * b.scales[column][block], a.scales[row][block], c);
  }
  return c;
}

std::vector<float> Transposed(const std::vector<float>& x, int64_t rows, int64_t columns) {
  std::vector<float> out(x.size());
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      out[static_cast<size_t>(c * rows + r)] = x[static_cast<size_t>(r * columns + c)];
    }
  }
  return out;
}

// Both operands, packed either way.
struct Packed {
  Packed(const std::vector<float>& a, int64_t rows, const std::vector<float>& b, int64_t columns,
         int64_t depth, Layout layout)
      : blocks(DepthBlocks(depth)), panels((columns + kColumns - 1) / kColumns) {
    int16_t* aw = a_words.Resize(rows * blocks * kScaleDepth);
    float* as = a_scales.Resize(rows * blocks);
    int16_t* bw = b_words.Resize(panels * blocks * kPanelBlock);
    float* bs = b_scales.Resize(panels * blocks * kColumns);
    const auto a_columns = Transposed(a, rows, depth), b_rows = Transposed(b, columns, depth);
    const bool plain = layout == Layout::kPlain;
    if (plain) {
      for (int64_t r = 0; r < rows; ++r) {
        PackRow(a.data() + r * depth, depth, aw + r * blocks * kScaleDepth, as + r * blocks);
      }
    } else {
      PackRowsTransposed(a_columns.data(), rows, rows, depth, aw, blocks * kScaleDepth, as, blocks);
    }
    for (int64_t panel = 0; panel < panels; ++panel) {
      const int64_t n = panel * kColumns, count = std::min(kColumns, columns - n);
      int16_t* words = bw + panel * blocks * kPanelBlock;
      float* scales = bs + panel * blocks * kColumns;
      if (plain) {
        PackColumns(b_rows.data() + n, columns, count, depth, words, scales);
      } else {
        PackColumnsTransposed(b.data() + n * depth, depth, count, depth, words, scales);
      }
    }
  }
  std::vector<float> Multiply(int64_t rows, int64_t columns, std::vector<float> c,
                              Accumulate accumulate) const {
    MatMul({.rows = rows,
            .columns = columns,
            .depth_blocks = blocks,
            .a = a_words.data(),
            .a_scales = a_scales.data(),
            .a_row = blocks * kScaleDepth,
            .a_scales_row = blocks,
            .b = b_words.data(),
            .b_scales = b_scales.data(),
            .b_panel = blocks * kPanelBlock,
            .b_scales_panel = blocks * kColumns,
            .c = c.data(),
            .c_row = columns,
            .accumulate = accumulate});
    return c;
  }
  int64_t blocks, panels;
  tensor::AlignedBuffer<int16_t> a_words, b_words;
  tensor::AlignedBuffer<float> a_scales, b_scales;
};

class Int16PairsTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
    if (GetParam() == IsaLevel::kAvx512 && !CurrentCpuFeatures().avx512_vnni) {
      GTEST_SKIP() << "this machine's AVX-512 has no products of words";
    }
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }
};

TEST_P(Int16PairsTest, IsTheSumOfTheHeader) {
  struct Shape {
    int64_t rows, columns, depth;
  };
  for (const Shape s : {Shape{1, 1, 1}, {6, 16, 64}, {5, 33, 65}, {29, 48, 300}, {13, 70, 128}}) {
    auto a = RandomValues(s.rows * s.depth, 1), b = RandomValues(s.columns * s.depth, 2);
    a[0] = 1000;  // an outlier among its 64
    std::fill_n(b.begin(), std::min<int64_t>(s.depth, 64), 0.0f);
    const auto c0 = RandomValues(s.rows * s.columns, 3);
    const Lines a_lines = RoundLines(a, s.rows, s.depth);
    const Lines b_lines = RoundLines(b, s.columns, s.depth);
    for (const Layout layout : {Layout::kPlain, Layout::kTransposed}) {
      const Packed packed(a, s.rows, b, s.columns, s.depth, layout);
      for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
        const auto c = packed.Multiply(s.rows, s.columns, c0, accumulate);
        for (size_t i = 0; i < c.size(); ++i) {
          const size_t columns = static_cast<size_t>(s.columns);
          const float before = accumulate == Accumulate::kYes ? c0[i] : 0;
          ASSERT_EQ(c[i], Product(a_lines, i / columns, b_lines, i % columns, before))
              << s.rows << "," << s.columns << "," << s.depth << " at " << i;
        }
      }
    }
  }
}

// The largest whole numbers there are, all of one sign, stay below 2^31.
TEST_P(Int16PairsTest, LargestSumsDontOverflow) {
  const std::vector<float> a(64, -3.0f), b(64, 3.0f);
  const Packed packed(a, 1, b, 1, 64, Layout::kPlain);
  EXPECT_NEAR(packed.Multiply(1, 1, {0}, Accumulate::kNo)[0], -576, 1e-3);
}

TEST_P(Int16PairsTest, WhatIsNotFiniteMakesNan) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (const Layout layout : {Layout::kPlain, Layout::kTransposed}) {
      std::vector<float> a(2 * 64, 1.0f), b(2 * 64, 1.0f);
      a[70] = bad;
      b[64 + 3] = bad;
      const auto c = Packed(a, 2, b, 2, 64, layout).Multiply(2, 2, {0, 0, 0, 0}, Accumulate::kNo);
      EXPECT_NEAR(c[0], 64, 1e-3);
      for (const size_t i : {1, 2, 3}) EXPECT_TRUE(std::isnan(c[i])) << i;
    }
  }
}

TEST_P(Int16PairsTest, TinyValuesAreZero) {
  std::vector<float> a(64, 1e-35f), b(64, 1e30f);
  const auto c = Packed(a, 1, b, 1, 64, Layout::kPlain).Multiply(1, 1, {0}, Accumulate::kNo);
  EXPECT_EQ(c[0], 0.0f);
}

INSTANTIATE_TEST_SUITE_P(Levels, Int16PairsTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512),
                         [](const auto& param) { return std::string(Name(param.param)); });

}  // namespace
}  // namespace mores::ops::int16
