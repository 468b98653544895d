#include "stats/kendall.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/random.h"

namespace mores::stats {
namespace {

// Every pair looked at, as the definition says.
double TauByPairs(const std::vector<double>& x, const std::vector<double>& y) {
  double agreed = 0, untied_x = 0, untied_y = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    for (size_t j = i + 1; j < x.size(); ++j) {
      const double sign_x = x[i] == x[j] ? 0 : (x[i] < x[j] ? 1 : -1);
      const double sign_y = y[i] == y[j] ? 0 : (y[i] < y[j] ? 1 : -1);
      agreed += sign_x * sign_y;
      untied_x += std::abs(sign_x);
      untied_y += std::abs(sign_y);
    }
  }
  return agreed / std::sqrt(untied_x * untied_y);
}

TEST(RankedPairsTest, SmallCaseByHand) {
  // Six pairs: four agree, one disagrees, one is tied in the second: 3 / sqrt(6 * 5).
  const std::vector<double> x = {1, 2, 3, 4}, y = {1, 3, 2, 3};
  EXPECT_DOUBLE_EQ(RankedPairs(x, y).TauB(), 3 / std::sqrt(30.0));
}

TEST(RankedPairsTest, AgreesWithTheDefinitionUnderTies) {
  Random random(4);
  for (int round = 0; round < 50; ++round) {
    std::vector<double> x, y;
    for (int i = 0; i < 40; ++i) {
      x.push_back(static_cast<double>(random.Below(6)) / 3);
      y.push_back(static_cast<double>(random.Below(9)) - x.back());
    }
    EXPECT_NEAR(RankedPairs(x, y).TauB(), TauByPairs(x, y), 1e-12);
  }
}

TEST(RankedPairsTest, WeightsAreMultiplicities) {
  const std::vector<double> x = {0.1, 0.5, 0.5, 0.9, 0.2}, y = {3, 1, 2, 2, 5};
  const std::vector<double> weights = {2, 0, 1, 3, 1};
  std::vector<double> repeated_x, repeated_y;
  for (size_t i = 0; i < x.size(); ++i) {
    for (int k = 0; k < static_cast<int>(weights[i]); ++k) {
      repeated_x.push_back(x[i]);
      repeated_y.push_back(y[i]);
    }
  }
  EXPECT_NEAR(RankedPairs(x, y).TauB(weights), TauByPairs(repeated_x, repeated_y), 1e-12);
}

TEST(RankedPairsTest, Ends) {
  const std::vector<double> up = {1, 2, 5}, down = {3, 2, 1}, flat = {4, 4, 4};
  EXPECT_DOUBLE_EQ(RankedPairs(up, up).TauB(), 1);
  EXPECT_DOUBLE_EQ(RankedPairs(up, down).TauB(), -1);
  EXPECT_TRUE(std::isnan(RankedPairs(up, flat).TauB()));
  EXPECT_TRUE(std::isnan(RankedPairs({}, {}).TauB()));
}

}  // namespace
}  // namespace mores::stats
