#include "model/linear_layer.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/threads.h"
#include "model/block_linear.h"
#include "model/dense_linear.h"
#include "ops/rows.h"
#include "tensor/blocks.h"
#include "tensor/quantize.h"

namespace mores::model {
namespace {

using tensor::DType;

std::vector<float> NormalFloats(int64_t count, uint64_t seed) {
  Random random(seed, 1);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(random.Normal());
  return values;
}

class LinearLayerTest : public ::testing::Test {
 protected:
  static constexpr int64_t kIn = 48, kUnits = 64, kRows = 5;

  enum class Bias { kNone, kOne };

  // Rows [first, first + out) of a weight [..][in].
  DenseLinear Dense(const std::vector<float>& weight, int64_t in, int64_t first, int64_t out,
                    DType precision, Bias bias = Bias::kOne) {
    ops::RightOperand packed;
    packed.Pack({weight.data() + first * in, out, in, in}, ops::Layout::kTransposed, precision,
                pool_);
    return DenseLinear(std::move(packed), NormalFloats(bias == Bias::kOne ? out : 0,
                                                       100 + static_cast<uint64_t>(first)));
  }
  std::unique_ptr<const Linear> Part(const std::vector<float>& weight, int64_t in, int64_t first,
                                     int64_t out, DType precision, Bias bias = Bias::kOne) {
    return std::make_unique<const DenseLinear>(Dense(weight, in, first, out, precision, bias));
  }
  // Rows [first, first + out) of a weight [..][in] in blocks of q8_0, which `decoded` gets.
  std::unique_ptr<const Linear> Block(std::vector<float>& decoded, int64_t in, int64_t first,
                                      int64_t out, Bias bias) {
    const int64_t row_bytes = tensor::BytesOf(DType::kQ8_0, in);
    std::vector<char> bytes(static_cast<size_t>(row_bytes));
    ops::int8::RightColumns packed;
    packed.Resize(in, out, *tensor::CodeFormatOf(DType::kQ8_0));
    for (int64_t row = 0; row < out; ++row) {
      float* const values = decoded.data() + (first + row) * in;
      tensor::EncodeBlocks(DType::kQ8_0, values, in, bytes.data());
      tensor::DecodeBlocks(DType::kQ8_0, bytes.data(), in / 32, values);
      packed.SetColumn(row, DType::kQ8_0, bytes.data());
    }
    return std::make_unique<const BlockLinear>(
        std::move(packed),
        NormalFloats(bias == Bias::kOne ? out : 0, 100 + static_cast<uint64_t>(first)));
  }
  std::vector<float> Apply(const Linear& linear, const std::vector<float>& x, int64_t y_row) {
    LinearInput input;
    input.Set(x.data(), kRows, linear.in());
    std::vector<float> y(static_cast<size_t>(kRows * y_row), -1.0f);
    linear.Apply(input, y.data(), y_row, pool_);
    return y;
  }

  ThreadPool pool_{2};
};

TEST_F(LinearLayerTest, StacksPartsOfDifferentTypes) {
  const std::vector<float> weight = NormalFloats(80 * kIn, 1), x = NormalFloats(kRows * kIn, 2);
  std::vector<std::unique_ptr<const Linear>> parts;
  parts.push_back(Part(weight, kIn, 0, 40, DType::kF32));
  parts.push_back(Part(weight, kIn, 40, 7, DType::kBf16));
  parts.push_back(Part(weight, kIn, 47, 33, DType::kF32));
  const auto first = Apply(*parts[0], x, 40), second = Apply(*parts[1], x, 7),
             third = Apply(*parts[2], x, 33);
  const StackedLinear stacked(std::move(parts));
  EXPECT_EQ(stacked.in(), kIn);
  EXPECT_EQ(stacked.out(), 80);
  constexpr int64_t kStride = 83;
  const std::vector<float> y = Apply(stacked, x, kStride);
  for (int64_t row = 0; row < kRows; ++row) {
    for (int64_t i = 0; i < 80; ++i) {
      const float part = i < 40   ? first[static_cast<size_t>(row * 40 + i)]
                         : i < 47 ? second[static_cast<size_t>(row * 7 + i - 40)]
                                  : third[static_cast<size_t>(row * 33 + i - 47)];
      EXPECT_EQ(y[static_cast<size_t>(row * kStride + i)], part) << row << ", " << i;
    }
    EXPECT_EQ(y[static_cast<size_t>(row * kStride + 80)], -1.0f);  // untouched
  }
}

// Of inputs that 8 bits hold exactly: whole numbers, of which each 32 reach 127.
TEST_F(LinearLayerTest, ProductsOfBlocksAreTheDenseOnesWithTheirBiasAndStackWithThem) {
  constexpr int64_t kDepth = 64, kOut = 40, kFirst = 21;
  std::vector<float> weight = NormalFloats(kOut * kDepth, 6);
  std::vector<float> x(static_cast<size_t>(kRows * kDepth));
  Random random(7, 1);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = i % 32 == 5 ? 127.0f : static_cast<float>(random.Below(255)) - 127.0f;
  }
  std::vector<std::unique_ptr<const Linear>> parts;
  parts.push_back(Block(weight, kDepth, 0, kFirst, Bias::kOne));
  parts.push_back(Part(weight, kDepth, kFirst, kOut - kFirst, DType::kF32));
  const auto dense = Apply(*Part(weight, kDepth, 0, kFirst, DType::kF32), x, kFirst);
  const auto first = Apply(*parts[0], x, kFirst), second = Apply(*parts[1], x, kOut - kFirst);
  const auto plain = Apply(*Block(weight, kDepth, 0, kFirst, Bias::kNone), x, kFirst);
  const std::vector<float> bias = NormalFloats(kFirst, 100);
  const auto stacked = Apply(StackedLinear(std::move(parts)), x, kOut);
  for (int64_t row = 0; row < kRows; ++row) {
    for (int64_t i = 0; i < kOut; ++i) {
      const auto at = static_cast<size_t>(row * kFirst + i);
      const auto beside = static_cast<size_t>(row * (kOut - kFirst) + i - kFirst);
      EXPECT_EQ(stacked[static_cast<size_t>(row * kOut + i)],
                i < kFirst ? first[at] : second[beside]);
      if (i >= kFirst) continue;
      EXPECT_NEAR(first[at], dense[at], 0.02) << row << ", " << i;  // of sums of thousands
      EXPECT_EQ(first[at], plain[at] + bias[static_cast<size_t>(i)]);
    }
  }
}

TEST_F(LinearLayerTest, PacksAnInputAgainWhereItOrThePrecisionChanges) {
  const std::vector<float> x = {1.0f, 1.00390625f}, other = {3.0f, 5.0f};  // the second: not bf16
  const std::vector<float> weight = {0.0f, 1.0f};
  const auto narrow = Part(weight, 2, 0, 1, DType::kBf16),
             wide = Part(weight, 2, 0, 1, DType::kF32);
  const float bias = NormalFloats(1, 100)[0];
  LinearInput input;
  const auto apply = [&](const Linear& linear) {
    float y = 0;
    linear.Apply(input, &y, 1, pool_);
    return y;
  };
  input.Set(x.data(), 1, 2);
  EXPECT_EQ(apply(*narrow), 1.0f + bias);
  EXPECT_EQ(apply(*wide), 1.00390625f + bias);
  input.Set(other.data(), 1, 2);
  EXPECT_EQ(apply(*wide), 5.0f + bias);
}

// The general way computes what the dense one does, bit by bit. Without a bias, and with units that
// are whole tiles, the dense one takes another way where the machine has tiles.
TEST_F(LinearLayerTest, FeedForwardsAgree) {
  static_assert(kUnits % 32 == 0);
  const std::vector<float> gate_up = NormalFloats(2 * kUnits * kIn, 3),
                           down = NormalFloats(kIn * kUnits, 4), x = NormalFloats(kRows * kIn, 5);
  for (const auto& [precision, bias] : {std::pair(DType::kF32, Bias::kOne),
                                        {DType::kF32, Bias::kNone},
                                        {DType::kBf16, Bias::kOne},
                                        {DType::kBf16, Bias::kNone}}) {
    const DenseFeedForward dense(Dense(gate_up, kIn, 0, 2 * kUnits, precision, bias),
                                 Dense(down, kUnits, 0, kIn, precision, bias));
    const GeneralFeedForward general(Part(gate_up, kIn, 0, 2 * kUnits, precision, bias),
                                     Part(down, kUnits, 0, kIn, precision, bias));
    EXPECT_EQ(dense.bytes(), general.bytes());
    FeedForwardScratch scratch;
    std::vector<float> one(static_cast<size_t>(kRows * kIn)), two(one);
    LinearInput input;
    input.Set(x.data(), kRows, kIn);
    dense.Apply(input, {}, one.data(), scratch, pool_);
    general.Apply(input, {}, two.data(), scratch, pool_);
    EXPECT_EQ(one, two) << Name(precision) << (bias == Bias::kNone ? ", no bias" : ", bias");
  }
}

}  // namespace
}  // namespace mores::model
