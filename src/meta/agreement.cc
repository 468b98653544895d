#include "meta/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"
#include "stats/agreement.h"
#include "stats/kendall.h"
#include "stats/share.h"

namespace mores::meta {
namespace {

constexpr size_t kKinds = 3, kCells = 6;
using Cells = std::array<double, kCells>;  // [3, 2] as RulingAgreement::table
using Choices = std::vector<std::optional<int>>;

// Rulings of one critique by one party, as rows of the table; nullopt where there is none.
Choices ChoicesOf(const std::vector<Ruling>& rulings) {
  Choices choices;
  for (const Ruling& ruling : rulings) choices.emplace_back(static_cast<int>(ruling.outcome));
  return choices;
}

Choices ChoicesOf(const std::vector<std::optional<bool>>& rulings) {
  Choices choices;
  for (const std::optional<bool>& ruling : rulings) {
    choices.push_back(ruling ? std::optional(*ruling ? 0 : 1) : std::nullopt);
  }
  return choices;
}
static_assert(static_cast<int>(RulingOutcome::kCorrect) == 0);
static_assert(static_cast<int>(RulingOutcome::kIncorrect) == 1);
static_assert(static_cast<int>(RulingOutcome::kUnparsed) == 2);

template <class Party>
Choices ChoicesOfKind(const Party& party, RulingKind kind) {
  if (kind == RulingKind::kPrecision) return ChoicesOf(party.precision);
  if (kind == RulingKind::kRecall) return ChoicesOf(party.recall);
  Choices both = ChoicesOf(party.precision);
  for (const auto& choice : ChoicesOf(party.recall)) both.push_back(choice);
  return both;
}

Cells Tabulate(const Choices& first, const Choices& second) {
  Cells cells{};
  for (size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    if (!first[i] || !second[i]) continue;
    cells[static_cast<size_t>(2 * *first[i] + *second[i])] += 1;
  }
  return cells;
}

double KappaOf(const Cells& cells) {
  return stats::CohenKappa(
      std::array{cells[0], cells[1], 0.0, cells[2], cells[3], 0.0, cells[4], cells[5], 0.0}, 3);
}

RulingAgreement Agree(const std::vector<Cells>& critiques, const stats::BootstrapOptions& options) {
  const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
    Cells sums{};
    double total = 0;
    for (size_t i = 0; i < critiques.size(); ++i) {
      for (size_t c = 0; c < kCells; ++c) {
        sums[c] += weights[i] * critiques[i][c];
        total += weights[i] * critiques[i][c];
      }
    }
    values[0] = total > 0 ? (sums[0] + sums[3]) / total : std::numeric_limits<double>::quiet_NaN();
    values[1] = KappaOf(sums);
  };
  RulingAgreement agreement;
  for (const Cells& cells : critiques) {
    for (size_t c = 0; c < kCells; ++c) {
      agreement.table[c / 2][c % 2] += static_cast<int64_t>(cells[c]);
    }
  }
  const auto estimates = stats::ClusterBootstrap(critiques.size(), 2, statistics, options);
  std::vector<stats::ClusterShare> same;
  for (const Cells& cells : critiques) {
    same.push_back({cells[0] + cells[3], std::accumulate(cells.begin(), cells.end(), 0.0)});
  }
  agreement.share = stats::ShareEstimate(same, estimates[0], options.coverage);
  agreement.kappa = stats::CoefficientEstimate(estimates[1], critiques.size());
  return agreement;
}

// `first` and `second` by index of the evaluation.
template <class First, class Second>
KindAgreements AgreeByKind(const std::vector<size_t>& members, const First& first,
                           const Second& second, const stats::BootstrapOptions& options) {
  KindAgreements agreements;
  for (size_t kind = 0; kind < kKinds; ++kind) {
    std::vector<Cells> cells;
    for (const size_t i : members) {
      cells.push_back(Tabulate(ChoicesOfKind(first[i], static_cast<RulingKind>(kind)),
                               ChoicesOfKind(second[i], static_cast<RulingKind>(kind))));
    }
    agreements[kind] = Agree(cells, options);
  }
  return agreements;
}

// The share of true rulings, 0 for an empty set as in ScoresOf; nullopt unless all are ruled over.
std::optional<double> WholeShare(const std::vector<std::optional<bool>>& rulings) {
  double correct = 0;
  for (const std::optional<bool>& ruling : rulings) {
    if (!ruling) return std::nullopt;
    correct += *ruling ? 1 : 0;
  }
  return rulings.empty() ? 0 : correct / static_cast<double>(rulings.size());
}

// Precision, recall, F1 by people; nullopt where they did not rule over all that it takes.
std::array<std::optional<double>, 3> HumanScores(const HumanCritique& critique) {
  std::array<std::optional<double>, 3> scores;
  if (!critique.any) return scores;
  scores[0] = WholeShare(critique.precision);
  scores[1] = WholeShare(critique.recall);
  if (scores[0] && scores[1]) scores[2] = F1(*scores[0], *scores[1]);
  return scores;
}

double Rounded(double score) { return std::round(score * 1e9) / 1e9; }

std::array<ScoreAgreement, 3> AgreeOnScores(const std::vector<size_t>& members,
                                            std::span<const Evaluation> evaluations,
                                            const HumanRater& people,
                                            const stats::BootstrapOptions& options) {
  std::array<ScoreAgreement, 3> agreements;
  for (size_t measure = 0; measure < 3; ++measure) {
    std::vector<double> judged, human;
    for (const size_t i : members) {
      const std::optional<double> score = HumanScores(people.critiques[i])[measure];
      if (!score) continue;
      const Scores scores = ScoresOf(evaluations[i]);
      // Rounded, so that figures that are equal tie, whichever way they were computed.
      judged.push_back(Rounded(std::array{scores.precision, scores.recall, scores.f1}[measure]));
      human.push_back(Rounded(*score));
    }
    const stats::RankedPairs ranked(judged, human);
    const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
      values[0] = ranked.TauB(weights);
    };
    agreements[measure].critiques = judged.size();
    agreements[measure].tau = stats::CoefficientEstimate(
        stats::ClusterBootstrap(judged.size(), 1, statistics, options)[0], judged.size());
  }
  return agreements;
}

stats::Estimate AlphaAmong(const std::vector<size_t>& members, std::span<const HumanRater> raters,
                           RulingKind kind, const stats::BootstrapOptions& options) {
  std::vector<std::vector<int>> units;
  std::vector<size_t> critique_of;
  for (size_t m = 0; m < members.size(); ++m) {
    std::vector<std::vector<int>> of_critique;
    for (const HumanRater& rater : raters) {
      const Choices choices = ChoicesOfKind(rater.critiques[members[m]], kind);
      of_critique.resize(std::max(of_critique.size(), choices.size()));
      for (size_t k = 0; k < choices.size(); ++k) {
        if (choices[k]) of_critique[k].push_back(*choices[k]);
      }
    }
    for (std::vector<int>& unit : of_critique) {
      units.push_back(std::move(unit));
      critique_of.push_back(m);
    }
  }
  const stats::NominalAlpha alpha(units);
  std::vector<double> unit_weights(units.size());
  const auto statistics = [&](std::span<const double> weights, std::span<double> values) {
    for (size_t u = 0; u < units.size(); ++u) unit_weights[u] = weights[critique_of[u]];
    values[0] = alpha.Alpha(unit_weights);
  };
  return stats::CoefficientEstimate(
      stats::ClusterBootstrap(members.size(), 1, statistics, options)[0], members.size());
}

AgreementScope AssessScope(std::string name, const std::vector<size_t>& members,
                           std::span<const Evaluation> evaluations,
                           std::span<const HumanRater> raters,
                           const stats::BootstrapOptions& options) {
  AgreementScope scope;
  scope.name = std::move(name);
  scope.critiques = members.size();
  for (const HumanRater& rater : raters) {
    scope.with_raters.push_back(AgreeByKind(members, evaluations, rater.critiques, options));
  }
  if (raters.size() < 2) {
    scope.scores = AgreeOnScores(members, evaluations, raters[0], options);
    return scope;
  }
  const HumanRater majority = MajorityOf(raters);
  scope.with_majority = AgreeByKind(members, evaluations, majority.critiques, options);
  scope.scores = AgreeOnScores(members, evaluations, majority, options);
  constexpr size_t kMostPairwise = 10;  // beyond, alpha tells what a table of pairs would not
  for (size_t a = 0; raters.size() <= kMostPairwise && a < raters.size(); ++a) {
    for (size_t b = a + 1; b < raters.size(); ++b) {
      scope.among_raters.push_back(
          {{a, b}, AgreeByKind(members, raters[a].critiques, raters[b].critiques, options)});
    }
  }
  scope.alpha.emplace();
  for (size_t kind = 0; kind < kKinds; ++kind) {
    (*scope.alpha)[kind] = AlphaAmong(members, raters, static_cast<RulingKind>(kind), options);
  }
  return scope;
}

std::optional<bool> MajorityVote(std::span<const HumanRater> raters, size_t critique,
                                 std::vector<std::optional<bool>> HumanCritique::*list, size_t k) {
  int balance = 0;
  for (const HumanRater& rater : raters) {
    const auto& rulings = rater.critiques[critique].*list;
    if (k < rulings.size() && rulings[k]) balance += *rulings[k] ? 1 : -1;
  }
  return balance == 0 ? std::nullopt : std::optional(balance > 0);
}

}  // namespace

int64_t RulingAgreement::rulings() const {
  int64_t sum = 0;
  for (const auto& row : table) sum += row[0] + row[1];
  return sum;
}

HumanRater MajorityOf(std::span<const HumanRater> raters) {
  HumanRater majority{.name = "majority", .critiques = {}};
  if (raters.empty()) return majority;
  for (size_t c = 0; c < raters[0].critiques.size(); ++c) {
    HumanCritique critique;
    size_t precision = 0, recall = 0;
    for (const HumanRater& rater : raters) {
      critique.any = critique.any || rater.critiques[c].any;
      precision = std::max(precision, rater.critiques[c].precision.size());
      recall = std::max(recall, rater.critiques[c].recall.size());
    }
    for (size_t k = 0; k < precision; ++k) {
      critique.precision.push_back(MajorityVote(raters, c, &HumanCritique::precision, k));
    }
    for (size_t k = 0; k < recall; ++k) {
      critique.recall.push_back(MajorityVote(raters, c, &HumanCritique::recall, k));
    }
    majority.critiques.push_back(std::move(critique));
  }
  return majority;
}

AgreementReport AssessAgreement(std::span<const Evaluation> evaluations,
                                std::span<const HumanRater> raters,
                                const stats::BootstrapOptions& options) {
  MORES_CHECK(!raters.empty());
  AgreementReport report;
  report.bootstrap = options;
  if (!evaluations.empty()) report.judge = evaluations[0].judge;
  report.replies = RepliesOf(evaluations, report.judge);
  for (const HumanRater& rater : raters) report.raters.push_back(rater.name);
  std::vector<size_t> all;
  std::array<std::vector<size_t>, 3> of_language;
  for (size_t i = 0; i < evaluations.size(); ++i) {
    const bool any = std::any_of(raters.begin(), raters.end(),
                                 [&](const HumanRater& rater) { return rater.critiques[i].any; });
    if (!any) continue;
    all.push_back(i);
    of_language[static_cast<size_t>(evaluations[i].lang)].push_back(i);
  }
  report.scopes.push_back(AssessScope("all", all, evaluations, raters, options));
  const auto languages = std::count_if(of_language.begin(), of_language.end(),
                                       [](const auto& members) { return !members.empty(); });
  for (size_t l = 0; languages > 1 && l < of_language.size(); ++l) {
    if (of_language[l].empty()) continue;
    const std::string name(text::Name(static_cast<text::Language>(l)));
    report.scopes.push_back(AssessScope(name, of_language[l], evaluations, raters, options));
  }
  return report;
}

}  // namespace mores::meta
