// The expected values come from scikit-learn 1.9.0 (roc_auc_score and brier_score_loss, with
// sample_weight where weighted) and numpy 2.4.6 (the calibration error) on the same made-up items.
#include "stats/probability.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace mores::stats {
namespace {

const std::vector<ScoredOutcome> kItems = {{0.1, false}, {0.4, false}, {0.35, true},  {0.8, true},
                                           {0.8, false}, {0.8, true},  {0.05, false}, {0.95, true},
                                           {1.0, true},  {0.0, false}, {0.4, true},   {0.6, false}};
const std::vector<double> kWeights = {1, 2, 0, 1, 3, 1, 1, 1, 2, 1, 4, 1};

TEST(AurocTest, AgreesWithScikitLearnTiesIncluded) {
  const RankedOutcomes ranked(kItems);
  EXPECT_NEAR(ranked.Auroc(), 0.8194444444444444, 1e-15);
  EXPECT_NEAR(ranked.Auroc(kWeights), 0.7160493827160495, 1e-15);
}

TEST(AurocTest, Edges) {
  EXPECT_TRUE(std::isnan(RankedOutcomes({}).Auroc()));
  const std::vector<ScoredOutcome> one_class = {{0.1, true}, {0.9, true}};
  EXPECT_TRUE(std::isnan(RankedOutcomes(one_class).Auroc()));
  const std::vector<ScoredOutcome> ties = {{0.5, true}, {0.5, false}, {0.5, false}};
  EXPECT_DOUBLE_EQ(RankedOutcomes(ties).Auroc(), 0.5);
}

TEST(BrierTest, AgreesWithScikitLearn) {
  EXPECT_NEAR(Brier(kItems), 0.16979166666666667, 1e-15);
  EXPECT_NEAR(Brier(kItems, kWeights), 0.22972222222222227, 1e-15);
  EXPECT_TRUE(std::isnan(Brier({})));
}

TEST(CalibrationTest, BinsAndError) {
  const std::vector<CalibrationBin> bins = Calibrate(kItems, 10);
  ASSERT_EQ(bins.size(), 10u);
  EXPECT_DOUBLE_EQ(bins[0].weight, 2);
  EXPECT_DOUBLE_EQ(bins[0].mean_score, 0.025);
  EXPECT_DOUBLE_EQ(bins[8].weight, 3);
  EXPECT_NEAR(bins[8].mean_score, 0.8, 1e-15);
  EXPECT_NEAR(bins[8].positive_share, 2.0 / 3, 1e-15);
  EXPECT_DOUBLE_EQ(bins[9].weight, 2) << "the score 1 belongs to the last bin";
  EXPECT_TRUE(std::isnan(bins[2].mean_score));
  EXPECT_NEAR(ExpectedCalibrationError(bins), 0.1708333333333334, 1e-15);
}

}  // namespace
}  // namespace mores::stats
