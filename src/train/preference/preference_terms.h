// What single losses are, as functions of a pair's log ratios (docs/formats/preferences.md has the
// formulas and their sources). All in double, finite wherever the true value is.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_TERMS_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_TERMS_H_

#include "train/preference/preference_loss.h"

namespace mores::train {

// A function's value and its derivative.
struct Slope {
  double value = 0;
  double slope = 0;
};

// One completion of a pair. Sums over tokens, those past the shorter completion's length
// multiplied by PreferenceLoss::length_desensitised.
struct SideMeasure {
  double tokens = 1;
  double policy = 0;  // log-probability
  double ratio = 0;   // policy less reference
  Slope score;        // of the ratio, by the divergence
};

// A loss of a pair and its derivatives by the two policy sums.
struct PairTerm {
  double value = 0;
  double by_chosen = 0;
  double by_rejected = 0;
};

// What stands for a log ratio under the loss's divergence.
Slope ScoreOf(const PreferenceLoss& loss, double ratio);

// -(1 - smoothing) log s(x) - smoothing log s(-x), s being the logistic function.
Slope SmoothedSigmoid(double x, double smoothing);

// Of any term but kAot, kAotUnpaired, kSft and kKto; of kOrpo without its likelihood of the chosen.
PairTerm PairTermOf(PreferenceLossKind kind, const PreferenceLoss& loss, const SideMeasure& chosen,
                    const SideMeasure& rejected);

// kKto, by the log ratio; `zero_point` is the clamped divergence.
Slope KtoOf(const PreferenceLoss& loss, double ratio, double zero_point, bool wanted);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_TERMS_H_
