// The losses of preference training: of what a pair's log-probabilities are, values and
// derivatives. Pure functions; what each is and where it comes from: docs/formats/preferences.md.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_LOSS_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_LOSS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::train {

enum class PreferenceLossKind {
  kSigmoid,
  kHinge,
  kIpo,
  kExoPair,
  kNcaPair,
  kRobust,
  kCdpo,
  kBcoPair,
  kSppoHard,
  kAot,
  kAotUnpaired,
  kApoZero,
  kApoDown,
  kDiscopop,
  kSigmoidNorm,
  kSft,
  kSimpo,
  kOrpo,
  kKto,
};
std::string_view Name(PreferenceLossKind kind);  // as recipes have it: "sigmoid"

enum class Divergence { kReverseKl, kForwardKl, kJs, kAlpha };

struct PreferenceLossTerm {
  PreferenceLossKind kind = PreferenceLossKind::kSigmoid;
  double weight = 1;
};

struct PreferenceLoss {
  std::vector<PreferenceLossTerm> terms = {{}};
  double beta = 0.1;
  double label_smoothing = 0;  // of kRobust, kCdpo, kExoPair, kAot, kAotUnpaired
  Divergence divergence = Divergence::kReverseKl;
  double alpha_divergence = 0.5;   // of Divergence::kAlpha
  double length_desensitised = 1;  // tokens past the shorter completion's length count so much
  bool weighted = false;           // WPO: pairs weighed by how likely the policy is to say them
  double discopop_tau = 0.05;
  double simpo_gamma = 0.5;
  double orpo_lambda = 0.1;
  double desirable_weight = 1, undesirable_weight = 1;  // of kKto

  bool NeedsReference() const;  // any term does
  bool Unpaired() const;        // kKto: each completion by itself
  // Terms that look at the whole step's pairs at once (kAot*, kKto).
  bool Coupled() const;
};

// kUsage-like kInput, the field named, for what can't be: mixtures of paired and unpaired terms,
// smoothing where it is not allowed (kExoPair needs it), divergences with losses that have no log
// ratio, a weight that isn't finite.
Status CheckPreferenceLoss(const PreferenceLoss& loss);

// One completion: its log-probabilities by token under the policy (natural logarithms), and their
// sums under the reference. `rows`.
struct CompletionLogps {
  std::span<const float> policy;     // [tokens]
  std::span<const float> reference;  // [tokens]; empty where no term needs it
  // Of each token's log of the sum over the vocabulary of p^2, for `weighted`; else empty.
  std::span<const float> log_square_sums;
  bool wanted = true;  // kKto
  int32_t pair = 0;    // index of its pair; chosen and rejected share one
};

// Of the step's completions: pairs as (chosen, rejected) next to each other, or single ones for
// kKto. `kl`: for kKto, mean over the step of policy less reference of mismatched pairs, before
// it is clamped at 0. `chosen_tokens`: of the whole step, what kSft's and kOrpo's means are over.
struct StepFigures {
  int64_t pairs = 0;  // of the step, all micro-batches together; single completions for kKto
  int64_t chosen_tokens = 0;
  int64_t wanted = 0, unwanted = 0;  // for kKto
  double kl = 0;
};

struct PairFigures {
  double loss = 0;  // this pair's share of the step's, already divided
  double chosen_reward = 0, rejected_reward = 0;  // beta times the log ratio
  double chosen_logp = 0, rejected_logp = 0;      // sums under the policy
};

// For completions of whole pairs: the loss, and d(loss)/d(policy log-probability) of every token,
// in `gradients` [sum of tokens], completion after completion. For Coupled terms give the whole
// step's completions in one call.
std::vector<PairFigures> PreferenceLossOf(const PreferenceLoss& loss, const StepFigures& step,
                                          std::span<const CompletionLogps> completions,
                                          std::span<float> gradients);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_LOSS_H_
