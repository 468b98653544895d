#include "report/paired.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mores::report {
namespace {

std::vector<PairedItem> Items(int only_first, int only_second, int both) {
  std::vector<PairedItem> items;
  const auto add = [&](int count, bool first, bool second) {
    for (int i = 0; i < count; ++i) {
      items.push_back({.first_correct = first, .second_correct = second, .cluster = items.size()});
    }
  };
  add(only_first, true, false);
  add(only_second, false, true);
  add(both, true, true);
  return items;
}

TEST(ComparePairedTest, DifferenceAndTests) {
  const PairedFigures figures = ComparePaired(Items(40, 25, 135), {});
  EXPECT_DOUBLE_EQ(figures.first_accuracy.value, 0.875);
  EXPECT_DOUBLE_EQ(figures.second_accuracy.value, 0.8);
  EXPECT_NEAR(figures.difference.value, 0.075, 1e-12);
  EXPECT_EQ(figures.only_first, 40);
  EXPECT_NEAR(figures.mcnemar.exact_p, 0.08168153394154003, 1e-12);
  // The normal approximation of the paired difference's spread.
  const double spread = std::sqrt((65 - 15.0 * 15 / 200) / 200 / 200);
  EXPECT_NEAR(figures.difference.interval.low, 0.075 - 1.96 * spread, 0.01);
  EXPECT_NEAR(figures.difference.interval.high, 0.075 + 1.96 * spread, 0.01);
  EXPECT_NEAR(figures.sign_flip_p, figures.mcnemar.exact_p, 0.02);
}

TEST(ComparePairedTest, TheSameJudgeTwice) {
  const PairedFigures figures = ComparePaired(Items(0, 0, 10), {});
  EXPECT_EQ(figures.difference.value, 0);
  EXPECT_NEAR(figures.difference.interval.low, -figures.difference.interval.high, 1e-12);
  EXPECT_GT(figures.difference.interval.high, 0.1) << "ten items prove no sameness";
  EXPECT_EQ(figures.mcnemar.mid_p, 1);
  EXPECT_EQ(figures.sign_flip_p, 1);
}

TEST(ComparePairedTest, RepeatedQueriesWeakenTheTestByQuery) {
  std::vector<PairedItem> items;
  for (uint64_t i = 0; i < 60; ++i) {
    items.push_back({.first_correct = i < 40, .second_correct = i >= 40, .cluster = i / 20});
  }
  const PairedFigures figures = ComparePaired(items, {});
  EXPECT_LT(figures.mcnemar.mid_p, 0.02);
  EXPECT_GT(figures.sign_flip_p, 0.5) << "three queries prove nothing";
}

TEST(CompareMeanOfSetsTest, EverySetCountsTheSame) {
  std::vector<PairedItem> items = Items(0, 0, 90);
  for (uint64_t i = 0; i < 10; ++i) items.push_back({.cluster = 1000 + i, .set = 1});
  const PairedFigures figures = CompareMeanOfSets(items, 3, {});
  EXPECT_DOUBLE_EQ(figures.first_accuracy.value, 0.5) << "the third set has no items";
  EXPECT_TRUE(std::isnan(figures.mcnemar.mid_p));
}

}  // namespace
}  // namespace mores::report
