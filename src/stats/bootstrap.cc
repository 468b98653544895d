#include "stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_map>

#include "base/random.h"

namespace mores::stats {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// Two draws a random word: 32 bits against a bound far below 2^32 leave a bias below bound / 2^32.
void DrawClusters(const Random& random, uint64_t resample, std::span<double> weights) {
  const uint64_t n = weights.size();
  std::fill(weights.begin(), weights.end(), 0.0);
  const uint64_t words = (n + 1) / 2;
  const uint64_t first = resample * words;
  for (uint64_t i = 0; i < words; ++i) {
    const uint64_t word = random.At(first + i);
    weights[((word & 0xFFFFFFFFu) * n) >> 32] += 1;
    if (2 * i + 1 < n) weights[((word >> 32) * n) >> 32] += 1;
  }
}

Interval PercentileInterval(std::vector<double>& values, int resamples, double coverage) {
  if (values.size() * 2 < static_cast<size_t>(resamples) || values.empty()) {
    return {kUndefined, kUndefined};
  }
  const double tail = (1 - coverage) / 2;
  return {.low = Quantile(values, tail), .high = Quantile(values, 1 - tail)};
}

}  // namespace

double Quantile(std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), values.begin() + lower, values.end());
  const double low = values[static_cast<size_t>(lower)];
  const double fraction = position - static_cast<double>(lower);
  if (fraction == 0) return low;
  const double high = *std::min_element(values.begin() + lower + 1, values.end());
  return low + fraction * (high - low);
}

std::vector<Estimate> ClusterBootstrap(size_t clusters, size_t statistic_count,
                                       const Statistics& statistics,
                                       const BootstrapOptions& options) {
  std::vector<double> weights(clusters, 1.0);
  std::vector<double> values(statistic_count, kUndefined);
  std::vector<Estimate> estimates(statistic_count, {kUndefined, {kUndefined, kUndefined}});
  if (clusters == 0) return estimates;
  statistics(weights, values);
  for (size_t s = 0; s < statistic_count; ++s) estimates[s].value = values[s];

  const Random random(options.seed, clusters);
  std::vector<std::vector<double>> samples(statistic_count);
  for (int r = 0; r < options.resamples; ++r) {
    DrawClusters(random, static_cast<uint64_t>(r), weights);
    statistics(weights, values);
    for (size_t s = 0; s < statistic_count; ++s) {
      if (!std::isnan(values[s])) samples[s].push_back(values[s]);
    }
  }
  for (size_t s = 0; s < statistic_count; ++s) {
    if (std::isnan(estimates[s].value)) continue;
    estimates[s].interval = PercentileInterval(samples[s], options.resamples, options.coverage);
  }
  return estimates;
}

std::vector<uint32_t> DenseClusters(std::span<const uint64_t> keys, size_t* count) {
  std::unordered_map<uint64_t, uint32_t> numbers;
  numbers.reserve(keys.size());
  std::vector<uint32_t> clusters;
  clusters.reserve(keys.size());
  for (const uint64_t key : keys) {
    const auto number = static_cast<uint32_t>(numbers.size());
    clusters.push_back(numbers.emplace(key, number).first->second);
  }
  *count = numbers.size();
  return clusters;
}

}  // namespace mores::stats
