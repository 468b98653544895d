// Names of losses, what can be asked of them, what of it shapes the numbers.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "train/preference/preference_loss.h"
#include "train/preference/preference_terms.h"

namespace mores::train {
namespace {

using Kind = PreferenceLossKind;

// What options mean something to a loss.
struct LossTraits {
  Kind kind;
  std::string_view name;
  bool reference = true;   // needs the reference's log-probabilities
  bool divergence = true;  // reads scores that a divergence has transformed
  bool smoothing = false;
  bool weighting = true;
  bool beta = true;
};

constexpr std::array kLossTraits = {
    LossTraits{.kind = Kind::kSigmoid, .name = "sigmoid"},
    LossTraits{.kind = Kind::kHinge, .name = "hinge"},
    LossTraits{.kind = Kind::kIpo, .name = "ipo"},
    LossTraits{.kind = Kind::kExoPair, .name = "exo_pair", .smoothing = true},
    LossTraits{.kind = Kind::kNcaPair, .name = "nca_pair"},
    LossTraits{.kind = Kind::kRobust, .name = "robust", .smoothing = true},
    LossTraits{.kind = Kind::kCdpo, .name = "cdpo", .smoothing = true},
    LossTraits{.kind = Kind::kBcoPair, .name = "bco_pair"},
    LossTraits{.kind = Kind::kSppoHard, .name = "sppo_hard"},
    LossTraits{.kind = Kind::kAot,
               .name = "aot",
               .divergence = false,
               .smoothing = true,
               .weighting = false},
    LossTraits{.kind = Kind::kAotUnpaired,
               .name = "aot_unpaired",
               .divergence = false,
               .smoothing = true,
               .weighting = false},
    LossTraits{.kind = Kind::kApoZero, .name = "apo_zero", .divergence = false},
    LossTraits{.kind = Kind::kApoDown, .name = "apo_down"},
    LossTraits{.kind = Kind::kDiscopop, .name = "discopop"},
    LossTraits{.kind = Kind::kSigmoidNorm, .name = "sigmoid_norm"},
    LossTraits{
        .kind = Kind::kSft, .name = "sft", .reference = false, .divergence = false, .beta = false},
    LossTraits{.kind = Kind::kSimpo,
               .name = "simpo",
               .reference = false,
               .divergence = false,
               .smoothing = true},
    LossTraits{.kind = Kind::kOrpo,
               .name = "orpo",
               .reference = false,
               .divergence = false,
               .beta = false},
    LossTraits{.kind = Kind::kKto, .name = "kto", .divergence = false, .weighting = false},
};

constexpr auto kLossKinds = [] {
  std::array<Kind, kLossTraits.size()> kinds{};
  for (size_t i = 0; i < kinds.size(); ++i) kinds[i] = kLossTraits[i].kind;
  return kinds;
}();

const LossTraits& TraitsOf(Kind kind) {
  return *std::find_if(kLossTraits.begin(), kLossTraits.end(),
                       [kind](const LossTraits& traits) { return traits.kind == kind; });
}

bool AnyTerm(const PreferenceLoss& loss, bool LossTraits::*trait) {
  return std::any_of(loss.terms.begin(), loss.terms.end(), [trait](const PreferenceLossTerm& term) {
    return TraitsOf(term.kind).*trait;
  });
}

std::string NamesOfTerms(const PreferenceLoss& loss) {
  std::vector<std::string> names;
  for (const PreferenceLossTerm& term : loss.terms) {
    names.push_back(fmt::format("'{}'", Name(term.kind)));
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

using Problem = std::optional<LossProblem>;

Problem BadField(std::string_view field, std::string_view problem) {
  return LossProblem{std::string(field), std::string(problem)};
}

Problem ProblemOfTerms(const PreferenceLoss& loss) {
  if (loss.terms.empty()) return BadField("loss_type", "names no loss");
  bool any = false;
  for (size_t i = 0; i < loss.terms.size(); ++i) {
    const PreferenceLossTerm& term = loss.terms[i];
    if (!std::isfinite(term.weight) || term.weight < 0) {
      return BadField("loss_weights", "must be finite numbers, none below 0");
    }
    any = any || term.weight > 0;
    for (size_t before = 0; before < i; ++before) {
      if (loss.terms[before].kind == term.kind) {
        return BadField("loss_type", fmt::format("names '{}' twice", Name(term.kind)));
      }
    }
  }
  if (!any) return BadField("loss_weights", "are all 0: nothing is learned");
  if (loss.Unpaired() && loss.terms.size() > 1) {
    return BadField("loss_type",
                    "'kto' learns from single completions, the others from pairs; they don't mix");
  }
  return std::nullopt;
}

Problem ProblemOfNumbers(const PreferenceLoss& loss) {
  const auto above_zero = [](double x) { return std::isfinite(x) && x > 0; };
  const auto at_least_zero = [](double x) { return std::isfinite(x) && x >= 0; };
  if (!above_zero(loss.beta)) return BadField("beta", "must be a finite number above 0");
  if (!above_zero(loss.discopop_tau)) {
    return BadField("discopop_tau", "must be a finite number above 0");
  }
  if (!std::isfinite(loss.simpo_gamma)) return BadField("simpo_gamma", "must be a finite number");
  if (!at_least_zero(loss.orpo_lambda)) {
    return BadField("orpo_lambda", "must be a finite number, not below 0");
  }
  if (!std::isfinite(loss.alpha_divergence)) {
    return BadField("f_alpha_divergence_coef", "must be a finite number");
  }
  if (!(loss.length_desensitised >= 0 && loss.length_desensitised <= 1)) {
    return BadField("ld_alpha", "must be at least 0 and at most 1");
  }
  for (const auto& [field, value] : {std::pair("desirable_weight", loss.desirable_weight),
                                     std::pair("undesirable_weight", loss.undesirable_weight)}) {
    if (!at_least_zero(value)) return BadField(field, "must be a finite number, not below 0");
  }
  if (loss.Unpaired() && loss.desirable_weight == 0 && loss.undesirable_weight == 0) {
    return BadField("desirable_weight", "is 0 and undesirable_weight too: nothing is learned");
  }
  return std::nullopt;
}

Problem ProblemOfSmoothing(const PreferenceLoss& loss) {
  if (!(loss.label_smoothing >= 0 && loss.label_smoothing < 0.5)) {
    return BadField("label_smoothing", "must be at least 0 and below 0.5");
  }
  if (loss.label_smoothing == 0 && loss.Has(Kind::kExoPair)) {
    return BadField("label_smoothing", "must be above 0 for 'exo_pair'; its authors use 0.001");
  }
  if (loss.label_smoothing > 0 && !AnyTerm(loss, &LossTraits::smoothing)) {
    return BadField(
        "label_smoothing",
        fmt::format("means nothing to {}; 'cdpo' and 'robust' have it", NamesOfTerms(loss)));
  }
  return std::nullopt;
}

Problem ProblemOfOptions(const PreferenceLoss& loss) {
  if (loss.divergence != Divergence::kReverseKl &&
      std::none_of(loss.terms.begin(), loss.terms.end(), [](const PreferenceLossTerm& term) {
        return TraitsOf(term.kind).reference && term.kind != Kind::kKto;
      })) {
    return BadField("f_divergence_type", fmt::format("means nothing to {}", NamesOfTerms(loss)));
  }
  if (loss.length_desensitised != 1 && loss.Unpaired()) {
    return BadField("ld_alpha", "means nothing to 'kto': it compares the lengths of a pair");
  }
  if (!loss.weighted) return std::nullopt;
  for (const PreferenceLossTerm& term : loss.terms) {
    if (TraitsOf(term.kind).weighting) continue;
    return BadField(
        "use_weighting",
        fmt::format("doesn't go with '{}', which looks beyond single pairs", Name(term.kind)));
  }
  return std::nullopt;
}

}  // namespace

std::string_view Name(PreferenceLossKind kind) { return TraitsOf(kind).name; }

std::span<const PreferenceLossKind> PreferenceLossKinds() { return kLossKinds; }

std::string_view Name(Divergence divergence) {
  switch (divergence) {
    case Divergence::kReverseKl:
      return "reverse_kl";
    case Divergence::kForwardKl:
      return "forward_kl";
    case Divergence::kJs:
      return "js_divergence";
    case Divergence::kAlpha:
      return "alpha_divergence";
  }
  return "";
}

bool PreferenceLoss::Has(PreferenceLossKind kind) const {
  return std::any_of(terms.begin(), terms.end(),
                     [kind](const PreferenceLossTerm& term) { return term.kind == kind; });
}

bool PreferenceLoss::NeedsReference() const { return AnyTerm(*this, &LossTraits::reference); }

bool PreferenceLoss::Unpaired() const { return Has(Kind::kKto); }

bool PreferenceLoss::Coupled() const {
  return Has(Kind::kAot) || Has(Kind::kAotUnpaired) || Has(Kind::kKto);
}

std::optional<LossProblem> FindLossProblem(const PreferenceLoss& loss) {
  for (const auto find : {ProblemOfTerms, ProblemOfNumbers, ProblemOfSmoothing, ProblemOfOptions}) {
    if (Problem problem = find(loss)) return problem;
  }
  return std::nullopt;
}

Status CheckPreferenceLoss(const PreferenceLoss& loss) {
  const std::optional<LossProblem> problem = FindLossProblem(loss);
  if (!problem) return {};
  return MakeError(ErrorKind::kInput, "field '{}': {}", problem->field, problem->problem);
}

Json ToJson(const PreferenceLoss& loss) {
  Json json = Json::object();
  for (const PreferenceLossTerm& term : loss.terms) {
    json["loss_type"].push_back(Name(term.kind));
    json["loss_weights"].push_back(term.weight);
  }
  if (AnyTerm(loss, &LossTraits::beta)) json["beta"] = loss.beta;
  if (AnyTerm(loss, &LossTraits::smoothing)) json["label_smoothing"] = loss.label_smoothing;
  if (AnyTerm(loss, &LossTraits::divergence)) {
    json["f_divergence_type"] = Name(loss.divergence);
    if (loss.divergence == Divergence::kAlpha) {
      json["f_alpha_divergence_coef"] = loss.alpha_divergence;
    }
  }
  if (!loss.Unpaired()) {
    json["ld_alpha"] = loss.length_desensitised;
    json["use_weighting"] = loss.weighted;
  }
  if (loss.Has(Kind::kDiscopop)) json["discopop_tau"] = loss.discopop_tau;
  if (loss.Has(Kind::kSimpo)) json["simpo_gamma"] = loss.simpo_gamma;
  if (loss.Has(Kind::kOrpo)) json["orpo_lambda"] = loss.orpo_lambda;
  if (loss.Unpaired()) {
    json["desirable_weight"] = loss.desirable_weight;
    json["undesirable_weight"] = loss.undesirable_weight;
  }
  return json;
}

std::optional<double> LossAtStart(const PreferenceLoss& loss) {
  // What isn't the ratios' alone depends on the completions.
  if (loss.weighted) return std::nullopt;
  const SideMeasure even{.score = ScoreOf(loss, /*ratio=*/0)};
  double sum = 0;
  for (const PreferenceLossTerm& term : loss.terms) {
    if (!TraitsOf(term.kind).reference) return std::nullopt;
    if (term.kind == Kind::kAot || term.kind == Kind::kAotUnpaired) {
      sum += term.weight * SmoothedSigmoid(/*x=*/0, loss.label_smoothing).value;
    } else if (term.kind == Kind::kKto) {
      if (loss.desirable_weight != loss.undesirable_weight) return std::nullopt;
      sum += term.weight * loss.desirable_weight / 2;
    } else {
      // A score that isn't 0 at the start is divided by each completion's own length.
      const bool by_length = term.kind == Kind::kIpo || term.kind == Kind::kSigmoidNorm;
      if (by_length && even.score.value != 0) return std::nullopt;
      sum += term.weight * PairTermOf(term.kind, loss, even, even).value;
    }
  }
  return sum;
}

}  // namespace mores::train
