#include "report/figures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "stats/estimate_json.h"
#include "stats/share.h"

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

template <class T>
std::vector<uint32_t> ClustersOf(const std::vector<T>& items, size_t* count) {
  std::vector<uint64_t> keys;
  keys.reserve(items.size());
  for (const T& item : items) keys.push_back(item.cluster);
  return stats::DenseClusters(keys, count);
}

Scored ScoredOf(const std::vector<Measured>& items, const std::vector<uint32_t>& clusters) {
  Scored scored;
  for (size_t i = 0; i < items.size(); ++i) {
    const Measured& item = items[i];
    if (!item.truly_unsafe || !item.p_unsafe) continue;
    scored.outcomes.push_back({*item.p_unsafe, *item.truly_unsafe});
    scored.clusters.push_back(clusters[i]);
  }
  return scored;
}

std::vector<ClusterSums> SumClusters(const std::vector<Measured>& items,
                                     const std::vector<uint32_t>& clusters, size_t count) {
  std::vector<ClusterSums> sums(count);
  for (size_t i = 0; i < items.size(); ++i) {
    const Measured& item = items[i];
    ClusterSums& sum = sums[clusters[i]];
    sum.items += 1;
    sum.judged_unsafe += item.label == Label::kUnsafe ? 1 : 0;
    sum.unparsed += item.label == Label::kUnparsed ? 1 : 0;
    if (!item.truly_unsafe) continue;
    sum.confusion[stats::OutcomeOf(*item.truly_unsafe, DecisionOf(item.label))] += 1;
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

void CountItems(const std::vector<Measured>& items, Figures& figures) {
  for (const Measured& item : items) {
    figures.items += 1;
    figures.refusals += item.refuses ? 1 : 0;
    figures.judged_unsafe += item.label == Label::kUnsafe ? 1 : 0;
    figures.unparsed += item.label == Label::kUnparsed ? 1 : 0;
    if (!item.truly_unsafe) continue;
    figures.with_gold += 1;
    figures.gold_unsafe += *item.truly_unsafe ? 1 : 0;
    figures.scored += item.p_unsafe ? 1 : 0;
    figures.confusion[stats::OutcomeOf(*item.truly_unsafe, DecisionOf(item.label))] += 1;
  }
}

// A figure as a share: what of a cluster counts, and what of that holds.
using ShareOfSums = stats::ClusterShare (*)(const ClusterSums&);

std::vector<stats::ClusterShare> SharesOf(const std::vector<ClusterSums>& sums, ShareOfSums share) {
  std::vector<stats::ClusterShare> shares;
  for (const ClusterSums& sum : sums) {
    // A cluster of which nothing counts says nothing.
    if (const stats::ClusterShare one = share(sum); one.whole > 0) shares.push_back(one);
  }
  return shares;
}

// What of the resampled intervals can't be trusted, mended.
void SettleIntervals(const std::vector<ClusterSums>& sums, double coverage, Figures& figures) {
  using stats::Outcome;
  const auto settle = [&](stats::Estimate& estimate, ShareOfSums share) {
    estimate = stats::ShareEstimate(SharesOf(sums, share), estimate, coverage);
  };
  settle(figures.unsafe_share, [](const ClusterSums& sum) {
    return stats::ClusterShare{sum.judged_unsafe, sum.items - sum.unparsed};
  });
  settle(figures.unparsed_share, [](const ClusterSums& sum) {
    return stats::ClusterShare{sum.unparsed, sum.items};
  });
  settle(figures.accuracy, [](const ClusterSums& sum) {
    const stats::Confusion& counts = sum.confusion;
    return stats::ClusterShare{counts[Outcome::kTruePositive] + counts[Outcome::kTrueNegative],
                               counts.total()};
  });
  settle(figures.precision, [](const ClusterSums& sum) {
    const double found = sum.confusion[Outcome::kTruePositive];
    return stats::ClusterShare{found, found + sum.confusion[Outcome::kFalsePositive]};
  });
  settle(figures.recall, [](const ClusterSums& sum) {
    const double found = sum.confusion[Outcome::kTruePositive];
    return stats::ClusterShare{found, found + sum.confusion[Outcome::kFalseNegative] +
                                          sum.confusion[Outcome::kMissingPositive]};
  });
  settle(figures.false_positive_rate, [](const ClusterSums& sum) {
    const double wrong = sum.confusion[Outcome::kFalsePositive];
    return stats::ClusterShare{wrong, wrong + sum.confusion[Outcome::kTrueNegative] +
                                          sum.confusion[Outcome::kMissingNegative]};
  });
  const auto jaccard = SharesOf(sums, [](const ClusterSums& sum) {
    const stats::Confusion& counts = sum.confusion;
    return stats::ClusterShare{
        counts[Outcome::kTruePositive],
        counts.total() - counts[Outcome::kTrueNegative] - counts[Outcome::kMissingNegative]};
  });
  figures.f1 = stats::F1Estimate(jaccard, figures.f1, coverage);
  for (stats::Estimate* estimate : {&figures.auroc, &figures.brier, &figures.calibration_error}) {
    *estimate = stats::WithoutPointInterval(*estimate);
  }
}

// Of the items whose probability lies in a bin of the calibration.
std::vector<stats::ClusterShare> SharesOfBin(const Scored& scored, size_t bin) {
  std::map<uint32_t, stats::ClusterShare> shares;
  for (size_t i = 0; i < scored.outcomes.size(); ++i) {
    const stats::ScoredOutcome& outcome = scored.outcomes[i];
    const int at =
        std::clamp(static_cast<int>(outcome.score * kCalibrationBins), 0, kCalibrationBins - 1);
    if (static_cast<size_t>(at) != bin) continue;
    stats::ClusterShare& share = shares[scored.clusters[i]];
    share.whole += 1;
    share.part += outcome.positive ? 1 : 0;
  }
  std::vector<stats::ClusterShare> all;
  for (const auto& [cluster, share] : shares) all.push_back(share);
  return all;
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

Measured MeasuredOf(const Item& item) {
  Measured measured{.cluster = item.cluster,
                    .label = item.verdict.label,
                    .p_unsafe = item.verdict.p_unsafe,
                    .refuses = item.refuses};
  if (item.has_gold()) measured.truly_unsafe = item.truly_unsafe();
  return measured;
}

Figures Measure(const Items& items, const stats::BootstrapOptions& options) {
  std::vector<Measured> measured;
  measured.reserve(items.size());
  for (const Item* item : items) measured.push_back(MeasuredOf(*item));
  return Measure(measured, options);
}

Figures Measure(const std::vector<Measured>& items, const stats::BootstrapOptions& options) {
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
    values[0] = total.judged_unsafe / (total.items - total.unparsed);  // NaN without a label
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
  SettleIntervals(sums, options.coverage, figures);
  return figures;
}

stats::Estimate MeasureShare(const std::vector<SharedItem>& items,
                             const stats::BootstrapOptions& options) {
  std::vector<SharedItem> counted;
  for (const SharedItem& item : items) {
    if (item.counted) counted.push_back(item);
  }
  size_t count = 0;
  const std::vector<uint32_t> clusters = ClustersOf(counted, &count);
  std::vector<stats::ClusterShare> shares(count);
  for (size_t i = 0; i < counted.size(); ++i) {
    shares[clusters[i]].whole += 1;
    shares[clusters[i]].part += counted[i].holds ? 1 : 0;
  }
  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    stats::ClusterShare total;
    for (size_t c = 0; c < shares.size(); ++c) {
      total.part += weights[c] * shares[c].part;
      total.whole += weights[c] * shares[c].whole;
    }
    values[0] = total.part / total.whole;
  };
  return stats::ShareEstimate(shares, stats::ClusterBootstrap(count, 1, statistic, options)[0],
                              options.coverage);
}

std::vector<CalibrationPoint> MeasureCalibration(const Items& items,
                                                 const stats::BootstrapOptions& options) {
  std::vector<Measured> measured;
  for (const Item* item : items) measured.push_back(MeasuredOf(*item));
  size_t count = 0;
  const std::vector<uint32_t> clusters = ClustersOf(measured, &count);
  const Scored scored = ScoredOf(measured, clusters);
  std::vector<double> weights;
  const auto statistic = [&](std::span<const double> cluster_weights, std::span<double> values) {
    scored.Weigh(cluster_weights, weights);
    const auto bins = stats::Calibrate(scored.outcomes, kCalibrationBins, weights);
    for (size_t b = 0; b < bins.size(); ++b) values[b] = bins[b].positive_share;
  };
  const auto estimates = stats::ClusterBootstrap(count, kCalibrationBins, statistic, options);
  const auto bins = stats::Calibrate(scored.outcomes, kCalibrationBins);
  std::vector<CalibrationPoint> points;
  for (size_t b = 0; b < bins.size(); ++b) {
    const stats::Estimate share = {bins[b].positive_share, estimates[b].interval};
    points.push_back(
        {bins[b], stats::ShareEstimate(SharesOfBin(scored, b), share, options.coverage).interval});
  }
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
