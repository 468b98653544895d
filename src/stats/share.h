// Intervals that hold where items are few, or all alike. Resampling such items says nothing of what
// wasn't drawn: of 8 items of which none is unsafe every resample has none, and "0 to 0" is false
// certainty.
#ifndef MORES_STATS_SHARE_H_
#define MORES_STATS_SHARE_H_

#include <span>

#include "stats/bootstrap.h"

namespace mores::stats {

// Wilson's score interval of the share `part` of `whole` (Wilson 1927), within [0, 1]. Weights that
// aren't whole numbers are fine. NaN where `whole` is 0.
Interval WilsonInterval(double part, double whole, double coverage = 0.95);

// A share over items in clusters: what one cluster adds to both counts.
struct ClusterShare {
  double part = 0;
  double whole = 0;
};

// How many independent items clusters are worth at least, as their items stand or fall together:
// (sum of sizes)^2 / sum of squares (Kish 1965). 0 without any.
double EffectiveClusters(std::span<const ClusterShare> clusters);

// Whether a share has to have Wilson's interval: at most 40 independent items (Brown, Cai, DasGupta
// 2001), or fewer than 5 clusters that differ from "none of it", or from "all of it", so that the
// resamples are lumps near the end of the scale.
bool NeedsWilson(std::span<const ClusterShare> clusters);

// `resampled`, with Wilson's interval over the effective clusters where it needs that.
Estimate ShareEstimate(std::span<const ClusterShare> clusters, const Estimate& resampled,
                       double coverage = 0.95);

// F1 is 2 J / (1 + J) of the share J = TP / (TP + FP + not found), and so are its ends.
Estimate F1Estimate(std::span<const ClusterShare> jaccard, const Estimate& resampled,
                    double coverage = 0.95);

// Of the difference of two shares of the same `items`: `only_first` of them are in the first alone,
// `only_second` in the second alone (Bonett, Price 2012). NaN without items.
Interval PairedDifferenceInterval(double only_first, double only_second, double items,
                                  double coverage = 0.95);

// For figures that are no shares: an interval without width becomes undefined.
Estimate WithoutPointInterval(Estimate estimate);

}  // namespace mores::stats

#endif  // MORES_STATS_SHARE_H_
