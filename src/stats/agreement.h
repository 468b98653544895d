// How far raters agree on categories, beyond what chance would give.
#ifndef MORES_STATS_AGREEMENT_H_
#define MORES_STATS_AGREEMENT_H_

#include <cstddef>
#include <span>
#include <vector>

#include "stats/bootstrap.h"

namespace mores::stats {

// Cohen's kappa of two raters, unweighted categories (Cohen 1960): (observed - expected) /
// (1 - expected) agreement, expected from each rater's own shares. `counts` is [categories,
// categories] in row-major order, the first rater's category by the second's; doubles, since
// resampling weighs them. NaN without counts, and where both raters use one and the same category
// only, for then agreement can't be told from chance.
double CohenKappa(std::span<const double> counts, size_t categories);

// Krippendorff's alpha for nominal categories and any number of raters, some of whom may have left
// units out (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", section C). Each unit
// is the categories that it was given, in any order, missing ones left out; a unit of fewer than
// two has nothing to compare and does not count. NaN without a unit that counts, and where all
// that count are of one category.
class NominalAlpha {
 public:
  explicit NominalAlpha(std::span<const std::vector<int>> units);
  // `unit_weights` by index into the units given, such as those of a resample; empty means 1 each.
  double Alpha(std::span<const double> unit_weights = {}) const;

 private:
  struct Unit {
    size_t index;               // into the units given
    double values;              // how many categories it was given
    double disagreeing;         // ordered pairs of values that differ, over (values - 1)
    std::vector<size_t> given;  // dense category numbers
  };
  std::vector<Unit> units_;
  size_t categories_ = 0;
};

// A resampled coefficient of agreement. Its interval is left out where it has no width, and where
// there are fewer than ten clusters: a handful has so few different resamples that their quantiles
// lie anywhere.
Estimate CoefficientEstimate(Estimate resampled, size_t clusters);

}  // namespace mores::stats

#endif  // MORES_STATS_AGREEMENT_H_
