#include "train/preference/preference_loss.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <random>

namespace mores::train {
namespace {

using Kind = PreferenceLossKind;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

// A step's log-probabilities, which spans look into.
struct StepData {
  struct Completion {
    std::vector<float> policy, reference, log_square_sums;
    bool wanted = true;
    double weight = 1;
  };
  std::vector<Completion> completions;
  double kl = 0;

  std::vector<CompletionLogps> Logps(const PreferenceLoss& loss) const {
    std::vector<CompletionLogps> logps;
    for (const Completion& completion : completions) {
      CompletionLogps& one = logps.emplace_back();
      one.policy = completion.policy;
      if (loss.NeedsReference()) one.reference = completion.reference;
      if (loss.weighted) one.log_square_sums = completion.log_square_sums;
      one.wanted = completion.wanted;
      one.weight = completion.weight;
    }
    return logps;
  }

  StepFigures Figures(const PreferenceLoss& loss) const {
    StepFigures step{.kl = kl};
    const size_t by = loss.Unpaired() ? 1 : 2;
    for (size_t i = 0; i < completions.size(); i += by) {
      step.pairs += completions[i].weight;
      step.chosen_tokens +=
          completions[i].weight * static_cast<double>(completions[i].policy.size());
    }
    return step;
  }
};

// Figures are multiples of 2^-12, so that steps of 2^-8 from them are exact in float32.
std::vector<float> RandomLogps(size_t tokens, std::mt19937& random) {
  std::vector<float> logps;
  for (size_t i = 0; i < tokens; ++i) {
    logps.push_back(-static_cast<float>(64 + random() % 8192) / 4096);
  }
  return logps;
}

StepData RandomStep(const std::vector<size_t>& lengths, uint32_t seed) {
  std::mt19937 random(seed);
  StepData data;
  for (const size_t tokens : lengths) {
    StepData::Completion& completion = data.completions.emplace_back();
    completion.policy = RandomLogps(tokens, random);
    completion.reference = RandomLogps(tokens, random);
    completion.log_square_sums = RandomLogps(tokens, random);
    completion.wanted = data.completions.size() % 2 == 1;
  }
  return data;
}

struct Outcome {
  double loss = 0;
  std::vector<PairFigures> figures;
  std::vector<float> gradients;
};

Outcome Compute(const PreferenceLoss& loss, const StepData& data) {
  const Status status = CheckPreferenceLoss(loss);
  EXPECT_TRUE(status) << status.error().message;
  size_t tokens = 0;
  for (const auto& completion : data.completions) tokens += completion.policy.size();
  Outcome outcome{.gradients = std::vector<float>(tokens)};
  outcome.figures = PreferenceLossOf(loss, data.Figures(loss), data.Logps(loss), outcome.gradients);
  for (const PairFigures& figures : outcome.figures) outcome.loss += figures.loss;
  return outcome;
}

PreferenceLoss Of(Kind kind) {
  PreferenceLoss loss{.terms = {{.kind = kind}}, .beta = 0.25};
  if (kind == Kind::kExoPair || kind == Kind::kRobust || kind == Kind::kCdpo ||
      kind == Kind::kAot || kind == Kind::kAotUnpaired) {
    loss.label_smoothing = 0.125;
  }
  return loss;
}

// One pair of single tokens with these log ratios.
StepData OnePair(float chosen_ratio, float rejected_ratio) {
  return {.completions = {{.policy = {chosen_ratio}, .reference = {0}},
                          {.policy = {rejected_ratio}, .reference = {0}, .wanted = false}}};
}

// By a five-point stencil. `weighted` losses hold their weights fixed, so they aren't asked here.
void ExpectGradientsOfDifferences(const PreferenceLoss& loss, StepData data, const char* what) {
  SCOPED_TRACE(what);
  constexpr float kStep = 1.0F / 256;
  const std::vector<float> gradients = Compute(loss, data).gradients;
  size_t place = 0;
  for (auto& completion : data.completions) {
    for (float& logp : completion.policy) {
      const float at = logp;
      const auto loss_at = [&](int steps) {
        logp = at + static_cast<float>(steps) * kStep;
        return Compute(loss, data).loss;
      };
      const double slope =
          (loss_at(-2) - 8 * loss_at(-1) + 8 * loss_at(1) - loss_at(2)) / (12 * kStep);
      logp = at;
      EXPECT_NEAR(gradients[place], slope, 1e-6 * std::max(1.0, std::abs(slope))) << place;
      ++place;
    }
  }
}

TEST(PreferenceLoss, EveryLossHasTheGradientsOfItsDifferences) {
  for (const Kind kind : PreferenceLossKinds()) {
    StepData data = RandomStep({5, 3, 1, 4, 2, 2}, 7);
    data.kl = 0.5;
    const std::string name(Name(kind));
    ExpectGradientsOfDifferences(Of(kind), data, name.c_str());
    if (kind == Kind::kKto) continue;
    PreferenceLoss desensitised = Of(kind);
    desensitised.length_desensitised = 0.25;
    ExpectGradientsOfDifferences(desensitised, data, (name + " desensitised").c_str());
    data.completions[2].weight = 3;
    data.completions[4].weight = 0.5;
    ExpectGradientsOfDifferences(Of(kind), data, (name + " of weighted examples").c_str());
  }
}

TEST(PreferenceLoss, EveryDivergenceHasTheGradientsOfItsDifferences) {
  const StepData data = RandomStep({5, 3, 1, 4, 2, 2}, 11);
  for (const Kind kind : PreferenceLossKinds()) {
    for (const Divergence divergence :
         {Divergence::kForwardKl, Divergence::kJs, Divergence::kAlpha}) {
      PreferenceLoss loss = Of(kind);
      loss.divergence = divergence;
      loss.alpha_divergence = 0.3;
      if (!CheckPreferenceLoss(loss)) continue;
      const std::string what = std::string(Name(kind)) + " " + std::string(Name(divergence));
      ExpectGradientsOfDifferences(loss, data, what.c_str());
    }
  }
}

TEST(PreferenceLoss, AMixtureIsTheWeightedSumOfItsTerms) {
  const StepData data = RandomStep({5, 3, 1, 4, 2, 2}, 13);
  PreferenceLoss mixture{.terms = {}, .beta = 0.25, .label_smoothing = 0.125};
  Outcome sum;
  sum.gradients.resize(17);
  double weight = 0.25;
  for (const Kind kind : PreferenceLossKinds()) {
    if (kind == Kind::kKto) continue;
    mixture.terms.push_back({.kind = kind, .weight = weight});
    PreferenceLoss alone = mixture;
    alone.terms = {{.kind = kind}};
    if (!CheckPreferenceLoss(alone)) alone.label_smoothing = 0;
    const Outcome one = Compute(alone, data);
    sum.loss += weight * one.loss;
    for (size_t i = 0; i < sum.gradients.size(); ++i) {
      sum.gradients[i] += static_cast<float>(weight) * one.gradients[i];
    }
    weight += 0.125;
  }
  const Outcome outcome = Compute(mixture, data);
  EXPECT_NEAR(outcome.loss, sum.loss, 1e-12 * sum.loss);
  for (size_t i = 0; i < sum.gradients.size(); ++i) {
    EXPECT_NEAR(outcome.gradients[i], sum.gradients[i], 1e-4) << i;
  }
  ExpectGradientsOfDifferences(mixture, data, "mixture");
}

TEST(PreferenceLoss, SumsOverMicroBatchesAreTheStep) {
  StepData whole = RandomStep({5, 3, 1, 4, 2, 2}, 17);
  whole.completions[2].weight = 3;
  for (const Kind kind : PreferenceLossKinds()) {
    const PreferenceLoss loss = Of(kind);
    if (loss.Coupled() && !loss.Unpaired()) continue;
    const Outcome at_once = Compute(loss, whole);
    double sum = 0;
    std::vector<float> gradients;
    for (size_t i = 0; i < whole.completions.size(); i += 2) {
      StepData part;
      part.completions.assign(whole.completions.begin() + static_cast<std::ptrdiff_t>(i),
                              whole.completions.begin() + static_cast<std::ptrdiff_t>(i) + 2);
      std::vector<float> of_part(part.completions[0].policy.size() +
                                 part.completions[1].policy.size());
      for (const PairFigures& figures :
           PreferenceLossOf(loss, whole.Figures(loss), part.Logps(loss), of_part)) {
        sum += figures.loss;
      }
      gradients.insert(gradients.end(), of_part.begin(), of_part.end());
    }
    EXPECT_NEAR(sum, at_once.loss, 1e-12) << Name(kind);
    EXPECT_EQ(gradients, at_once.gradients) << Name(kind);
  }
}

TEST(PreferenceLoss, StartsWhereTheTheorySays) {
  const double ln2 = std::numbers::ln2;
  const auto at_start = [](Kind kind) { return LossAtStart(Of(kind)).value_or(-1); };
  for (const Kind kind : {Kind::kSigmoid, Kind::kRobust, Kind::kCdpo, Kind::kAot,
                          Kind::kAotUnpaired, Kind::kSigmoidNorm}) {
    EXPECT_DOUBLE_EQ(at_start(kind), ln2) << Name(kind);
  }
  EXPECT_DOUBLE_EQ(at_start(Kind::kHinge), 1);
  EXPECT_DOUBLE_EQ(at_start(Kind::kIpo), 4);  // (1 / (2 * 0.25))^2
  EXPECT_DOUBLE_EQ(at_start(Kind::kSppoHard), 8);
  EXPECT_DOUBLE_EQ(at_start(Kind::kNcaPair), 2 * ln2);
  EXPECT_DOUBLE_EQ(at_start(Kind::kBcoPair), 2 * ln2);
  EXPECT_DOUBLE_EQ(at_start(Kind::kApoZero), 1);
  EXPECT_DOUBLE_EQ(at_start(Kind::kApoDown), 1);
  EXPECT_DOUBLE_EQ(at_start(Kind::kDiscopop), 0.5 * ln2 + 0.5);
  EXPECT_DOUBLE_EQ(at_start(Kind::kKto), 0.5);
  EXPECT_DOUBLE_EQ(at_start(Kind::kExoPair), -ln2 - 0.5 * std::log(0.125 * 0.875));
  for (const Kind kind : {Kind::kSft, Kind::kSimpo, Kind::kOrpo}) {
    EXPECT_FALSE(LossAtStart(Of(kind))) << Name(kind);
  }
  PreferenceLoss mixture{.terms = {{.kind = Kind::kSigmoid, .weight = 2}, {.kind = Kind::kHinge}}};
  EXPECT_DOUBLE_EQ(LossAtStart(mixture).value_or(-1), 2 * ln2 + 1);
  mixture.weighted = true;
  EXPECT_FALSE(LossAtStart(mixture));
  PreferenceLoss uneven = Of(Kind::kKto);
  uneven.desirable_weight = 2;
  EXPECT_FALSE(LossAtStart(uneven));
  PreferenceLoss by_length = Of(Kind::kIpo);
  by_length.divergence = Divergence::kJs;
  EXPECT_FALSE(LossAtStart(by_length));
}

TEST(PreferenceLoss, WhatStartsSomewhereDoesSoOnAnyPairs) {
  for (const Kind kind : PreferenceLossKinds()) {
    for (const Divergence divergence :
         {Divergence::kReverseKl, Divergence::kForwardKl, Divergence::kJs, Divergence::kAlpha}) {
      PreferenceLoss loss = Of(kind);
      loss.divergence = divergence;
      if (!CheckPreferenceLoss(loss)) continue;
      const std::optional<double> expected = LossAtStart(loss);
      StepData data = RandomStep({5, 3, 1, 4, 2, 7}, 19);
      for (auto& completion : data.completions) completion.reference = completion.policy;
      data.completions[0].weight = 0.5;
      const Outcome outcome = Compute(loss, data);
      if (expected) {
        EXPECT_NEAR(outcome.loss, *expected, 1e-12) << Name(kind) << " " << Name(divergence);
        for (const PairFigures& figures : outcome.figures) {
          EXPECT_EQ(figures.chosen_reward, 0);
          EXPECT_EQ(figures.rejected_reward, 0);
        }
      }
    }
  }
}

// What swapping chosen and rejected does to a loss of their margin.
TEST(PreferenceLoss, SwappedPairsTurnTheMargin) {
  for (const Kind kind : {Kind::kSigmoid, Kind::kHinge, Kind::kSigmoidNorm, Kind::kRobust}) {
    const Outcome there = Compute(Of(kind), OnePair(-1, -3));
    const Outcome back = Compute(Of(kind), OnePair(-3, -1));
    EXPECT_LT(there.loss, back.loss) << Name(kind);
    EXPECT_LT(there.gradients[0], 0) << Name(kind);
    EXPECT_FLOAT_EQ(there.gradients[0], -there.gradients[1]) << Name(kind);
    EXPECT_EQ(there.figures[0].chosen_reward, back.figures[0].rejected_reward) << Name(kind);
  }
  // -log s(x) less -log s(-x) is -x.
  const double there = Compute(Of(Kind::kSigmoid), OnePair(-1, -3)).loss;
  const double back = Compute(Of(Kind::kSigmoid), OnePair(-3, -1)).loss;
  EXPECT_NEAR(there - back, -0.25 * 2, 1e-12);
}

TEST(PreferenceLoss, EqualCompletionsTeachAMarginNothing) {
  StepData data = RandomStep({4, 4}, 23);
  data.completions[1] = data.completions[0];
  for (const Kind kind : {Kind::kSigmoid, Kind::kSimpo, Kind::kSigmoidNorm}) {
    PreferenceLoss loss = Of(kind);
    loss.simpo_gamma = 0;
    const Outcome outcome = Compute(loss, data);
    EXPECT_NEAR(outcome.loss, std::numbers::ln2, 1e-12) << Name(kind);
    for (size_t t = 0; t < 4; ++t) {
      EXPECT_FLOAT_EQ(outcome.gradients[t], -outcome.gradients[4 + t]) << Name(kind);
    }
  }
}

TEST(PreferenceLoss, HugeRatiosStayFinite) {
  for (const Kind kind : PreferenceLossKinds()) {
    for (const auto& [chosen, rejected] :
         {std::pair(-4000.0F, -1.0F), std::pair(-1.0F, -4000.0F), std::pair(-4000.0F, -4000.0F)}) {
      const Outcome outcome = Compute(Of(kind), OnePair(chosen, rejected));
      // e^1000 of discopop is let through by a share that vanishes faster.
      EXPECT_TRUE(std::isfinite(outcome.loss)) << Name(kind) << " " << chosen;
      for (const float gradient : outcome.gradients) {
        EXPECT_TRUE(std::isfinite(gradient)) << Name(kind) << " " << chosen;
      }
    }
  }
  EXPECT_NEAR(Compute(Of(Kind::kSigmoid), OnePair(-4000, 0)).loss, 1000, 1e-9);
  EXPECT_EQ(Compute(Of(Kind::kSigmoid), OnePair(0, -4000)).loss, 0);
}

TEST(PreferenceLoss, ForwardDivergenceOfAnImpossibleRejectedIsFlat) {
  PreferenceLoss loss = Of(Kind::kSigmoid);
  loss.divergence = Divergence::kForwardKl;
  const Outcome outcome = Compute(loss, OnePair(0, -4000));
  EXPECT_EQ(outcome.loss, 0);
  EXPECT_EQ(outcome.gradients, std::vector<float>({0, 0}));
  // Both infinite: there is no difference, and nobody may take it for one.
  loss.terms = {{.kind = Kind::kHinge}};
  EXPECT_TRUE(std::isnan(Compute(loss, OnePair(-4000, -4000)).loss));
}

TEST(PreferenceLoss, AlphaDivergenceStopsAtEighty) {
  PreferenceLoss loss = Of(Kind::kSppoHard);
  loss.divergence = Divergence::kAlpha;
  loss.alpha_divergence = 2;
  StepData data = OnePair(0, 0);
  data.completions[0].reference = {-90};  // a ratio of 90
  const double power = std::exp(80.0);
  const Outcome outcome = Compute(loss, data);
  EXPECT_NEAR(outcome.loss / (power * power), 1, 1e-12);
  EXPECT_EQ(outcome.gradients[0], 0);
  EXPECT_NE(outcome.gradients[1], 0);
  loss.alpha_divergence = 1 + 1e-7;  // the limit: the log ratio
  EXPECT_DOUBLE_EQ(Compute(loss, data).loss, (90 - 2) * (90 - 2) + 4);
}

TEST(PreferenceLoss, SureTokensHaveFiniteOdds) {
  for (const auto& [chosen, rejected] :
       {std::pair(0.0F, -1.0F), std::pair(-1.0F, 0.0F), std::pair(0.0F, 0.0F)}) {
    const Outcome outcome = Compute(Of(Kind::kOrpo), OnePair(chosen, rejected));
    EXPECT_TRUE(std::isfinite(outcome.loss)) << chosen << " " << rejected;
    EXPECT_TRUE(std::isfinite(outcome.gradients[0])) << chosen << " " << rejected;
    EXPECT_TRUE(std::isfinite(outcome.gradients[1])) << chosen << " " << rejected;
  }
}

TEST(PreferenceLoss, NothingThatIsNotFiniteHides) {
  for (const Kind kind : PreferenceLossKinds()) {
    const PreferenceLoss loss = Of(kind);
    for (const float broken : {kNotANumber, kInfinity, -kInfinity}) {
      for (size_t place = 0; place < 4; ++place) {
        const bool reference = place >= 2;
        if (reference && !loss.NeedsReference()) continue;
        StepData data = RandomStep({2, 3, 2, 2}, 29);
        auto& completion = data.completions[place % 2];
        (reference ? completion.reference : completion.policy)[1] = broken;
        const Outcome outcome = Compute(loss, data);
        EXPECT_TRUE(std::isnan(outcome.loss)) << Name(kind) << " " << broken << " " << place;
        EXPECT_TRUE(std::isnan(outcome.gradients[place % 2 == 0 ? 0 : 2])) << Name(kind);
      }
    }
  }
  PreferenceLoss weighted = Of(Kind::kHinge);
  weighted.weighted = true;
  StepData data = RandomStep({2, 3}, 31);
  data.completions[1].log_square_sums[0] = kNotANumber;
  EXPECT_TRUE(std::isnan(Compute(weighted, data).loss));
  StepData unpaired = RandomStep({2, 3}, 31);
  unpaired.kl = kNotANumber;
  EXPECT_TRUE(std::isnan(Compute(Of(Kind::kKto), unpaired).loss));
}

TEST(PreferenceLoss, WeightsOfPairsAreHeldFixed) {
  PreferenceLoss loss = Of(Kind::kSigmoid);
  loss.weighted = true;
  StepData data = OnePair(-1, -3);
  data.completions[0].log_square_sums = {-0.5F};
  data.completions[1].log_square_sums = {-0.25F};
  const Outcome outcome = Compute(loss, data);
  PreferenceLoss plain = Of(Kind::kSigmoid);
  const Outcome without = Compute(plain, data);
  const double weight = std::exp((-1 + 0.5) + (-3 + 0.25));
  EXPECT_NEAR(outcome.loss, weight * without.loss, 1e-12);
  EXPECT_NEAR(outcome.gradients[0], weight * without.gradients[0], 1e-7);
}

TEST(PreferenceLoss, LikelihoodIsAMeanOverTokensNotPairs) {
  const StepData data = {
      .completions = {
          {.policy = {-1, -1, -1}}, {.policy = {-9}}, {.policy = {-5}}, {.policy = {-9}}}};
  const Outcome outcome = Compute(Of(Kind::kSft), data);
  EXPECT_DOUBLE_EQ(outcome.loss, 2);
  EXPECT_EQ(outcome.gradients, std::vector<float>({-0.25, -0.25, -0.25, 0, -0.25, 0}));
}

TEST(PreferenceLoss, WantedAndUnwantedHaveTheirOwnWeights) {
  PreferenceLoss loss = Of(Kind::kKto);
  loss.desirable_weight = 3;
  StepData data = OnePair(0, 0);
  data.kl = -5;  // clamped
  const Outcome outcome = Compute(loss, data);
  EXPECT_DOUBLE_EQ(outcome.figures[0].loss, 0.5 * 3 * 0.5);
  EXPECT_DOUBLE_EQ(outcome.figures[1].loss, 0.5 * 0.5);
  EXPECT_LT(outcome.gradients[0], 0);
  EXPECT_GT(outcome.gradients[1], 0);
  data.kl = 4;
  const double wanted = 1 - 1 / (1 + std::exp(0.25 * 4));
  EXPECT_NEAR(Compute(loss, data).figures[0].loss, 0.5 * 3 * wanted, 1e-12);
}

TEST(PreferenceLoss, RewardsWithoutAReferenceAreMeans) {
  const StepData data = {.completions = {{.policy = {-1, -3}}, {.policy = {-8}}}};
  const Outcome simpo = Compute(Of(Kind::kSimpo), data);
  EXPECT_DOUBLE_EQ(simpo.figures[0].chosen_reward, -0.25 * 2);
  EXPECT_DOUBLE_EQ(simpo.figures[0].rejected_reward, -0.25 * 8);
  EXPECT_DOUBLE_EQ(simpo.figures[0].chosen_logp, -4);
  EXPECT_DOUBLE_EQ(Compute(Of(Kind::kOrpo), data).figures[0].chosen_reward, -0.1 * 2);
}

std::string Refusal(const PreferenceLoss& loss) {
  const Status status = CheckPreferenceLoss(loss);
  return status ? "" : status.error().message;
}

TEST(PreferenceLoss, RefusesWhatCannotBe) {
  const auto changed = [](Kind kind, auto change) {
    PreferenceLoss loss = Of(kind);
    change(loss);
    return Refusal(loss);
  };
  EXPECT_EQ(changed(Kind::kSigmoid, [](auto& loss) { loss.terms.clear(); }),
            "field 'loss_type': names no loss");
  EXPECT_EQ(changed(Kind::kSft, [](auto& loss) { loss.terms.push_back({.kind = Kind::kKto}); }),
            "field 'loss_type': 'kto' learns from single completions, the others from pairs; they "
            "don't mix");
  EXPECT_EQ(changed(Kind::kSft, [](auto& loss) { loss.terms.push_back({.kind = Kind::kSft}); }),
            "field 'loss_type': names 'sft' twice");
  EXPECT_EQ(changed(Kind::kExoPair, [](auto& loss) { loss.label_smoothing = 0; }),
            "field 'label_smoothing': must be above 0 for 'exo_pair'; its authors use 0.001");
  EXPECT_EQ(changed(Kind::kHinge, [](auto& loss) { loss.label_smoothing = 0.1; }),
            "field 'label_smoothing': means nothing to 'hinge'; 'cdpo' and 'robust' have it");
  EXPECT_EQ(changed(Kind::kRobust, [](auto& loss) { loss.label_smoothing = 0.5; }),
            "field 'label_smoothing': must be at least 0 and below 0.5");
  EXPECT_EQ(changed(Kind::kSimpo, [](auto& loss) { loss.divergence = Divergence::kJs; }),
            "field 'f_divergence_type': means nothing to 'simpo'");
  EXPECT_EQ(changed(Kind::kAot, [](auto& loss) { loss.weighted = true; }),
            "field 'use_weighting': doesn't go with 'aot', which looks beyond single pairs");
  EXPECT_EQ(changed(Kind::kKto, [](auto& loss) { loss.length_desensitised = 0.5; }),
            "field 'ld_alpha': means nothing to 'kto': it compares the lengths of a pair");
  EXPECT_EQ(changed(Kind::kSft, [](auto& loss) { loss.beta = NAN; }),
            "field 'beta': must be a finite number above 0");
  EXPECT_EQ(changed(Kind::kSft, [](auto& loss) { loss.terms[0].weight = INFINITY; }),
            "field 'loss_weights': must be finite numbers, none below 0");
  EXPECT_EQ(changed(Kind::kSft, [](auto& loss) { loss.terms[0].weight = 0; }),
            "field 'loss_weights': are all 0: nothing is learned");
  for (const Kind kind : PreferenceLossKinds()) EXPECT_EQ(Refusal(Of(kind)), "") << Name(kind);
}

TEST(PreferenceLoss, JsonHoldsWhatShapesTheNumbersAlone) {
  EXPECT_EQ(DumpJson(ToJson(PreferenceLoss{})),
            R"({"loss_type":["sigmoid"],"loss_weights":[1.0],"beta":0.1,)"
            R"("f_divergence_type":"reverse_kl","ld_alpha":1.0,"use_weighting":false})");
  EXPECT_EQ(DumpJson(ToJson(Of(Kind::kKto))),
            R"({"loss_type":["kto"],"loss_weights":[1.0],"beta":0.25,)"
            R"("desirable_weight":1.0,"undesirable_weight":1.0})");
  PreferenceLoss other;
  other.simpo_gamma = 3;  // read by no term
  EXPECT_EQ(ToJson(other), ToJson(PreferenceLoss{}));
}

}  // namespace
}  // namespace mores::train
