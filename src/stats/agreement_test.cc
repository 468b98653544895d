#include "stats/agreement.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace mores::stats {
namespace {

// By hand: 20 + 15 of 50 agree (0.7); the raters say yes to 25 and 30, so 0.5 by chance.
TEST(CohenKappaTest, AgreesWithTheDefinition) {
  EXPECT_DOUBLE_EQ(CohenKappa(std::vector<double>{20, 5, 10, 15}, 2), 0.4);
}

TEST(CohenKappaTest, ThreeCategories) {
  // 22 of 40 agree; margins 13, 14, 13 and 15, 12, 13: 532 / 1600 by chance.
  const std::vector<double> counts = {8, 2, 3, 4, 7, 3, 3, 3, 7};
  EXPECT_NEAR(CohenKappa(counts, 3), (22.0 / 40 - 532.0 / 1600) / (1 - 532.0 / 1600), 1e-15);
}

TEST(CohenKappaTest, Ends) {
  EXPECT_DOUBLE_EQ(CohenKappa(std::vector<double>{3, 0, 0, 9}, 2), 1);
  EXPECT_DOUBLE_EQ(CohenKappa(std::vector<double>{0, 5, 5, 0}, 2), -1);
  EXPECT_DOUBLE_EQ(CohenKappa(std::vector<double>{4, 4, 4, 4}, 2), 0);
  // One of them never changes its mind: no better than chance.
  EXPECT_DOUBLE_EQ(CohenKappa(std::vector<double>{6, 3, 0, 0}, 2), 0);
  EXPECT_TRUE(std::isnan(CohenKappa(std::vector<double>{9, 0, 0, 0}, 2)));
  EXPECT_TRUE(std::isnan(CohenKappa(std::vector<double>{0, 0, 0, 0}, 2)));
  EXPECT_TRUE(std::isnan(CohenKappa({}, 0)));
}

// The worked example of Krippendorff 2011, section C: four observers, twelve units, values missing.
// Its result is given there as 0.743.
const std::vector<std::vector<int>> kWorkedExample = {
    {1, 1, 1},    {2, 2, 3, 2}, {3, 3, 3, 3}, {3, 3, 3, 3}, {2, 2, 2, 2}, {1, 2, 3, 4},
    {4, 4, 4, 4}, {1, 1, 2, 1}, {2, 2, 2, 2}, {5, 5, 5},    {1, 1},       {3}};

TEST(NominalAlphaTest, AgreesWithTheWorkedExample) {
  EXPECT_NEAR(NominalAlpha(kWorkedExample).Alpha(), 0.743, 0.0005);
}

// Two observers, ten units: the paper's section A, 0.095.
TEST(CoefficientEstimateTest, AHandfulHasNoInterval) {
  EXPECT_TRUE(std::isnan(CoefficientEstimate({0.5, {0.4, 0.6}}, 9).interval.low));
  EXPECT_EQ(CoefficientEstimate({0.5, {0.4, 0.6}}, 10).interval.low, 0.4);
  EXPECT_TRUE(std::isnan(CoefficientEstimate({1, {1, 1}}, 100).interval.high)) << "nor a point";
  EXPECT_EQ(CoefficientEstimate({1, {1, 1}}, 100).value, 1);
}

TEST(NominalAlphaTest, TwoObserversOfTwoValues) {
  const std::vector<std::vector<int>> units = {{0, 1}, {1, 1}, {0, 1}, {0, 0}, {0, 0},
                                               {0, 1}, {0, 0}, {0, 0}, {1, 0}, {0, 0}};
  EXPECT_NEAR(NominalAlpha(units).Alpha(), 0.095, 0.0005);
}

TEST(NominalAlphaTest, WeightsAreMultiplicities) {
  const std::vector<std::vector<int>> units = {{0, 0}, {0, 1}, {1, 1, 0}, {1}};
  const std::vector<std::vector<int>> twice = {{0, 0}, {0, 0}, {1, 1, 0}, {1, 1, 0}, {1, 1, 0}};
  EXPECT_DOUBLE_EQ(NominalAlpha(units).Alpha(std::vector<double>{2, 0, 3, 5}),
                   NominalAlpha(twice).Alpha());
}

TEST(NominalAlphaTest, Ends) {
  const auto alpha = [](const std::vector<std::vector<int>>& units) {
    return NominalAlpha(units).Alpha();
  };
  EXPECT_DOUBLE_EQ(alpha({{0, 0}, {7, 7, 7}}), 1);
  EXPECT_LT(alpha({{0, 1}, {1, 0}, {0, 1}}), 0);
  EXPECT_TRUE(std::isnan(alpha({{1, 1}, {1, 1}})));
  EXPECT_TRUE(std::isnan(alpha({{1}, {0}, {}})));
  EXPECT_TRUE(std::isnan(alpha({})));
}

}  // namespace
}  // namespace mores::stats
