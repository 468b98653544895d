#include "stats/paired_difference.h"

#include <cmath>
#include <vector>

#include "stats/share.h"

namespace mores::stats {

Estimate DifferenceEstimate(std::span<const ClusterDifference> clusters, const Estimate& resampled,
                            double coverage) {
  if (!std::isfinite(resampled.value)) return resampled;
  std::vector<ClusterShare> differ;
  ClusterDifference sum;
  for (const ClusterDifference& one : clusters) {
    differ.push_back({one.above + one.below, one.items});
    sum.above += one.above;
    sum.below += one.below;
    sum.items += one.items;
  }
  if (!NeedsWilson(differ)) return resampled;
  const double items = EffectiveClusters(differ);
  return {resampled.value,
          PairedDifferenceInterval(sum.above * items / sum.items, sum.below * items / sum.items,
                                   items, coverage)};
}

}  // namespace mores::stats
