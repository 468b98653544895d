#include "ops/matmul.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/cpu.h"
#include "ops/int16_pairs.h"
#include "ops/tiles.h"
#include "support/ops/random_values.h"

namespace mores::ops {
namespace {

struct Shape {
  int64_t m, n, k;
};

struct Numbers {
  DType precision;
  Bf16Sums sums = Bf16Sums::kOneByOne;
};
constexpr Numbers kAllNumbers[] = {{DType::kF32}, {DType::kBf16}, {DType::kBf16, Bf16Sums::kPairs}};

// Runs every test at each level that the machine has, and restores the level.
class MatMulTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }
};

std::vector<float> Multiply(const Shape& s, const std::vector<float>& a, Layout a_layout,
                            const std::vector<float>& b, Layout b_layout, Numbers numbers,
                            int threads, std::vector<float> c, Accumulate accumulate) {
  ThreadPool pool(threads);
  LeftOperand left;
  RightOperand right;
  const bool a_plain = a_layout == Layout::kPlain, b_plain = b_layout == Layout::kPlain;
  left.Pack({a.data(), a_plain ? s.m : s.k, a_plain ? s.k : s.m, a_plain ? s.k : s.m}, a_layout,
            numbers.precision, pool, numbers.sums);
  right.Pack({b.data(), b_plain ? s.k : s.n, b_plain ? s.n : s.k, b_plain ? s.n : s.k}, b_layout,
             numbers.precision, pool, numbers.sums);
  c.resize(static_cast<size_t>(s.m * s.n));
  MatMul(left, right, c.data(), s.n, accumulate, pool);
  return c;
}

bool InInt16(Numbers n) { return PackingOf(n.precision, n.sums) == Packing::kInt16; }

float Operand(const std::vector<float>& x, int64_t i, Numbers numbers) {
  const float v = x[static_cast<size_t>(i)];
  const bool rounded = numbers.precision == DType::kBf16 && !InInt16(numbers);
  return rounded ? tensor::ToFloat(tensor::ToBFloat16(v)) : v;
}

double LargestMagnitude(const std::vector<float>& x) {
  double largest = 0;
  for (const float v : x) largest = std::max(largest, std::abs(double{v}));
  return largest;
}

// The worst element may differ from the reference by K roundings of the sum of magnitudes, in
// whole numbers by those of the operands, too.
TEST_P(MatMulTest, AgreesWithReference) {
  for (const Shape s : {Shape{1, 1, 1}, {3, 5, 7}, {16, 16, 32}, {33, 47, 65}, {70, 129, 31}}) {
    const auto a = RandomValues(s.m * s.k, 1), b = RandomValues(s.n * s.k, 2);
    const auto c0 = RandomValues(s.m * s.n, 3);
    for (const Numbers numbers : kAllNumbers) {
      const double whole = 0.501 / static_cast<double>(int16::kLargest);
      const double a_off = InInt16(numbers) ? LargestMagnitude(a) * whole : 0;
      const double b_off = InInt16(numbers) ? LargestMagnitude(b) * whole : 0;
      for (int layouts = 0; layouts < 8; ++layouts) {
        const Layout la = layouts & 1 ? Layout::kTransposed : Layout::kPlain;
        const Layout lb = layouts & 2 ? Layout::kTransposed : Layout::kPlain;
        const Accumulate accumulate = layouts & 4 ? Accumulate::kYes : Accumulate::kNo;
        const auto c = Multiply(s, a, la, b, lb, numbers, 2, c0, accumulate);
        for (int64_t i = 0; i < s.m; ++i) {
          for (int64_t j = 0; j < s.n; ++j) {
            double sum = layouts & 4 ? c0[static_cast<size_t>(i * s.n + j)] : 0, magnitude = 1e-6,
                   off = 0;
            for (int64_t k = 0; k < s.k; ++k) {
              const double x =
                  Operand(a, la == Layout::kPlain ? i * s.k + k : k * s.m + i, numbers);
              const double y =
                  Operand(b, lb == Layout::kPlain ? k * s.n + j : j * s.k + k, numbers);
              sum += x * y;
              magnitude += std::abs(x * y);
              off += (std::abs(x) + a_off) * b_off + std::abs(y) * a_off;
            }
            ASSERT_NEAR(c[static_cast<size_t>(i * s.n + j)], sum,
                        6e-8 * static_cast<double>(s.k + 4) * (magnitude + std::abs(sum)) + off)
                << Name(GetParam()) << " " << s.m << "x" << s.n << "x" << s.k << " at " << i << ","
                << j << " layouts " << layouts;
          }
        }
      }
    }
  }
}

TEST_P(MatMulTest, RowsDoNotDependOnBatchOrThreads) {
  const Shape s{67, 100, 300};
  const auto a = RandomValues(s.m * s.k, 4), b = RandomValues(s.n * s.k, 5);
  for (const Numbers numbers : kAllNumbers) {
    const auto whole =
        Multiply(s, a, Layout::kPlain, b, Layout::kTransposed, numbers, 1, {}, Accumulate::kNo);
    const auto threaded =
        Multiply(s, a, Layout::kPlain, b, Layout::kTransposed, numbers, 3, {}, Accumulate::kNo);
    EXPECT_EQ(whole, threaded);
    for (const int64_t row : {int64_t{0}, int64_t{13}, int64_t{66}}) {
      const std::vector<float> one(a.begin() + row * s.k, a.begin() + (row + 1) * s.k);
      const auto alone = Multiply({1, s.n, s.k}, one, Layout::kPlain, b, Layout::kTransposed,
                                  numbers, 2, {}, Accumulate::kNo);
      EXPECT_EQ(alone,
                std::vector<float>(whole.begin() + row * s.n, whole.begin() + (row + 1) * s.n));
    }
  }
}

// Gating beside the product is the product, the gating and the packing one by one, bit for bit.
TEST_P(MatMulTest, GatedProductIsItsParts) {
  for (const Shape s :
       {Shape{1, 64, 32}, {16, 96, 70}, {17, 32, 33}, {70, 160, 256}, {5, 40, 31}}) {
    const auto a = RandomValues(s.m * s.k, 1), b = RandomValues(2 * s.n * s.k, 2);
    const auto next = RandomValues(s.n * 48, 3);
    for (const auto [precision, sums] : kAllNumbers) {
      for (const int threads : {1, 2}) {
        ThreadPool pool(threads);
        LeftOperand left, h;
        RightOperand right, last;
        left.Pack({a.data(), s.m, s.k, s.k}, Layout::kPlain, precision, pool, sums);
        right.Pack({b.data(), 2 * s.n, s.k, s.k}, Layout::kTransposed, precision, pool, sums);
        last.Pack({next.data(), 48, s.n, s.n}, Layout::kTransposed, precision, pool, sums);
        std::vector<float> wide(static_cast<size_t>(s.m * 2 * s.n));
        std::vector<float> gated(static_cast<size_t>(s.m * s.n));
        MatMul(left, right, wide.data(), 2 * s.n, Accumulate::kNo, pool);
        for (int64_t row = 0; row < s.m; ++row) {
          const float* gate = wide.data() + row * 2 * s.n;
          Kernels().swiglu(gate, gate + s.n, gated.data() + row * s.n, s.n);
        }
        h.Pack({gated.data(), s.m, s.n, s.n}, Layout::kPlain, precision, pool, sums);
        std::vector<float> expected(static_cast<size_t>(s.m * 48)), actual = expected;
        MatMul(h, last, expected.data(), 48, Accumulate::kNo, pool);
        GatedProduct product;
        product.Run(left, right, nullptr, pool);
        MatMul(product.result(), last, actual.data(), 48, Accumulate::kNo, pool);
        EXPECT_EQ(actual, expected) << s.m << "," << s.n << "," << s.k;
      }
    }
  }
}

// A weight that is packed part by part, in any order, is the one packed at once: by its products
// with the unit vectors, which are its elements rounded, in whole numbers nearly.
TEST_P(MatMulTest, PartsMakeUpTheWhole) {
  ThreadPool pool(1);
  for (const Shape s : {Shape{64, 40, 64}, {100, 33, 100}, {321, 96, 321}}) {
    std::vector<float> weight = RandomValues(s.n * s.k, 7), unit(static_cast<size_t>(s.k * s.k));
    weight[3] = -0.0f;
    for (int64_t i = 0; i < s.k; ++i) unit[static_cast<size_t>(i * s.k + i)] = 1;
    for (const Numbers numbers : kAllNumbers) {
      const auto [precision, sums] = numbers;
      LeftOperand left;
      left.Pack({unit.data(), s.k, s.k, s.k}, Layout::kPlain, precision, pool, sums);
      RightOperand whole;
      whole.Pack({weight.data(), s.n, s.k, s.k}, Layout::kTransposed, precision, pool, sums);
      std::vector<float> expected(static_cast<size_t>(s.k * s.n));
      MatMul(left, whole, expected.data(), s.n, Accumulate::kNo, pool);
      const float off = InInt16(numbers) ? 1e-3f : 0;
      for (int64_t k = 0; k < s.k; ++k) {
        for (int64_t n = 0; n < s.n; ++n) {
          ASSERT_NEAR(expected[static_cast<size_t>(k * s.n + n)],
                      Operand(weight, n * s.k + k, numbers), off);
        }
      }
      for (const int64_t step : {int64_t{64}, int64_t{192}, int64_t{512}}) {
        RightOperand right;
        right.Resize(s.k, s.n, precision, sums);
        for (int64_t k = (s.k - 1) / step * step; k >= 0; k -= step) {
          for (int64_t n = 0; n < s.n; n += step) {
            right.PackPart(n, k,
                           {weight.data() + n * s.k + k, std::min(step, s.n - n),
                            std::min(step, s.k - k), s.k});
          }
        }
        std::vector<float> c(static_cast<size_t>(s.k * s.n));
        MatMul(left, right, c.data(), s.n, Accumulate::kNo, pool);
        ASSERT_EQ(c, expected) << "step " << step;
      }
    }
  }
}

TEST(PackingTest, GoesByWhatTheProcessorHas) {
  struct Row {
    IsaLevel level;
    CpuFeatures features;
    Packing one_by_one, pairs;
    std::string_view name;
  };
  const CpuFeatures none, vnni{.avx512 = true, .avx512_vnni = true};
  const CpuFeatures bf16{.avx512 = true, .avx512_vnni = true, .avx512_bf16 = true};
  for (const Row& row : {
           Row{IsaLevel::kAvx2, none, Packing::kPanels, Packing::kInt16, "avx2_int16"},
           Row{IsaLevel::kAvx2,
               {.avx_vnni = true},
               Packing::kPanels,
               Packing::kInt16,
               "avx2_int16"},
           Row{IsaLevel::kAvx512, {.avx512 = true}, Packing::kPanels, Packing::kPanels, "avx512"},
           Row{IsaLevel::kAvx512, vnni, Packing::kPanels, Packing::kInt16, "avx512_int16"},
           Row{IsaLevel::kAvx512, bf16, Packing::kPanels, Packing::kTiles, "avx512_bf16"},
           Row{IsaLevel::kAmx, bf16, Packing::kTiles, Packing::kTiles, "amx"},
       }) {
    EXPECT_EQ(Bf16Packing(row.level, row.features, Bf16Sums::kOneByOne), row.one_by_one);
    EXPECT_EQ(Bf16Packing(row.level, row.features, Bf16Sums::kPairs), row.pairs);
    EXPECT_EQ(FastestSumsOf(row.level, row.features), row.name);
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, MatMulTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         [](const auto& param) { return std::string(Name(param.param)); });

}  // namespace
}  // namespace mores::ops
