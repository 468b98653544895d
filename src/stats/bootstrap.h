// Percentile intervals from resampling whole clusters (Davison, Hinkley 1997, section 3.8): items
// that share a query stand or fall together, so queries are drawn, not items.
#ifndef MORES_STATS_BOOTSTRAP_H_
#define MORES_STATS_BOOTSTRAP_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace mores::stats {

struct Interval {
  double low = 0;
  double high = 0;
};

// A statistic of the whole sample with its interval. All NaN where the statistic is undefined; the
// interval alone where it is undefined in more than half of the resamples.
struct Estimate {
  double value = 0;
  Interval interval;
};

struct BootstrapOptions {
  int resamples = 2000;
  uint64_t seed = 1;
  double coverage = 0.95;
};

// Statistics of one resample, in a fixed order and number; `cluster_weights[c]` says how often
// cluster c was drawn. NaN for an undefined one.
using Statistics =
    std::function<void(std::span<const double> cluster_weights, std::span<double> values)>;

// Evaluates `statistics` once with all weights 1 and `resamples` times with as many clusters drawn
// with replacement as there are. The draws are a pure function of the seed and of the number of
// clusters. Two statistics in one call see the same draws, so their difference is a paired one.
// Cost: resamples * (clusters + statistics); statistics over counts should sum a cluster's items
// beforehand.
std::vector<Estimate> ClusterBootstrap(size_t clusters, size_t statistic_count,
                                       const Statistics& statistics,
                                       const BootstrapOptions& options = {});

// The quantile q in [0, 1] by linear interpolation between order statistics (type 7 of Hyndman and
// Fan 1996, numpy's default). Reorders `values`, which must not be empty.
double Quantile(std::vector<double>& values, double q);

// Numbers clusters densely, 0 and up by first appearance. For keys of any equality-comparable,
// hashable kind the caller maps to 64 bits.
std::vector<uint32_t> DenseClusters(std::span<const uint64_t> keys, size_t* count);

}  // namespace mores::stats

#endif  // MORES_STATS_BOOTSTRAP_H_
