// The losses of preference training: of what a pair's log-probabilities are, values and
// derivatives. Pure functions; what each is and where it comes from: docs/formats/preferences.md.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_LOSS_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_LOSS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

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
std::span<const PreferenceLossKind> PreferenceLossKinds();

enum class Divergence { kReverseKl, kForwardKl, kJs, kAlpha };
std::string_view Name(Divergence divergence);  // as recipes have it: "reverse_kl"

struct PreferenceLossTerm {
  PreferenceLossKind kind = PreferenceLossKind::kSigmoid;
  double weight = 1;
};

struct PreferenceLoss {
  std::vector<PreferenceLossTerm> terms = {{}};
  double beta = 0.1;
  double label_smoothing = 0;  // of kRobust, kCdpo, kExoPair, kAot, kAotUnpaired, kSimpo
  Divergence divergence = Divergence::kReverseKl;
  double alpha_divergence = 0.5;   // of Divergence::kAlpha
  double length_desensitised = 1;  // tokens past the shorter completion's length count so much
  bool weighted = false;           // WPO: pairs weighed by how likely the policy is to say them
  double discopop_tau = 0.05;
  double simpo_gamma = 0.5;
  double orpo_lambda = 0.1;
  double desirable_weight = 1, undesirable_weight = 1;  // of kKto

  bool Has(PreferenceLossKind kind) const;
  bool NeedsReference() const;  // any term does
  bool Unpaired() const;        // kKto: each completion by itself
  // Terms that look at the whole step's pairs at once (kAot*, kKto).
  bool Coupled() const;
};

// The first thing that can't be, if any: mixtures of paired and unpaired terms, smoothing where no
// term has it (kExoPair needs it), a divergence, weighting or length desensitisation with losses
// that have none, numbers that aren't finite or out of range.
struct LossProblem {
  std::string field;  // as recipes have it: "label_smoothing"
  std::string problem;
};
std::optional<LossProblem> FindLossProblem(const PreferenceLoss& loss);
// The same as kInput "field 'label_smoothing': ...".
Status CheckPreferenceLoss(const PreferenceLoss& loss);

// All that shapes the numbers, and nothing else: fields that no term reads are left out.
Json ToJson(const PreferenceLoss& loss);

// The loss of any pairs whose policy is the reference; none where it depends on the data.
std::optional<double> LossAtStart(const PreferenceLoss& loss);

// One completion: its log-probabilities by token (natural logarithms), at least one token.
struct CompletionLogps {
  std::span<const float> policy;     // [tokens]
  std::span<const float> reference;  // [tokens]; empty where no term needs it
  // Of each token's log of the sum over the vocabulary of p^2, for `weighted`; else empty.
  std::span<const float> log_square_sums;
  bool wanted = true;  // kKto
  double weight = 1;   // of its example; of pairs the chosen one's counts
};

// What means are over: of the whole step, all micro-batches together. Examples count by their
// weights, so sums of them are no whole numbers where weights aren't.
struct StepFigures {
  double pairs = 0;          // sum of weights; of single completions for kKto
  double chosen_tokens = 0;  // sum of weight times tokens of chosen completions: kSft, kOrpo
  // For kKto: mean over the step of policy less reference, summed over tokens, of completions with
  // prompts that aren't theirs, before it is clamped at 0.
  double kl = 0;
};

struct PairFigures {
  double loss = 0;  // this pair's share of the step's, already divided
  // beta times the log ratio; without a reference beta (of kOrpo alone: lambda) times the mean
  // log-probability. Of kKto only that of the completion's own kind.
  double chosen_reward = 0, rejected_reward = 0;
  double chosen_logp = 0, rejected_logp = 0;  // sums under the policy
};

// For completions of whole pairs, (chosen, rejected) next to each other, or single ones for kKto:
// the loss, and d(loss)/d(policy log-probability) of every token, in `gradients` [sum of tokens],
// completion after completion. For Coupled terms other than kKto give the whole step's completions
// in one call. REQUIRES: CheckPreferenceLoss is fine.
//
// Where a log-probability that a term needs isn't finite, the pair's loss is a NaN, and so are its
// gradients (for Coupled terms all): a sum of losses that is finite means that every input was.
std::vector<PairFigures> PreferenceLossOf(const PreferenceLoss& loss, const StepFigures& step,
                                          std::span<const CompletionLogps> completions,
                                          std::span<float> gradients);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_LOSS_H_
