// The mean of paired differences where items are few, or hardly any differ: of 8 pairs that are all
// alike the next one need not be.
#ifndef MORES_STATS_PAIRED_DIFFERENCE_H_
#define MORES_STATS_PAIRED_DIFFERENCE_H_

#include <span>

#include "stats/bootstrap.h"

namespace mores::stats {

// Of one cluster: sums of paired differences of scores from 0 to 1, those above 0 and those below.
struct ClusterDifference {
  double above = 0;
  double below = 0;  // not negative, either
  double items = 0;
};

// `resampled`, the mean of differences, with the interval of PairedDifferenceInterval over the
// effective clusters where the share of what differs would need Wilson's (stats/share.h). Scores
// between 0 and 1 vary less than the labels that the interval is made for, so it is rather wide.
Estimate DifferenceEstimate(std::span<const ClusterDifference> clusters, const Estimate& resampled,
                            double coverage = 0.95);

}  // namespace mores::stats

#endif  // MORES_STATS_PAIRED_DIFFERENCE_H_
