#include "report/paired.h"

#include <limits>
#include <string>

#include "report/figures.h"
#include "stats/estimate_json.h"
#include "stats/share.h"

namespace mores::report {
namespace {

constexpr int kPermutations = 9999;
// As for shares (stats/share.h).
constexpr double kFewPairs = 40;
constexpr int kFewDiffering = 5;

struct Sums {
  double items = 0, first = 0, second = 0;
};

std::vector<uint32_t> PairedClusters(const std::vector<PairedItem>& items, size_t* count) {
  std::vector<uint64_t> keys;
  keys.reserve(items.size());
  for (const PairedItem& item : items) keys.push_back(item.cluster);
  return stats::DenseClusters(keys, count);
}

void Add(const PairedItem& item, Sums& sums) {
  sums.items += 1;
  sums.first += item.first_correct ? 1 : 0;
  sums.second += item.second_correct ? 1 : 0;
}

// What of the resampled intervals can't be trusted, mended. `Sums` of each cluster.
void SettlePaired(const std::vector<Sums>& sums, double coverage, PairedFigures& figures) {
  std::vector<stats::ClusterShare> first, second;
  int differing = 0;  // clusters
  for (const Sums& sum : sums) {
    first.push_back({sum.first, sum.items});
    second.push_back({sum.second, sum.items});
    differing += sum.first != sum.second ? 1 : 0;
  }
  figures.first_accuracy = stats::ShareEstimate(first, figures.first_accuracy, coverage);
  figures.second_accuracy = stats::ShareEstimate(second, figures.second_accuracy, coverage);
  const double effective = stats::EffectiveClusters(first);
  if (sums.empty() || (effective > kFewPairs && differing >= kFewDiffering)) return;
  const double scale = effective / static_cast<double>(figures.items);
  figures.difference.interval = stats::PairedDifferenceInterval(
      scale * static_cast<double>(figures.only_first),
      scale * static_cast<double>(figures.only_second), effective, coverage);
}

void Assign(const std::vector<stats::Estimate>& estimates, PairedFigures& figures) {
  figures.first_accuracy = estimates[0];
  figures.second_accuracy = estimates[1];
  figures.difference = estimates[2];
}

}  // namespace

PairedFigures ComparePaired(const std::vector<PairedItem>& items,
                            const stats::BootstrapOptions& options) {
  PairedFigures figures;
  figures.items = items.size();
  const std::vector<uint32_t> clusters = PairedClusters(items, &figures.queries);
  std::vector<Sums> sums(figures.queries);
  std::vector<double> differences(figures.queries, 0.0);
  for (size_t i = 0; i < items.size(); ++i) {
    Add(items[i], sums[clusters[i]]);
    figures.only_first += items[i].first_correct && !items[i].second_correct ? 1 : 0;
    figures.only_second += items[i].second_correct && !items[i].first_correct ? 1 : 0;
  }
  for (size_t c = 0; c < sums.size(); ++c) differences[c] = sums[c].first - sums[c].second;

  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    Sums total;
    for (size_t c = 0; c < sums.size(); ++c) {
      total.items += weights[c] * sums[c].items;
      total.first += weights[c] * sums[c].first;
      total.second += weights[c] * sums[c].second;
    }
    values[0] = total.first / total.items;
    values[1] = total.second / total.items;
    values[2] = (total.first - total.second) / total.items;
  };
  Assign(stats::ClusterBootstrap(figures.queries, 3, statistic, options), figures);
  SettlePaired(sums, options.coverage, figures);
  figures.mcnemar = stats::McNemar(figures.only_first, figures.only_second);
  figures.sign_flip_p = stats::SignFlipTest(differences, kPermutations, options.seed);
  return figures;
}

PairedFigures CompareMeanOfSets(const std::vector<PairedItem>& items, size_t sets,
                                const stats::BootstrapOptions& options) {
  PairedFigures figures;
  figures.items = items.size();
  const std::vector<uint32_t> clusters = PairedClusters(items, &figures.queries);
  // A cluster lies within one set, since the set is part of its key.
  std::vector<Sums> sums(figures.queries);
  std::vector<uint32_t> set_of(figures.queries);
  for (size_t i = 0; i < items.size(); ++i) {
    Add(items[i], sums[clusters[i]]);
    set_of[clusters[i]] = items[i].set;
  }
  std::vector<bool> present(sets, false);
  for (const uint32_t set : set_of) present[set] = true;
  std::vector<Sums> totals(sets);
  const auto statistic = [&](std::span<const double> weights, std::span<double> values) {
    totals.assign(sets, {});
    for (size_t c = 0; c < sums.size(); ++c) {
      Sums& total = totals[set_of[c]];
      total.items += weights[c] * sums[c].items;
      total.first += weights[c] * sums[c].first;
      total.second += weights[c] * sums[c].second;
    }
    double first = 0, second = 0, count = 0;
    for (size_t s = 0; s < sets; ++s) {
      if (!present[s]) continue;
      first += totals[s].first / totals[s].items;  // NaN when no item of the set was drawn
      second += totals[s].second / totals[s].items;
      count += 1;
    }
    values[0] = first / count;
    values[1] = second / count;
    values[2] = (first - second) / count;
  };
  Assign(stats::ClusterBootstrap(figures.queries, 3, statistic, options), figures);
  for (stats::Estimate* estimate :
       {&figures.first_accuracy, &figures.second_accuracy, &figures.difference}) {
    *estimate = stats::WithoutPointInterval(*estimate);
  }
  constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
  figures.mcnemar = {kUndefined, kUndefined};
  figures.sign_flip_p = kUndefined;
  return figures;
}

Json ToJson(const PairedFigures& figures, const char* first_name, const char* second_name) {
  return Json{{"items", figures.items},
              {"queries", figures.queries},
              {std::string(first_name), ToJson(figures.first_accuracy)},
              {std::string(second_name), ToJson(figures.second_accuracy)},
              {"difference", ToJson(figures.difference)},
              {"only_" + std::string(first_name), figures.only_first},
              {"only_" + std::string(second_name), figures.only_second},
              {"mcnemar_exact_p", stats::NumberOrNull(figures.mcnemar.exact_p)},
              {"mcnemar_mid_p", stats::NumberOrNull(figures.mcnemar.mid_p)},
              {"sign_flip_p", stats::NumberOrNull(figures.sign_flip_p)}};
}

}  // namespace mores::report
