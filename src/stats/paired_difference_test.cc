#include "stats/paired_difference.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "stats/share.h"

namespace mores::stats {
namespace {

TEST(DifferenceEstimate, FewPairsThatAreAllAlikeAreNoCertainty) {
  const std::vector<ClusterDifference> alike(8, {.above = 0, .below = 0, .items = 1});
  const Estimate none = DifferenceEstimate(alike, {0, {0, 0}});
  EXPECT_EQ(none.value, 0);
  EXPECT_LT(none.interval.low, -0.2);
  EXPECT_GT(none.interval.high, 0.2);
  const std::vector<ClusterDifference> all(8, {.above = 1, .below = 0, .items = 1});
  const Estimate whole = DifferenceEstimate(all, {1, {1, 1}});
  EXPECT_NEAR(whole.interval.low, PairedDifferenceInterval(8, 0, 8).low, 1e-12);
  EXPECT_GT(whole.interval.low, 0) << "yet all eight fell";
  EXPECT_EQ(whole.interval.high, 1);
}

TEST(DifferenceEstimate, ManyPairsKeepTheResampledInterval) {
  std::vector<ClusterDifference> many(200, {.above = 1, .below = 0, .items = 1});
  for (int i = 0; i < 100; ++i) many[i] = {.above = 0, .below = 0.5, .items = 1};
  EXPECT_EQ(DifferenceEstimate(many, {0.25, {0.2, 0.3}}).interval.low, 0.2);
}

TEST(DifferenceEstimate, PairsOfOneClusterAreOneWitness) {
  std::vector<ClusterDifference> apart(20), together(13, {.items = 1});
  for (size_t i = 0; i < apart.size(); ++i) apart[i] = {i < 8 ? 1.0 : 0.0, 0, 1};
  together[0] = {8, 0, 8};
  EXPECT_GT(DifferenceEstimate(apart, {0.4, {0.2, 0.6}}).interval.low, 0);
  EXPECT_LT(DifferenceEstimate(together, {0.4, {0.2, 0.6}}).interval.low, 0);
}

TEST(DifferenceEstimate, UndefinedStaysSo) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(std::isnan(DifferenceEstimate({}, {kNan, {kNan, kNan}}).interval.low));
}

}  // namespace
}  // namespace mores::stats
