// How good stated probabilities of a two-class outcome are: ranking, squared error, calibration.
// Weights are multiplicities, such as those of a bootstrap resample; an empty span means 1 each.
#ifndef MORES_STATS_PROBABILITY_H_
#define MORES_STATS_PROBABILITY_H_

#include <cstdint>
#include <span>
#include <vector>

namespace mores::stats {

struct ScoredOutcome {
  double score = 0;       // finite; for Brier and calibration in [0, 1]
  bool positive = false;  // what truly was
};

// The area under the ROC curve: P(score of a positive > score of a negative) + half of the ties,
// Mann and Whitney's U over the product of the class sizes (Hanley, McNeil 1982). Sorted once, so
// that each reweighting is one pass.
class RankedOutcomes {
 public:
  explicit RankedOutcomes(std::span<const ScoredOutcome> outcomes);

  // `weights` by index into the outcomes given. NaN when a class has no weight. O(n).
  double Auroc(std::span<const double> weights = {}) const;

 private:
  struct Entry {
    uint32_t index;
    bool positive;
    bool last_of_tie;
  };
  std::vector<Entry> entries_;  // by ascending score
};

// Mean of (score - outcome)^2 (Brier 1950). NaN without weight.
double Brier(std::span<const ScoredOutcome> outcomes, std::span<const double> weights = {});

// One bin of a reliability diagram; bins have equal width, the last includes 1.
struct CalibrationBin {
  double weight = 0;
  double mean_score = 0;      // NaN when empty
  double positive_share = 0;  // NaN when empty
};
std::vector<CalibrationBin> Calibrate(std::span<const ScoredOutcome> outcomes, int bins,
                                      std::span<const double> weights = {});

// Expected calibration error: mean of |mean_score - positive_share| weighted by the bins' weights
// (Naeini, Cooper, Hauskrecht 2015). NaN without weight.
double ExpectedCalibrationError(std::span<const CalibrationBin> bins);

}  // namespace mores::stats

#endif  // MORES_STATS_PROBABILITY_H_
