// How far a meta-judge agrees with people who ruled over the same AIUs, and these among themselves
// (docs/formats/human-rulings.md).
#ifndef MORES_META_AGREEMENT_H_
#define MORES_META_AGREEMENT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "meta/evaluation.h"
#include "stats/bootstrap.h"

namespace mores::meta {

// What one person says of one critique; nullopt where nothing was ruled.
struct HumanCritique {
  std::vector<std::optional<bool>> precision;  // one an AIU of the critique
  std::vector<std::optional<bool>> recall;     // one an AIU of the reference
  bool any = false;                            // ruling at all
};

struct HumanRater {
  std::string name;
  std::vector<HumanCritique> critiques;  // one an evaluation, in their order
};

// Rulings over `evaluations`, by rater in the order of appearance. kInput names file, line and
// field: an id that no evaluation has, a list of another length, an index beyond the AIUs, a ruling
// given twice by one person, no ruling at all.
Expected<std::vector<HumanRater>> ReadHumanRulings(const std::string& path,
                                                   std::span<const Evaluation> evaluations);

// What most raters say, named "majority"; nullopt on a tie.
HumanRater MajorityOf(std::span<const HumanRater> raters);

// Two that rule over the same AIUs. Intervals are resampled by critique.
struct RulingAgreement {
  // [correct, incorrect, unparsed by the first][correct, incorrect by the second]
  std::array<std::array<int64_t, 2>, 3> table{};
  stats::Estimate share;  // of rulings that are the same; an unparsed one never is
  stats::Estimate kappa;  // Cohen's, with "unparsed" as a category that the second never uses
  int64_t rulings() const;
};

enum class RulingKind { kPrecision, kRecall, kBoth };
using KindAgreements = std::array<RulingAgreement, 3>;  // by RulingKind

struct ScoreAgreement {
  size_t critiques = 0;  // that the people ruled over whole
  stats::Estimate tau;   // Kendall's tau-b
};

// All critiques, or those of one language.
struct AgreementScope {
  std::string name;                             // "all", "en", "zh", "other"
  size_t critiques = 0;                         // with any ruling by a person
  std::vector<KindAgreements> with_raters;      // the judge and each rater
  std::optional<KindAgreements> with_majority;  // where there are several raters
  // Precision, recall and F1 of a critique by the judge, and by the majority or the one rater.
  std::array<ScoreAgreement, 3> scores;
  std::vector<std::pair<std::array<size_t, 2>, KindAgreements>> among_raters;  // indices
  std::optional<std::array<stats::Estimate, 3>> alpha;  // Krippendorff's among raters, by kind
};

struct AgreementReport {
  std::string judge;
  std::vector<std::string> raters;
  stats::BootstrapOptions bootstrap;
  std::vector<AgreementScope> scopes;     // "all", then languages where there are several
  std::vector<chat::ReplyTally> replies;  // of the judge, over all critiques
};

AgreementReport AssessAgreement(std::span<const Evaluation> evaluations,
                                std::span<const HumanRater> raters,
                                const stats::BootstrapOptions& options);

Json ToJson(const AgreementReport& report);
std::string FormatTable(const AgreementReport& report);

}  // namespace mores::meta

#endif  // MORES_META_AGREEMENT_H_
