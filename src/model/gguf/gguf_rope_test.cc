#include "model/gguf/gguf_rope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::model {
namespace {

using Kind = ops::RopeScaling::Kind;

RopeConfig Llama3(double factor, double low, double high, int64_t context) {
  return {.theta = 500000.0,
          .scaling = {.kind = Kind::kLlama3,
                      .factor = factor,
                      .low_frequency_factor = low,
                      .high_frequency_factor = high,
                      .trained_context = context}};
}

// What the public converter writes for the 8 B and the 1 B, as PyTorch computes it.
TEST(GgufRopeTest, KnowsTheScalingOfPublishedFiles) {
  std::vector<float> eight(64, 1.0f), one(32, 1.0f);
  const std::vector<float> between = {1.2074838876724243f, 1.5534145832061768f, 2.026313066482544f,
                                      2.6945300102233887f, 3.684253215789795f,  5.257327079772949f};
  std::copy(between.begin(), between.end(), eight.begin() + 29);
  std::fill(eight.begin() + 35, eight.end(), 8.0f);
  EXPECT_EQ(ScalingOfDivisors(eight, 500000.0), Llama3(8, 1, 4, 8192).scaling);
  one[15] = 1.6513292789459229f;
  one[16] = 3.2922627925872803f;
  one[17] = 9.666730880737305f;
  std::fill(one.begin() + 18, one.end(), 32.0f);
  EXPECT_EQ(ScalingOfDivisors(one, 500000.0), Llama3(32, 1, 4, 8192).scaling);
  // One number that is another makes it something else.
  one[16] = 3.2923f;
  const ops::RopeScaling other = ScalingOfDivisors(one, 500000.0);
  EXPECT_EQ(other.kind, Kind::kDivisors);
  EXPECT_EQ(other.divisors, one);
  EXPECT_EQ(ScalingOfDivisors(eight, 10000.0).kind, Kind::kDivisors);
}

TEST(GgufRopeTest, FrequenciesComeBackBitForBit) {
  const std::vector<RopeConfig> ropes = {Llama3(8, 1, 4, 8192), Llama3(32, 1, 4, 8192),
                                         Llama3(8, 1, 4, 16), Llama3(2.5, 1, 2, 512),
                                         Llama3(8, 1, 4, 1 << 20)};
  for (const RopeConfig& rope : ropes) {
    for (const int head_dim : {16, 64, 128}) {
      const std::vector<float> divisors = RopeDivisors(rope, head_dim);
      ASSERT_EQ(divisors.size(), static_cast<size_t>(head_dim) / 2);
      const ops::RopeScaling scaling = ScalingOfDivisors(divisors, rope.theta);
      EXPECT_EQ(ops::RopeFrequencies(head_dim, rope.theta, scaling, 0),
                ops::RopeFrequencies(head_dim, rope.theta, rope.scaling, 0))
          << rope.scaling.factor << " " << rope.scaling.trained_context << " " << head_dim;
    }
  }
}

TEST(GgufRopeTest, EqualNumbersAreLinearOrNoScaling) {
  EXPECT_EQ(ScalingOfDivisors(std::vector<float>(8, 1.0f), 10000.0).kind, Kind::kNone);
  const ops::RopeScaling threes = ScalingOfDivisors(std::vector<float>(8, 3.0f), 10000.0);
  EXPECT_EQ(threes.kind, Kind::kLinear);
  EXPECT_EQ(threes.factor, 3);
  EXPECT_EQ(ScalingOfDivisors(std::vector<float>(8, 0.5f), 10000.0).kind, Kind::kDivisors);
  EXPECT_TRUE(RopeDivisors({}, 16).empty());
  const RopeConfig linear = {.scaling = {.kind = Kind::kLinear, .factor = 4}};
  EXPECT_TRUE(RopeDivisors(linear, 16).empty());
}

TEST(GgufRopeTest, DivisorsDivide) {
  const std::vector<float> divisors = {0.5f, 1.0f, 3.0f, 7.0f};
  const ops::RopeScaling scaling = ScalingOfDivisors(divisors, 10000.0);
  EXPECT_EQ(scaling.kind, Kind::kDivisors);
  EXPECT_EQ(RopeDivisors({.theta = 10000.0, .scaling = scaling}, 8), divisors);
  const std::vector<float> plain = ops::RopeFrequencies(8, 10000.0, {}, 0);
  const std::vector<float> divided = ops::RopeFrequencies(8, 10000.0, scaling, 0);
  for (size_t i = 0; i < plain.size(); ++i) EXPECT_EQ(divided[i], plain[i] / divisors[i]) << i;
}

}  // namespace
}  // namespace mores::model
