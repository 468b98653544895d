#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace mores {
namespace {

TEST(RandomTest, MixerIsSplitMix64) {
  // The first three outputs of the published generator from seed 0, whose state before the k-th is
  // k times the golden-ratio increment.
  EXPECT_EQ(MixBits(0), 0xE220A8397B1DCDAFull);
  EXPECT_EQ(MixBits(0x9E3779B97F4A7C15ull), 0x6E789E6AA1B965F4ull);
  EXPECT_EQ(MixBits(2 * 0x9E3779B97F4A7C15ull), 0x06C45D188009454Full);
}

TEST(RandomTest, DrawsDependOnlyOnSeedStreamAndIndex) {
  Random a(42, 7), b(42, 7);
  const uint64_t tenth = b.At(9);
  for (int i = 0; i < 9; ++i) a.Next();
  EXPECT_EQ(a.Next(), tenth);
  EXPECT_NE(Random(42, 7).At(0), Random(42, 8).At(0));
  EXPECT_NE(Random(42, 7).At(0), Random(43, 7).At(0));
  EXPECT_NE(Random(7, 42).At(0), Random(42, 7).At(0));
}

TEST(RandomTest, UniformFillsItsRangeEvenly) {
  Random random(1);
  std::array<int, 10> counts{};
  for (int i = 0; i < 100000; ++i) {
    const double u = random.Uniform();
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++counts[static_cast<size_t>(u * 10)];
  }
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);  // five standard deviations
}

TEST(RandomTest, BelowStaysBelow) {
  Random random(2);
  std::array<int, 3> counts{};
  for (int i = 0; i < 30000; ++i) ++counts[random.Below(3)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 450);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(random.Below(1), 0u);
}

TEST(RandomTest, NormalHasUnitVariance) {
  Random random(3);
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double x = random.Normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.016);
  EXPECT_NEAR(squares / kDraws, 1, 0.025);
}

TEST(RandomTest, ShufflePermutes) {
  std::vector<int> values(50);
  std::iota(values.begin(), values.end(), 0);
  std::vector<int> first = values, second = values, third = values;
  Random(4).Shuffle(first);
  Random(4).Shuffle(second);
  Random(5).Shuffle(third);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
  EXPECT_NE(first, values);
  EXPECT_TRUE(std::is_permutation(first.begin(), first.end(), values.begin()));
}

TEST(RandomTest, HashesTellSmallDifferences) {
  std::set<uint64_t> hashes;
  for (const std::string_view key :
       {std::string_view(""), std::string_view("\0", 1), std::string_view("a"),
        std::string_view("b"), std::string_view("ab"), std::string_view("ba")}) {
    hashes.insert(HashBytes(key));
  }
  EXPECT_EQ(hashes.size(), 6u);
}

}  // namespace
}  // namespace mores
