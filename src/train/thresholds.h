// The threshold of each language, chosen on validation scores.
#ifndef MORES_TRAIN_THRESHOLDS_H_
#define MORES_TRAIN_THRESHOLDS_H_

#include <span>
#include <string>
#include <vector>

namespace mores::train {

struct ScoredLabel {
  double p_unsafe = 0.5;
  bool unsafe = false;
  std::string source;
};

// The p_unsafe above which an item should be called unsafe: maximises balanced accuracy averaged
// over sources, smoothed over neighbouring log-odds so that no single item decides, and drawn
// towards one half: of all thresholds within half a standard error of the best, the one nearest to
// one half. Sources with one label only don't count. 0.5 when there is nothing to choose by.
double ChooseThreshold(std::span<const ScoredLabel> scores);

// Mean over sources (those with both labels) of (recall of safe + recall of unsafe) / 2 at a
// threshold; NaN without any such source.
double MacroBalancedAccuracy(std::span<const ScoredLabel> scores, double threshold);

}  // namespace mores::train

#endif  // MORES_TRAIN_THRESHOLDS_H_
