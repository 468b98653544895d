#include "stats/confusion.h"

#include <limits>
#include <numeric>

namespace mores::stats {
namespace {

double Ratio(double numerator, double denominator) {
  return denominator > 0 ? numerator / denominator : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Outcome OutcomeOf(bool truly_positive, Decision decision) {
  switch (decision) {
    case Decision::kPositive:
      return truly_positive ? Outcome::kTruePositive : Outcome::kFalsePositive;
    case Decision::kNegative:
      return truly_positive ? Outcome::kFalseNegative : Outcome::kTrueNegative;
    case Decision::kMissing:
      break;
  }
  return truly_positive ? Outcome::kMissingPositive : Outcome::kMissingNegative;
}

bool IsCorrect(Outcome outcome) {
  return outcome == Outcome::kTruePositive || outcome == Outcome::kTrueNegative;
}

double Confusion::total() const { return std::accumulate(counts.begin(), counts.end(), 0.0); }

ConfusionMetrics MetricsOf(const Confusion& confusion) {
  const double tp = confusion[Outcome::kTruePositive];
  const double fp = confusion[Outcome::kFalsePositive];
  const double tn = confusion[Outcome::kTrueNegative];
  const double not_found =
      confusion[Outcome::kFalseNegative] + confusion[Outcome::kMissingPositive];
  const double negatives = tn + fp + confusion[Outcome::kMissingNegative];
  return {.accuracy = Ratio(tp + tn, confusion.total()),
          .precision = Ratio(tp, tp + fp),
          .recall = Ratio(tp, tp + not_found),
          .f1 = Ratio(2 * tp, tp + not_found > 0 ? 2 * tp + fp + not_found : 0),
          .false_positive_rate = Ratio(fp, negatives)};
}

}  // namespace mores::stats
