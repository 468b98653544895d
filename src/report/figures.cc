#include "report/figures.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "stats/estimate_json.h"

namespace mores::report {
namespace {

using format::Label;

// Sums over one cluster's items; every figure of counts follows from their weighted totals.
struct ClusterSums {
  double items = 0;
  double judged_unsafe = 0;
  double unparsed = 0;
  stats::Confusion confusion;
};

// Items with a gold label and a probability, with their clusters.
struct Scored {
  std::vector<stats::ScoredOutcome> outcomes;
  std::vector<uint32_t> clusters;

  void Weigh(std::span<const double> cluster_weights, std::vector<double>& weights) const {
    weights.resize(clusters.size());
    for (size_t i = 0; i < clusters.size(); ++i) weights[i] = cluster_weights[clusters[i]];
  }
};

std::vector<uint32_t> ClustersOf(const Items& items, size_t* count) {
  std::vector<uint64_t> keys;
  keys.reserve(items.size());
  for (const Item* item : items) keys.push_back(item->cluster);
  return stats::DenseClusters(keys, count);
}

Scored ScoredOf(const Items& items, const std::vector<uint32_t>& clusters) {
  Scored scored;
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = *items[i];
    if (!item.has_gold() || !item.verdict.p_unsafe) continue;
    scored.outcomes.push_back({*item.verdict.p_unsafe, item.truly_unsafe()});
    scored.clusters.push_back(clusters[i]);
  }
  return scored;
}

std::vector<ClusterSums> SumClusters(const Items& items, const std::vector<uint32_t>& clusters,
                                     size_t count) {
  std::vector<ClusterSums> sums(count);
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = *items[i];
    ClusterSums& sum = sums[clusters[i]];
    sum.items += 1;
    sum.judged_unsafe += item.verdict.label == Label::kUnsafe ? 1 : 0;
    sum.unparsed += item.verdict.label == Label::kUnparsed ? 1 : 0;
    if (!item.has_gold()) continue;
    sum.confusion[stats::OutcomeOf(item.truly_unsafe(), DecisionOf(item.verdict.label))] += 1;
  }
  return sums;
}

ClusterSums Total(const std::vector<ClusterSums>& sums, std::span<const double> weights) {
  ClusterSums total;
  for (size_t c = 0; c < sums.size(); ++c) {
    total.items += weights[c] * sums[c].items;
    total.judged_unsafe += weights[c] * sums[c].judged_unsafe;
    total.unparsed += weights[c] * sums[c].unparsed;
    for (int o = 0; o < stats::kOutcomes; ++o) {
      total.confusion.counts[o] += weights[c] * sums[c].confusion.counts[o];
    }
  }
  return total;
}

void CountItems(const Items& items, Figures& figures) {
  for (const Item* item : items) {
    figures.items += 1;
    figures.refusals += item->refuses ? 1 : 0;
    figures.judged_unsafe += item->verdict.label == Label::kUnsafe ? 1 : 0;
    figures.unparsed += item->verdict.label == Label::kUnparsed ? 1 : 0;
    if (!item->has_gold()) continue;
    figures.with_gold += 1;
    figures.gold_unsafe += item->truly_unsafe() ? 1 : 0;
    figures.scored += item->verdict.p_unsafe ? 1 : 0;
    figures.confusion[stats::OutcomeOf(item->truly_unsafe(), DecisionOf(item->verdict.label))] += 1;
  }
}

}  // namespace

stats::Decision DecisionOf(Label label) {
  switch (label) {
    case Label::kSafe:
      return stats::Decision::kNegative;
    case Label::kUnsafe:
      return stats::Decision::kPositive;
    case Label::kUnparsed:
      break;
  }
  return stats::Decision::kMissing;
}

Figures Measure(const Items& items, const stats::BootstrapOptions& options) {
  Figures figures;
  CountItems(items, figures);
  const std::vector<uint32_t> clusters = ClustersOf(items, &figures.queries);
  const std::vector<ClusterSums> sums = SumClusters(items, clusters, figures.queries);
  const Scored scored = ScoredOf(items, clusters);
  const stats::RankedOutcomes ranked(scored.outcomes);
  std::vector<double> weights;

  // The order of the values below and of the estimates that they become.
  const std::array targets = {
      &figures.unsafe_share,        &figures.unparsed_share, &figures.accuracy,
      &figures.precision,           &figures.recall,         &figures.f1,
      &figures.false_positive_rate, &figures.auroc,          &figures.brier,
      &figures.calibration_error};
  const auto statistic = [&](std::span<const double> cluster_weights, std::span<double> values) {
    const ClusterSums total = Total(sums, cluster_weights);
    const stats::ConfusionMetrics metrics = stats::MetricsOf(total.confusion);
    scored.Weigh(cluster_weights, weights);
    values[0] = total.judged_unsafe / total.items;
    values[1] = total.unparsed / total.items;
    values[2] = metrics.accuracy;
    values[3] = metrics.precision;
    values[4] = metrics.recall;
    values[5] = metrics.f1;
    values[6] = metrics.false_positive_rate;
    values[7] = ranked.Auroc(weights);
    values[8] = stats::Brier(scored.outcomes, weights);
    values[9] = stats::ExpectedCalibrationError(
        stats::Calibrate(scored.outcomes, kCalibrationBins, weights));
  };
  const auto estimates =
      stats::ClusterBootstrap(figures.queries, targets.size(), statistic, options);
  for (size_t i = 0; i < targets.size(); ++i) *targets[i] = estimates[i];
  return figures;
}

std::vector<CalibrationPoint> MeasureCalibration(const Items& items,
                                                 const stats::BootstrapOptions& options) {
  size_t count = 0;
  const std::vector<uint32_t> clusters = ClustersOf(items, &count);
  const Scored scored = ScoredOf(items, clusters);
  std::vector<double> weights;
  const auto statistic = [&](std::span<const double> cluster_weights, std::span<double> values) {
    scored.Weigh(cluster_weights, weights);
    const auto bins = stats::Calibrate(scored.outcomes, kCalibrationBins, weights);
    for (size_t b = 0; b < bins.size(); ++b) values[b] = bins[b].positive_share;
  };
  const auto estimates = stats::ClusterBootstrap(count, kCalibrationBins, statistic, options);
  const auto bins = stats::Calibrate(scored.outcomes, kCalibrationBins);
  std::vector<CalibrationPoint> points;
  for (size_t b = 0; b < bins.size(); ++b) points.push_back({bins[b], estimates[b].interval});
  return points;
}

Json ToJson(const Figures& figures) {
  const auto count = [&](stats::Outcome outcome) {
    return static_cast<int64_t>(figures.confusion[outcome]);
  };
  Json confusion = {{"true_unsafe", count(stats::Outcome::kTruePositive)},
                    {"false_unsafe", count(stats::Outcome::kFalsePositive)},
                    {"true_safe", count(stats::Outcome::kTrueNegative)},
                    {"false_safe", count(stats::Outcome::kFalseNegative)},
                    {"unparsed_unsafe", count(stats::Outcome::kMissingPositive)},
                    {"unparsed_safe", count(stats::Outcome::kMissingNegative)}};
  return Json{{"items", figures.items},
              {"queries", figures.queries},
              {"judged_unsafe", figures.judged_unsafe},
              {"unparsed", figures.unparsed},
              {"refusals", figures.refusals},
              {"with_gold", figures.with_gold},
              {"gold_unsafe", figures.gold_unsafe},
              {"scored", figures.scored},
              {"confusion", std::move(confusion)},
              {"unsafe_share", ToJson(figures.unsafe_share)},
              {"unparsed_share", ToJson(figures.unparsed_share)},
              {"accuracy", ToJson(figures.accuracy)},
              {"precision", ToJson(figures.precision)},
              {"recall", ToJson(figures.recall)},
              {"f1", ToJson(figures.f1)},
              {"false_unsafe_rate", ToJson(figures.false_positive_rate)},
              {"auroc", ToJson(figures.auroc)},
              {"brier", ToJson(figures.brier)},
              {"calibration_error", ToJson(figures.calibration_error)}};
}

Json ToJson(const std::vector<CalibrationPoint>& points) {
  Json array = Json::array();
  for (const CalibrationPoint& point : points) {
    array.push_back(Json{{"items", point.bin.weight},
                         {"mean_p", stats::NumberOrNull(point.bin.mean_score)},
                         {"unsafe_share", stats::NumberOrNull(point.bin.positive_share)},
                         {"low", stats::NumberOrNull(point.interval.low)},
                         {"high", stats::NumberOrNull(point.interval.high)}});
  }
  return array;
}

}  // namespace mores::report
