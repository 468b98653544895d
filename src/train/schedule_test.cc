#include "train/schedule.h"

#include <gtest/gtest.h>

namespace mores::train {
namespace {

TEST(Schedule, WarmsUpLinearlyFromAboveZero) {
  const Schedule schedule{.learning_rate = 1, .warmup_steps = 4, .total_steps = 12};
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 0), 0.25);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 3), 1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 4), 1);
}

TEST(Schedule, CosineHalvesInTheMiddleAndEndsAtTheFloor) {
  const Schedule schedule{
      .learning_rate = 2, .warmup_steps = 0, .total_steps = 10, .min_fraction = 0.1};
  EXPECT_NEAR(LearningRate(schedule, 5), 2 * 0.55, 1e-12);
  EXPECT_NEAR(LearningRate(schedule, 10), 0.2, 1e-12);
  EXPECT_NEAR(LearningRate(schedule, 99), 0.2, 1e-12);
}

TEST(Schedule, LinearFallsEvenly) {
  const Schedule schedule{
      .learning_rate = 1, .warmup_steps = 2, .total_steps = 12, .decay = Decay::kLinear};
  EXPECT_NEAR(LearningRate(schedule, 7), 0.5, 1e-12);
  EXPECT_NEAR(LearningRate(schedule, 11), 0.1, 1e-12);
}

TEST(Schedule, WarmupLongerThanTrainingIsHarmless) {
  const Schedule schedule{.learning_rate = 1, .warmup_steps = 8, .total_steps = 2};
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1), 0.25);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 8), 1);
}

}  // namespace
}  // namespace mores::train
