// Products with weights where they lie are those of the same weights decoded and packed, bit for
// bit, at each level that the machine has.
#include "ops/frozen_matmul.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/cpu.h"
#include "support/ops/random_values.h"
#include "tensor/quantize.h"

namespace mores::ops {
namespace {

// A weight's bytes, not aligned to anything.
struct Weight {
  Weight(DType dtype, int64_t rows, int64_t columns, uint64_t seed) {
    const auto values = RandomValues(rows * columns, seed);
    bytes = std::string(1, ' ') + Encode(dtype, values);
    view = *tensor::MakeTensorView(dtype, {rows, columns}, std::string_view(bytes).substr(1), "w");
  }
  static std::string Encode(DType dtype, const std::vector<float>& values) {
    const int64_t count = static_cast<int64_t>(values.size());
    std::string out(static_cast<size_t>(tensor::BytesOf(dtype, count)), '\0');
    tensor::EncodeBlocks(dtype, values.data(), count, out.data());
    return out;
  }
  std::string bytes;
  tensor::TensorView view;
};

struct Numbers {
  DType precision;
  Bf16Sums sums = Bf16Sums::kOneByOne;
};

class FrozenMatMulTest : public testing::TestWithParam<IsaLevel> {
 protected:
  void SetUp() override {
    if (!SetIsaLevel(GetParam())) GTEST_SKIP() << "this machine lacks " << Name(GetParam());
  }
  void TearDown() override { (void)SetIsaLevel(DetectedIsaLevel()); }
};

TEST_P(FrozenMatMulTest, IsTheProductWithTheDecodedWeight) {
  struct Shape {
    int64_t rows, out, in;
  };
  for (const Shape s : {Shape{1, 1, 1},
                        {5, 33, 47},
                        {70, 100, 1100},
                        {200, 300, 256},
                        {33, 1030, 512},
                        {64, 20, 2304}}) {
    for (const DType dtype :
         {DType::kF32, DType::kF16, DType::kBf16, DType::kQ8_0, DType::kQ4_0, DType::kQ4K}) {
      if (s.in % tensor::BlockElements(dtype) != 0) continue;
      const Weight weight(dtype, s.out, s.in, 1);
      std::vector<float> decoded(static_cast<size_t>(s.out * s.in));
      weight.view.CopyTo(decoded.data());
      for (const Numbers n :
           {Numbers{DType::kF32}, {DType::kBf16}, {DType::kBf16, Bf16Sums::kPairs}}) {
        for (const bool transposed : {true, false}) {
          const int64_t depth = transposed ? s.in : s.out, columns = transposed ? s.out : s.in;
          const auto a = RandomValues(s.rows * depth, 2), c0 = RandomValues(s.rows * columns, 3);
          for (const Accumulate accumulate : {Accumulate::kNo, Accumulate::kYes}) {
            ThreadPool one(1);
            LeftOperand left;
            left.Pack({a.data(), s.rows, depth, depth}, Layout::kPlain, n.precision, one, n.sums);
            RightOperand right;
            right.Pack({decoded.data(), s.out, s.in, s.in},
                       transposed ? Layout::kTransposed : Layout::kPlain, n.precision, one, n.sums);
            auto expected = c0;
            MatMul(left, right, expected.data(), columns, accumulate, one);
            for (const int threads : {1, 2, 3}) {
              ThreadPool pool(threads);
              auto c = c0;
              (transposed ? MatMulFrozenTransposed : MatMulFrozen)(left, weight.view, c.data(),
                                                                   columns, accumulate, pool);
              ASSERT_EQ(c, expected) << s.rows << "," << s.out << "," << s.in << " "
                                     << tensor::Name(dtype) << " threads " << threads;
            }
          }
        }
      }
    }
  }
}

// C may be part of a wider matrix.
TEST_P(FrozenMatMulTest, LeavesTheRestOfARowAlone) {
  ThreadPool pool(2);
  const Weight weight(DType::kBf16, 50, 64, 4);
  const auto a = RandomValues(40 * 64, 5);
  for (const DType precision : {DType::kF32, DType::kBf16}) {
    LeftOperand left;
    left.Pack({a.data(), 40, 64, 64}, Layout::kPlain, precision, pool, Bf16Sums::kPairs);
    std::vector<float> c(40 * 70, 7.0f);
    MatMulFrozenTransposed(left, weight.view, c.data() + 3, 70, Accumulate::kNo, pool);
    for (size_t row = 0; row < 40; ++row) {
      for (size_t column = 0; column < 70; ++column) {
        const bool inside = column >= 3 && column < 53;
        EXPECT_EQ(c[row * 70 + column] == 7.0f, !inside) << row << " " << column;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, FrozenMatMulTest,
                         testing::Values(IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx),
                         [](const auto& param) { return std::string(Name(param.param)); });

}  // namespace
}  // namespace mores::ops
