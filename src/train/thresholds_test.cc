#include "train/thresholds.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace mores::train {
namespace {

// Log-odds of unsafe and safe items are normal around centre + 1.5 and centre - 1.5.
std::vector<ScoredLabel> Scores(double centre, int count, const std::string& source) {
  Random random(11, HashBytes(source));
  std::vector<ScoredLabel> scores;
  for (int i = 0; i < count; ++i) {
    const bool unsafe = i % 2 == 0;
    const double odds = centre + (unsafe ? 1.5 : -1.5) + random.Normal();
    scores.push_back({1 / (1 + std::exp(-odds)), unsafe, source});
  }
  return scores;
}

TEST(Thresholds, FindsAMisplacedCentre) {
  const std::vector<ScoredLabel> scores = Scores(2, 4000, "a");
  const double threshold = ChooseThreshold(scores);
  const double odds = std::log(threshold / (1 - threshold));
  EXPECT_NEAR(odds, 2, 0.5);
  EXPECT_GT(MacroBalancedAccuracy(scores, threshold), 0.92);
  EXPECT_LT(MacroBalancedAccuracy(scores, 0.5), 0.8);
}

TEST(Thresholds, StaysAtOneHalfWithoutEvidence) {
  EXPECT_EQ(ChooseThreshold({}), 0.5);
  EXPECT_EQ(ChooseThreshold(Scores(0, 4000, "a")), 0.5);
  const std::vector<ScoredLabel> one_label{{0.9, true, "a"}, {0.8, true, "a"}};
  EXPECT_EQ(ChooseThreshold(one_label), 0.5);
  EXPECT_TRUE(std::isnan(MacroBalancedAccuracy(one_label, 0.5)));
  // A slight gain on few items is within the noise.
  EXPECT_EQ(ChooseThreshold(Scores(0.3, 20, "a")), 0.5);
}

TEST(Thresholds, SourcesCountAlikeWhateverTheirSize) {
  std::vector<ScoredLabel> scores = Scores(0, 20000, "large");
  const std::vector<ScoredLabel> small = Scores(3, 2000, "small");
  scores.insert(scores.end(), small.begin(), small.end());
  const double threshold = ChooseThreshold(scores);
  const double odds = std::log(threshold / (1 - threshold));
  EXPECT_GT(odds, 0.5);
  EXPECT_LT(odds, 2);
}

TEST(Thresholds, CertainScoresAreHarmless) {
  const std::vector<ScoredLabel> scores{{1, true, "a"}, {0, false, "a"}};
  EXPECT_EQ(ChooseThreshold(scores), 0.5);
  EXPECT_EQ(MacroBalancedAccuracy(scores, 0.5), 1);
}

}  // namespace
}  // namespace mores::train
