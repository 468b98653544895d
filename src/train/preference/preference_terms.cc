#include "train/preference/preference_terms.h"

#include <algorithm>
#include <cmath>

namespace mores::train {
namespace {

// Above it TRL lets the power of an alpha divergence grow no more, and its derivative is 0.
constexpr double kLargestAlphaExponent = 80;
// Alphas so near to 1 are the limit, the log ratio itself.
constexpr double kAlphaLimit = 1e-6;
// Log-probabilities in float32 aren't told from 0, where log odds are infinite, beyond it.
constexpr double kLargestMeanLogp = -1e-7;

double Logistic(double x) {
  if (x >= 0) return 1 / (1 + std::exp(-x));
  const double power = std::exp(x);
  return power / (1 + power);
}

double LogLogistic(double x) {
  return x >= 0 ? -std::log1p(std::exp(-x)) : x - std::log1p(std::exp(x));
}

// Of the chain rule. A flat outer function stays flat where the inner one's slope is infinite.
double Chained(double outer, double inner) { return outer == 0 ? 0 : outer * inner; }

// f(beta * (chosen score / tokens or 1 - rejected score / tokens or 1)).
enum class PerToken { kNo, kYes };
template <class Function>
PairTerm OfMargin(const SideMeasure& chosen, const SideMeasure& rejected, double beta,
                  PerToken per_token, Function function) {
  const double chosen_scale = per_token == PerToken::kYes ? 1 / chosen.tokens : 1;
  const double rejected_scale = per_token == PerToken::kYes ? 1 / rejected.tokens : 1;
  const Slope f =
      function(beta * (chosen.score.value * chosen_scale - rejected.score.value * rejected_scale));
  return {.value = f.value,
          .by_chosen = Chained(f.slope * beta * chosen_scale, chosen.score.slope),
          .by_rejected = -Chained(f.slope * beta * rejected_scale, rejected.score.slope)};
}

// f(chosen score) + g(rejected score).
template <class OfChosen, class OfRejected>
PairTerm OfScores(const SideMeasure& chosen, const SideMeasure& rejected, OfChosen f,
                  OfRejected g) {
  const Slope of_chosen = f(chosen.score.value);
  const Slope of_rejected = g(rejected.score.value);
  return {.value = of_chosen.value + of_rejected.value,
          .by_chosen = Chained(of_chosen.slope, chosen.score.slope),
          .by_rejected = Chained(of_rejected.slope, rejected.score.slope)};
}

Slope SigmoidLoss(double x) { return {.value = -LogLogistic(x), .slope = -Logistic(-x)}; }

Slope LogisticOf(double x) { return {.value = Logistic(x), .slope = Logistic(x) * Logistic(-x)}; }

Slope Hinge(double x) {
  if (x >= 1) return {};
  return {.value = 1 - x, .slope = -1};
}

Slope Exo(double x, double smoothing) {
  const double wins = Logistic(x);
  const double loses = Logistic(-x);
  const double excess_wins = LogLogistic(x) - std::log1p(-smoothing);
  const double excess_loses = LogLogistic(-x) - std::log(smoothing);
  return {.value = wins * excess_wins + loses * excess_loses,
          .slope = wins * loses * (excess_wins - excess_loses)};
}

Slope Robust(double x, double smoothing) {
  const double scale = 1 / (1 - 2 * smoothing);
  return {.value = scale * (-(1 - smoothing) * LogLogistic(x) + smoothing * LogLogistic(-x)),
          .slope = scale * (-(1 - smoothing) * Logistic(-x) - smoothing * Logistic(x))};
}

Slope Discopop(double x, double tau) {
  const double mix = Logistic(x / tau);
  const double rest = Logistic(-x / tau);
  const double mix_slope = mix * rest / tau;
  // e^-x * mix: both factors overflow or vanish long before their product does.
  const double exponential = std::exp(LogLogistic(x / tau) - x);
  const double logistic = -LogLogistic(x);
  return {.value = logistic * rest + exponential,
          .slope = -Logistic(-x) * rest - logistic * mix_slope + exponential * (rest / tau - 1)};
}

Slope Square(double x) { return {.value = x * x, .slope = 2 * x}; }

// -log s(beta x).
Slope Attracted(double x, double beta, double weight) {
  const Slope f = SigmoidLoss(beta * x);
  return {.value = weight * f.value, .slope = weight * beta * f.slope};
}

// -log s(-beta x).
Slope Repelled(double x, double beta, double weight) {
  const Slope f = SigmoidLoss(-beta * x);
  return {.value = weight * f.value, .slope = -weight * beta * f.slope};
}

PairTerm Nca(const SideMeasure& chosen, const SideMeasure& rejected, double beta) {
  const auto of_chosen = [beta](double x) -> Slope {
    const Slope up = Attracted(x, beta, /*weight=*/1);
    const Slope down = Repelled(x, beta, /*weight=*/0.5);
    return {.value = up.value + down.value, .slope = up.slope + down.slope};
  };
  const auto of_rejected = [beta](double x) { return Repelled(x, beta, /*weight=*/0.5); };
  return OfScores(chosen, rejected, of_chosen, of_rejected);
}

PairTerm ApoZero(const SideMeasure& chosen, const SideMeasure& rejected, double beta) {
  const Slope misses = LogisticOf(-beta * chosen.ratio);
  const Slope says = LogisticOf(beta * rejected.ratio);
  return {.value = misses.value + says.value,
          .by_chosen = -beta * misses.slope,
          .by_rejected = beta * says.slope};
}

PairTerm ApoDown(const SideMeasure& chosen, const SideMeasure& rejected, double beta) {
  PairTerm term = OfMargin(chosen, rejected, beta, PerToken::kNo, [](double x) -> Slope {
    const Slope loses = LogisticOf(-x);
    return {.value = loses.value, .slope = -loses.slope};
  });
  const Slope says = LogisticOf(beta * chosen.ratio);
  term.value += says.value;
  term.by_chosen += beta * says.slope;
  return term;
}

PairTerm Simpo(const PreferenceLoss& loss, const SideMeasure& chosen, const SideMeasure& rejected) {
  const double margin = chosen.policy / chosen.tokens - rejected.policy / rejected.tokens;
  const Slope f = SmoothedSigmoid(loss.beta * margin - loss.simpo_gamma, loss.label_smoothing);
  return {.value = f.value,
          .by_chosen = f.slope * loss.beta / chosen.tokens,
          .by_rejected = -f.slope * loss.beta / rejected.tokens};
}

// log(p / (1 - p)) of a mean log-probability.
Slope OrpoLogOdds(double mean_logp) {
  const double logp = std::min(mean_logp, kLargestMeanLogp);
  const double rest = -std::expm1(logp);
  return {.value = logp - std::log(rest), .slope = 1 / rest};
}

PairTerm Orpo(double lambda, const SideMeasure& chosen, const SideMeasure& rejected) {
  const Slope says = OrpoLogOdds(chosen.policy / chosen.tokens);
  const Slope avoids = OrpoLogOdds(rejected.policy / rejected.tokens);
  const Slope f = SigmoidLoss(says.value - avoids.value);
  return {.value = lambda * f.value,
          .by_chosen = lambda * f.slope * says.slope / chosen.tokens,
          .by_rejected = -lambda * f.slope * avoids.slope / rejected.tokens};
}

}  // namespace

Slope ScoreOf(const PreferenceLoss& loss, double ratio) {
  switch (loss.divergence) {
    case Divergence::kReverseKl:
      return {.value = ratio, .slope = 1};
    case Divergence::kForwardKl: {
      const double power = std::exp(-ratio);
      return {.value = -power, .slope = power};
    }
    case Divergence::kJs:
      return {.value = LogLogistic(ratio), .slope = Logistic(-ratio)};
    case Divergence::kAlpha: {
      const double order = loss.alpha_divergence - 1;
      if (std::abs(order) < kAlphaLimit) return {.value = ratio, .slope = 1};
      const double exponent = order * ratio;
      const double power = std::exp(std::min(exponent, kLargestAlphaExponent));
      return {.value = power / order, .slope = exponent > kLargestAlphaExponent ? 0 : power};
    }
  }
  return {};
}

Slope SmoothedSigmoid(double x, double smoothing) {
  return {.value = -(1 - smoothing) * LogLogistic(x) - smoothing * LogLogistic(-x),
          .slope = -(1 - smoothing) * Logistic(-x) + smoothing * Logistic(x)};
}

PairTerm PairTermOf(PreferenceLossKind kind, const PreferenceLoss& loss, const SideMeasure& chosen,
                    const SideMeasure& rejected) {
  const double beta = loss.beta;
  const double smoothing = loss.label_smoothing;
  const auto of_margin = [&](auto function) {
    return OfMargin(chosen, rejected, beta, PerToken::kNo, function);
  };
  switch (kind) {
    case PreferenceLossKind::kSigmoid:
      return of_margin(SigmoidLoss);
    case PreferenceLossKind::kHinge:
      return of_margin(Hinge);
    case PreferenceLossKind::kIpo:
      return OfMargin(chosen, rejected, /*beta=*/1, PerToken::kYes,
                      [beta](double x) { return Square(x - 1 / (2 * beta)); });
    case PreferenceLossKind::kExoPair:
      return of_margin([smoothing](double x) { return Exo(x, smoothing); });
    case PreferenceLossKind::kNcaPair:
      return Nca(chosen, rejected, beta);
    case PreferenceLossKind::kRobust:
      return of_margin([smoothing](double x) { return Robust(x, smoothing); });
    case PreferenceLossKind::kCdpo:
      return of_margin([smoothing](double x) { return SmoothedSigmoid(x, smoothing); });
    case PreferenceLossKind::kBcoPair:
      return OfScores(
          chosen, rejected, [beta](double x) { return Attracted(x, beta, /*weight=*/1); },
          [beta](double x) { return Repelled(x, beta, /*weight=*/1); });
    case PreferenceLossKind::kSppoHard:
      return OfScores(
          chosen, rejected, [beta](double x) { return Square(x - 0.5 / beta); },
          [beta](double x) { return Square(x + 0.5 / beta); });
    case PreferenceLossKind::kApoZero:
      return ApoZero(chosen, rejected, beta);
    case PreferenceLossKind::kApoDown:
      return ApoDown(chosen, rejected, beta);
    case PreferenceLossKind::kDiscopop:
      return of_margin([&loss](double x) { return Discopop(x, loss.discopop_tau); });
    case PreferenceLossKind::kSigmoidNorm:
      return OfMargin(chosen, rejected, beta, PerToken::kYes, SigmoidLoss);
    case PreferenceLossKind::kSimpo:
      return Simpo(loss, chosen, rejected);
    case PreferenceLossKind::kOrpo:
      return Orpo(loss.orpo_lambda, chosen, rejected);
    case PreferenceLossKind::kAot:
    case PreferenceLossKind::kAotUnpaired:
    case PreferenceLossKind::kSft:
    case PreferenceLossKind::kKto:
      break;
  }
  return {};
}

Slope KtoOf(const PreferenceLoss& loss, double ratio, double zero_point, bool wanted) {
  const double x = loss.beta * (ratio - zero_point);
  const double scale = wanted ? loss.desirable_weight : loss.undesirable_weight;
  const Slope misses = LogisticOf(wanted ? -x : x);
  return {.value = scale * misses.value,
          .slope = (wanted ? -scale : scale) * loss.beta * misses.slope};
}

}  // namespace mores::train
