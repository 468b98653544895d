#include "stats/share.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>

namespace mores::stats {
namespace {

constexpr double kNoShare = std::numeric_limits<double>::quiet_NaN();
constexpr double kFewClusters = 40;
constexpr int kFewEvents = 5;

double TwoSidedZ(double coverage) {
  return boost::math::quantile(boost::math::normal(), 1 - (1 - coverage) / 2);
}

ClusterShare Sum(std::span<const ClusterShare> clusters) {
  ClusterShare sum;
  for (const ClusterShare& cluster : clusters) {
    sum.part += cluster.part;
    sum.whole += cluster.whole;
  }
  return sum;
}

// Over as many items as the clusters are worth.
Interval EffectiveWilson(std::span<const ClusterShare> clusters, double coverage) {
  const ClusterShare sum = Sum(clusters);
  const double items = EffectiveClusters(clusters);
  return WilsonInterval(sum.whole > 0 ? items * sum.part / sum.whole : 0, items, coverage);
}

double F1OfJaccard(double jaccard) { return 2 * jaccard / (1 + jaccard); }

}  // namespace

Interval WilsonInterval(double part, double whole, double coverage) {
  if (whole <= 0) return {kNoShare, kNoShare};
  const double z = TwoSidedZ(coverage);
  const double share = part / whole;
  const double middle = share + z * z / (2 * whole);
  const double half = z * std::sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole));
  const double scale = 1 + z * z / whole;
  // At the ends exact, whatever was rounded.
  return {.low = part <= 0 ? 0.0 : std::max(0.0, (middle - half) / scale),
          .high = part >= whole ? 1.0 : std::min(1.0, (middle + half) / scale)};
}

double EffectiveClusters(std::span<const ClusterShare> clusters) {
  double sum = 0, squares = 0;
  for (const ClusterShare& cluster : clusters) {
    sum += cluster.whole;
    squares += cluster.whole * cluster.whole;
  }
  return squares > 0 ? sum * sum / squares : 0;
}

bool NeedsWilson(std::span<const ClusterShare> clusters) {
  int with_some = 0, with_others = 0;
  for (const ClusterShare& cluster : clusters) {
    with_some += cluster.part > 0 ? 1 : 0;
    with_others += cluster.part < cluster.whole ? 1 : 0;
  }
  return with_some < kFewEvents || with_others < kFewEvents ||
         EffectiveClusters(clusters) <= kFewClusters;
}

Estimate ShareEstimate(std::span<const ClusterShare> clusters, const Estimate& resampled,
                       double coverage) {
  if (!std::isfinite(resampled.value) || !NeedsWilson(clusters)) return resampled;
  return {resampled.value, EffectiveWilson(clusters, coverage)};
}

Estimate F1Estimate(std::span<const ClusterShare> jaccard, const Estimate& resampled,
                    double coverage) {
  if (!std::isfinite(resampled.value) || !NeedsWilson(jaccard)) return resampled;
  const Interval interval = EffectiveWilson(jaccard, coverage);
  return {resampled.value, {F1OfJaccard(interval.low), F1OfJaccard(interval.high)}};
}

Interval PairedDifferenceInterval(double only_first, double only_second, double items,
                                  double coverage) {
  if (items <= 0) return {kNoShare, kNoShare};
  const double first = (only_first + 1) / (items + 2), second = (only_second + 1) / (items + 2);
  const double difference = first - second;
  const double half =
      TwoSidedZ(coverage) * std::sqrt((first + second - difference * difference) / (items + 2));
  return {.low = std::max(-1.0, difference - half), .high = std::min(1.0, difference + half)};
}

Estimate WithoutPointInterval(Estimate estimate) {
  if (estimate.interval.low == estimate.interval.high) estimate.interval = {kNoShare, kNoShare};
  return estimate;
}

}  // namespace mores::stats
