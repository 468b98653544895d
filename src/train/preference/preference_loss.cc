#include "train/preference/preference_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "train/preference/preference_terms.h"

namespace mores::train {
namespace {

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

// A pair as it is summed up before any term looks at it.
struct MeasuredPair {
  SideMeasure chosen, rejected;
  size_t chosen_tokens = 0, rejected_tokens = 0;
  size_t shared_tokens = 0;  // the shorter one's
  double chosen_nll = 0;     // every token counting in full
  double weight = 1;         // of the example
  double likelihood = 1;     // WPO's factor, where the loss is weighted
  bool finite = true;
};

// What the terms say of a pair, already scaled.
struct PairGradient {
  double loss = 0;
  double by_chosen = 0, by_rejected = 0;  // by the policy's sums
  double by_chosen_token = 0;             // by each token, beside its part in the sum

  void Add(const PairTerm& term, double scale) {
    loss += scale * term.value;
    by_chosen += scale * term.by_chosen;
    by_rejected += scale * term.by_rejected;
  }
};

double SumOf(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

double PartSum(std::span<const float> values, size_t shared, double after) {
  shared = std::min(shared, values.size());
  return SumOf(values.first(shared)) + after * SumOf(values.subspan(shared));
}

bool AllFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

bool HasFiniteInputs(const CompletionLogps& completion) {
  return AllFinite(completion.policy) && AllFinite(completion.reference) &&
         AllFinite(completion.log_square_sums);
}

SideMeasure MeasureSide(const PreferenceLoss& loss, const CompletionLogps& completion,
                        size_t shared) {
  const double after = loss.length_desensitised;
  SideMeasure side{.tokens = static_cast<double>(completion.policy.size()),
                   .policy = PartSum(completion.policy, shared, after)};
  side.ratio = side.policy - PartSum(completion.reference, shared, after);
  side.score = ScoreOf(loss, side.ratio);
  return side;
}

// Mean over tokens of log p - log(sum p^2).
double AlignedLogp(const CompletionLogps& completion) {
  return (SumOf(completion.policy) - SumOf(completion.log_square_sums)) /
         static_cast<double>(completion.policy.size());
}

void CheckShapes(const PreferenceLoss& loss, const CompletionLogps& completion) {
  MORES_CHECK(!completion.policy.empty());
  const size_t tokens = completion.policy.size();
  MORES_CHECK(!loss.NeedsReference() || completion.reference.size() == tokens);
  MORES_CHECK(!loss.weighted || completion.log_square_sums.size() == tokens);
}

MeasuredPair MeasurePair(const PreferenceLoss& loss, const CompletionLogps& chosen,
                         const CompletionLogps& rejected) {
  CheckShapes(loss, chosen);
  CheckShapes(loss, rejected);
  MeasuredPair pair{.chosen_tokens = chosen.policy.size(),
                    .rejected_tokens = rejected.policy.size(),
                    .weight = chosen.weight};
  pair.shared_tokens = std::min(pair.chosen_tokens, pair.rejected_tokens);
  pair.chosen = MeasureSide(loss, chosen, pair.shared_tokens);
  pair.rejected = MeasureSide(loss, rejected, pair.shared_tokens);
  pair.chosen_nll = -SumOf(chosen.policy);
  if (loss.weighted) pair.likelihood = std::exp(AlignedLogp(chosen) + AlignedLogp(rejected));
  pair.finite = HasFiniteInputs(chosen) && HasFiniteInputs(rejected);
  return pair;
}

// Places of pairs by a figure of theirs, the smallest first; equal ones as they stand.
template <class Figure>
std::vector<size_t> RankedBy(std::span<const MeasuredPair> pairs, Figure figure) {
  std::vector<size_t> order(pairs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return figure(pairs[a]) < figure(pairs[b]); });
  return order;
}

// The step's differences between policy and reference, each sorted by itself.
void AddAot(const PreferenceLoss& loss, double scale, std::span<const MeasuredPair> pairs,
            std::span<PairGradient> gradients) {
  const auto policy = [](const MeasuredPair& pair) {
    return pair.chosen.policy - pair.rejected.policy;
  };
  const auto reference = [&policy](const MeasuredPair& pair) {
    return policy(pair) - (pair.chosen.ratio - pair.rejected.ratio);
  };
  const std::vector<size_t> by_policy = RankedBy(pairs, policy);
  const std::vector<size_t> by_reference = RankedBy(pairs, reference);
  for (size_t rank = 0; rank < pairs.size(); ++rank) {
    const size_t pair = by_policy[rank];
    const double delta = policy(pairs[pair]) - reference(pairs[by_reference[rank]]);
    const Slope f = SmoothedSigmoid(loss.beta * delta, loss.label_smoothing);
    const double slope = loss.beta * f.slope;
    gradients[pair].Add({.value = f.value, .by_chosen = slope, .by_rejected = -slope},
                        scale * pairs[pair].weight);
  }
}

// The step's ratios of chosen and of rejected completions, each sorted by itself.
void AddAotUnpaired(const PreferenceLoss& loss, double scale, std::span<const MeasuredPair> pairs,
                    std::span<PairGradient> gradients) {
  const std::vector<size_t> by_chosen =
      RankedBy(pairs, [](const MeasuredPair& pair) { return pair.chosen.ratio; });
  const std::vector<size_t> by_rejected =
      RankedBy(pairs, [](const MeasuredPair& pair) { return pair.rejected.ratio; });
  for (size_t rank = 0; rank < pairs.size(); ++rank) {
    const size_t chosen = by_chosen[rank];
    const size_t rejected = by_rejected[rank];
    const double delta = pairs[chosen].chosen.ratio - pairs[rejected].rejected.ratio;
    const Slope f = SmoothedSigmoid(loss.beta * delta, loss.label_smoothing);
    const double slope = loss.beta * f.slope;
    gradients[chosen].Add({.value = f.value, .by_chosen = slope}, scale * pairs[chosen].weight);
    gradients[rejected].Add({.by_rejected = -slope}, scale * pairs[chosen].weight);
  }
}

// Mean over the step's chosen tokens.
void AddChosenLikelihood(double scale, std::span<const MeasuredPair> pairs,
                         std::span<PairGradient> gradients) {
  for (size_t i = 0; i < pairs.size(); ++i) {
    const double of_pair = scale * pairs[i].weight * pairs[i].likelihood;
    gradients[i].loss += of_pair * pairs[i].chosen_nll;
    gradients[i].by_chosen_token -= of_pair;
  }
}

void AddTerm(const PreferenceLoss& loss, const PreferenceLossTerm& term, const StepFigures& step,
             std::span<const MeasuredPair> pairs, std::span<PairGradient> gradients) {
  const double scale = term.weight / step.pairs;
  if (term.kind == PreferenceLossKind::kAot) return AddAot(loss, scale, pairs, gradients);
  if (term.kind == PreferenceLossKind::kAotUnpaired) {
    return AddAotUnpaired(loss, scale, pairs, gradients);
  }
  if (term.kind == PreferenceLossKind::kSft || term.kind == PreferenceLossKind::kOrpo) {
    AddChosenLikelihood(term.weight / step.chosen_tokens, pairs, gradients);
    if (term.kind == PreferenceLossKind::kSft) return;
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    gradients[i].Add(PairTermOf(term.kind, loss, pairs[i].chosen, pairs[i].rejected),
                     scale * pairs[i].weight * pairs[i].likelihood);
  }
}

// Writes one completion's part of `gradients` and moves past it.
struct TokenGradient {
  double by_sum = 0;
  double by_token = 0;
};
void WriteTokens(const TokenGradient& gradient, size_t tokens, size_t shared, double after,
                 std::span<float>& gradients) {
  for (size_t t = 0; t < tokens; ++t) {
    gradients[t] =
        static_cast<float>(gradient.by_token + gradient.by_sum * (t < shared ? 1 : after));
  }
  gradients = gradients.subspan(tokens);
}

double RewardOf(const PreferenceLoss& loss, const SideMeasure& side) {
  if (loss.NeedsReference()) return loss.beta * side.ratio;
  const bool odds_alone = std::all_of(
      loss.terms.begin(), loss.terms.end(),
      [](const PreferenceLossTerm& term) { return term.kind == PreferenceLossKind::kOrpo; });
  return (odds_alone ? loss.orpo_lambda : loss.beta) * side.policy / side.tokens;
}

std::vector<PairFigures> LossOfPairs(const PreferenceLoss& loss, const StepFigures& step,
                                     std::span<const CompletionLogps> completions,
                                     std::span<float> gradients) {
  MORES_CHECK(completions.size() % 2 == 0);
  std::vector<MeasuredPair> pairs;
  for (size_t i = 0; i < completions.size(); i += 2) {
    pairs.push_back(MeasurePair(loss, completions[i], completions[i + 1]));
  }
  std::vector<PairGradient> sums(pairs.size());
  for (const PreferenceLossTerm& term : loss.terms) AddTerm(loss, term, step, pairs, sums);

  const bool all_finite =
      std::all_of(pairs.begin(), pairs.end(), [](const MeasuredPair& pair) { return pair.finite; });
  std::vector<PairFigures> figures;
  for (size_t i = 0; i < pairs.size(); ++i) {
    const MeasuredPair& pair = pairs[i];
    if (!(loss.Coupled() ? all_finite : pair.finite)) {
      sums[i] = {.loss = kNotANumber, .by_chosen = kNotANumber, .by_rejected = kNotANumber};
    }
    const PairGradient& sum = sums[i];
    figures.push_back({.loss = sum.loss,
                       .chosen_reward = RewardOf(loss, pair.chosen),
                       .rejected_reward = RewardOf(loss, pair.rejected),
                       .chosen_logp = pair.chosen.policy,
                       .rejected_logp = pair.rejected.policy});
    WriteTokens({.by_sum = sum.by_chosen, .by_token = sum.by_chosen_token}, pair.chosen_tokens,
                pair.shared_tokens, loss.length_desensitised, gradients);
    WriteTokens({.by_sum = sum.by_rejected}, pair.rejected_tokens, pair.shared_tokens,
                loss.length_desensitised, gradients);
  }
  return figures;
}

std::vector<PairFigures> LossOfCompletions(const PreferenceLoss& loss, const StepFigures& step,
                                           std::span<const CompletionLogps> completions,
                                           std::span<float> gradients) {
  const double zero_point = step.kl > 0 ? step.kl : step.kl * 0;  // a NaN stays one
  std::vector<PairFigures> figures;
  for (const CompletionLogps& completion : completions) {
    CheckShapes(loss, completion);
    const double policy = SumOf(completion.policy);
    const double ratio = policy - SumOf(completion.reference);
    const double scale = loss.terms.front().weight * completion.weight / step.pairs;
    Slope f = KtoOf(loss, ratio, zero_point, completion.wanted);
    if (!HasFiniteInputs(completion)) f = {.value = kNotANumber, .slope = kNotANumber};
    PairFigures& of = figures.emplace_back();
    of.loss = scale * f.value;
    (completion.wanted ? of.chosen_reward : of.rejected_reward) = loss.beta * ratio;
    (completion.wanted ? of.chosen_logp : of.rejected_logp) = policy;
    const size_t tokens = completion.policy.size();
    WriteTokens({.by_sum = scale * f.slope}, tokens, tokens, /*after=*/1, gradients);
  }
  return figures;
}

}  // namespace

std::vector<PairFigures> PreferenceLossOf(const PreferenceLoss& loss, const StepFigures& step,
                                          std::span<const CompletionLogps> completions,
                                          std::span<float> gradients) {
  size_t tokens = 0;
  for (const CompletionLogps& completion : completions) tokens += completion.policy.size();
  MORES_CHECK(gradients.size() == tokens);
  if (loss.Unpaired()) return LossOfCompletions(loss, step, completions, gradients);
  return LossOfPairs(loss, step, completions, gradients);
}

}  // namespace mores::train
