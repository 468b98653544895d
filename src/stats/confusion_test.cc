#include "stats/confusion.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mores::stats {
namespace {

TEST(ConfusionTest, MetricsOfHandCounts) {
  Confusion confusion;
  confusion[Outcome::kTruePositive] = 40;
  confusion[Outcome::kFalsePositive] = 10;
  confusion[Outcome::kTrueNegative] = 30;
  confusion[Outcome::kFalseNegative] = 20;
  const ConfusionMetrics metrics = MetricsOf(confusion);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 0.7);
  EXPECT_DOUBLE_EQ(metrics.precision, 0.8);
  EXPECT_DOUBLE_EQ(metrics.recall, 40.0 / 60);
  EXPECT_DOUBLE_EQ(metrics.f1, 80.0 / 110);
  EXPECT_DOUBLE_EQ(metrics.false_positive_rate, 0.25);
}

TEST(ConfusionTest, MissingDecisionsAreWrongButNotPositive) {
  Confusion confusion;
  confusion[Outcome::kTruePositive] = 3;
  confusion[Outcome::kMissingPositive] = 1;
  confusion[Outcome::kMissingNegative] = 4;
  const ConfusionMetrics metrics = MetricsOf(confusion);
  EXPECT_DOUBLE_EQ(metrics.accuracy, 3.0 / 8);
  EXPECT_DOUBLE_EQ(metrics.precision, 1);
  EXPECT_DOUBLE_EQ(metrics.recall, 0.75);
  EXPECT_DOUBLE_EQ(metrics.false_positive_rate, 0);
}

TEST(ConfusionTest, UndefinedIsNan) {
  const ConfusionMetrics metrics = MetricsOf({});
  EXPECT_TRUE(std::isnan(metrics.accuracy));
  EXPECT_TRUE(std::isnan(metrics.f1));
  Confusion only_safe;
  only_safe[Outcome::kTrueNegative] = 5;
  EXPECT_TRUE(std::isnan(MetricsOf(only_safe).recall));
  Confusion false_alarms_only;
  false_alarms_only[Outcome::kFalsePositive] = 2;
  EXPECT_TRUE(std::isnan(MetricsOf(false_alarms_only).f1)) << "nothing could have been found";
  EXPECT_EQ(MetricsOf(false_alarms_only).precision, 0);
  EXPECT_DOUBLE_EQ(MetricsOf(only_safe).accuracy, 1);
}

TEST(ConfusionTest, OutcomesOfEveryDecision) {
  EXPECT_EQ(OutcomeOf(true, Decision::kPositive), Outcome::kTruePositive);
  EXPECT_EQ(OutcomeOf(false, Decision::kPositive), Outcome::kFalsePositive);
  EXPECT_EQ(OutcomeOf(true, Decision::kNegative), Outcome::kFalseNegative);
  EXPECT_EQ(OutcomeOf(false, Decision::kNegative), Outcome::kTrueNegative);
  EXPECT_EQ(OutcomeOf(true, Decision::kMissing), Outcome::kMissingPositive);
  EXPECT_EQ(OutcomeOf(false, Decision::kMissing), Outcome::kMissingNegative);
  EXPECT_FALSE(IsCorrect(Outcome::kMissingNegative));
}

}  // namespace
}  // namespace mores::stats
