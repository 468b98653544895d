#include "stats/probability.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace mores::stats {
namespace {

constexpr double kNoProbability = std::numeric_limits<double>::quiet_NaN();

double WeightAt(std::span<const double> weights, size_t index) {
  return weights.empty() ? 1.0 : weights[index];
}

}  // namespace

RankedOutcomes::RankedOutcomes(std::span<const ScoredOutcome> outcomes) {
  std::vector<uint32_t> order(outcomes.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    if (outcomes[a].score != outcomes[b].score) return outcomes[a].score < outcomes[b].score;
    return a < b;
  });
  entries_.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const bool last =
        i + 1 == order.size() || outcomes[order[i]].score != outcomes[order[i + 1]].score;
    entries_.push_back({order[i], outcomes[order[i]].positive, last});
  }
}

double RankedOutcomes::Auroc(std::span<const double> weights) const {
  double positives = 0, negatives = 0;          // in whole ties already passed
  double tie_positives = 0, tie_negatives = 0;  // in the tie being read
  double wins = 0;
  for (const Entry& entry : entries_) {
    (entry.positive ? tie_positives : tie_negatives) += WeightAt(weights, entry.index);
    if (!entry.last_of_tie) continue;
    wins += tie_positives * (negatives + 0.5 * tie_negatives);
    positives += tie_positives;
    negatives += tie_negatives;
    tie_positives = tie_negatives = 0;
  }
  const double pairs = positives * negatives;
  return pairs > 0 ? wins / pairs : kNoProbability;
}

double Brier(std::span<const ScoredOutcome> outcomes, std::span<const double> weights) {
  double sum = 0, total = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const double error = outcomes[i].score - (outcomes[i].positive ? 1.0 : 0.0);
    sum += WeightAt(weights, i) * error * error;
    total += WeightAt(weights, i);
  }
  return total > 0 ? sum / total : kNoProbability;
}

std::vector<CalibrationBin> Calibrate(std::span<const ScoredOutcome> outcomes, int bins,
                                      std::span<const double> weights) {
  std::vector<CalibrationBin> result(static_cast<size_t>(bins));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const int bin = std::clamp(static_cast<int>(outcomes[i].score * bins), 0, bins - 1);
    CalibrationBin& into = result[static_cast<size_t>(bin)];
    const double weight = WeightAt(weights, i);
    into.weight += weight;
    into.mean_score += weight * outcomes[i].score;
    into.positive_share += outcomes[i].positive ? weight : 0.0;
  }
  for (CalibrationBin& bin : result) {
    bin.mean_score = bin.weight > 0 ? bin.mean_score / bin.weight : kNoProbability;
    bin.positive_share = bin.weight > 0 ? bin.positive_share / bin.weight : kNoProbability;
  }
  return result;
}

double ExpectedCalibrationError(std::span<const CalibrationBin> bins) {
  double sum = 0, total = 0;
  for (const CalibrationBin& bin : bins) {
    if (bin.weight <= 0) continue;
    sum += bin.weight * std::abs(bin.mean_score - bin.positive_share);
    total += bin.weight;
  }
  return total > 0 ? sum / total : kNoProbability;
}

}  // namespace mores::stats
