#include "stats/share.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace mores::stats {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
TEST(WilsonIntervalTest, AgreesWithPublishedValues) {
  const struct {
    double part, whole, low, high;
  } cases[] = {{81, 263, 0.2553, 0.3662},
               {15, 148, 0.0624, 0.1605},
               {0, 20, 0.0, 0.1611},
               {1, 29, 0.0061, 0.1718}};
  for (const auto& one : cases) {
    const Interval interval = WilsonInterval(one.part, one.whole);
    EXPECT_NEAR(interval.low, one.low, 0.00006) << one.part << " of " << one.whole;
    EXPECT_NEAR(interval.high, one.high, 0.00006) << one.part << " of " << one.whole;
  }
}

TEST(WilsonIntervalTest, Ends) {
  EXPECT_EQ(WilsonInterval(8, 8).high, 1);
  EXPECT_NEAR(WilsonInterval(8, 8).low, 8 / (8 + 3.841459), 1e-6);
  EXPECT_EQ(WilsonInterval(0, 8).low, 0);
  EXPECT_TRUE(std::isnan(WilsonInterval(0, 0).low));
  EXPECT_LT(WilsonInterval(4, 8, 0.5).high, WilsonInterval(4, 8, 0.99).high);
}

TEST(ShareEstimateTest, FewItemsAreNeverCertain) {
  const std::vector<ClusterShare> eight(8, {.part = 0, .whole = 1});
  const Estimate estimate = ShareEstimate(eight, {0, {0, 0}});
  EXPECT_EQ(estimate.value, 0);
  EXPECT_EQ(estimate.interval.low, 0);
  EXPECT_NEAR(estimate.interval.high, 0.3244, 0.0001);
}

TEST(ShareEstimateTest, ManyItemsThatAreAllAlike) {
  const std::vector<ClusterShare> many(2000, {.part = 1, .whole = 1});
  const Estimate estimate = ShareEstimate(many, {1, {1, 1}});
  EXPECT_EQ(estimate.interval.high, 1);
  EXPECT_NEAR(estimate.interval.low, 0.99808, 0.00001);
}

TEST(ShareEstimateTest, ManyMixedItemsKeepTheResampledInterval) {
  std::vector<ClusterShare> many(200, {.part = 1, .whole = 1});
  for (int i = 0; i < 60; ++i) many[i].part = 0;
  EXPECT_FALSE(NeedsWilson(many));
  EXPECT_EQ(ShareEstimate(many, {0.7, {0.6, 0.8}}).interval.low, 0.6);
  for (int i = 0; i < 56; ++i) many[i].part = 1;
  EXPECT_TRUE(NeedsWilson(many)) << "four that differ";
}

// 100 items of one query and one of another are worth little more than one.
TEST(ShareEstimateTest, ItemsOfAClusterAreNotIndependent) {
  const std::vector<ClusterShare> uneven = {{100, 100}, {0, 1}};
  EXPECT_NEAR(EffectiveClusters(uneven), 101.0 * 101 / 10001, 1e-12);
  const Estimate estimate = ShareEstimate(uneven, {100.0 / 101, {0, 1}});
  EXPECT_LT(estimate.interval.low, 0.3);
  EXPECT_EQ(EffectiveClusters({}), 0);
}

TEST(ShareEstimateTest, UndefinedStaysSo) {
  EXPECT_TRUE(std::isnan(ShareEstimate({}, {kNan, {kNan, kNan}}).interval.low));
}

// All of 8 found and nothing else: J is 8 of 8, at least 0.6756; F1 then at least 0.8064.
TEST(F1EstimateTest, FollowsFromTheShareOfWhatWasFound) {
  const std::vector<ClusterShare> eight(8, {.part = 1, .whole = 1});
  const Estimate estimate = F1Estimate(eight, {1, {1, 1}});
  const double jaccard = 8 / (8 + 3.841459);
  EXPECT_NEAR(estimate.interval.low, 2 * jaccard / (1 + jaccard), 1e-6);
  EXPECT_EQ(estimate.interval.high, 1);
}

// By the formula, of 21 patients of whom 1 and 7 changed: 2/23 and 8/23.
TEST(PairedDifferenceTest, AgreesWithTheDefinition) {
  const Interval interval = PairedDifferenceInterval(1, 7, 21);
  EXPECT_NEAR(interval.low, -0.50836, 0.0001);
  EXPECT_NEAR(interval.high, -0.01338, 0.0001);
}

TEST(PairedDifferenceTest, NoChangeAmongFewIsNoCertainty) {
  const Interval interval = PairedDifferenceInterval(0, 0, 8);
  EXPECT_NEAR(interval.low, -interval.high, 1e-12);
  EXPECT_GT(interval.high, 0.2);
  EXPECT_TRUE(std::isnan(PairedDifferenceInterval(0, 0, 0).low));
}

TEST(PointIntervalTest, IsNone) {
  EXPECT_TRUE(std::isnan(WithoutPointInterval({1, {1, 1}}).interval.low));
  EXPECT_EQ(WithoutPointInterval({1, {0.5, 1}}).interval.low, 0.5);
}

}  // namespace
}  // namespace mores::stats
