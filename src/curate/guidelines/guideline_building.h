// Guidelines built with language models (docs/formats/guideline-building.md; SafeWorld, arXiv
// 2412.06483, section 3): written for a place, varied for its groups and regions, and checked
// against passages. What a model writes has the status `generated`, the model's name as who made
// it, and model and prompt as its source; nothing that people validated, contested or withdrew is
// touched by a machine.
#ifndef MORES_CURATE_GUIDELINES_GUIDELINE_BUILDING_H_
#define MORES_CURATE_GUIDELINES_GUIDELINE_BUILDING_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "chat/chat_model.h"
#include "curate/curation.h"
#include "guidelines/search/search.h"
#include "guidelines/store/database.h"
#include "text/language.h"

namespace mores::curate {

struct BuildingOptions {
  RunOptions run;
  chat::ChatModel* model = nullptr;
  chat::Sampling sampling;
  guidelines::Database* database = nullptr;  // open for writing
};

struct GenerationOptions {
  BuildingOptions building;
  std::vector<guidelines::PlaceScope> places;  // distinct
  std::vector<guidelines::Kind> kinds;         // distinct
  int count = 10;                              // wanted for each place and kind
  std::vector<std::string> topics;             // empty: any
  text::Language language = text::Language::kEnglish;
};

// Asks the task `guideline_generation` for each place and kind, shows it up to kKnownShown
// guidelines that are there, and adds what is new. Writes the guidelines as `import jsonl` reads
// them, with `generator`. Rejected, with the reason: `duplicate` (near-duplicate of the guideline
// `of`, whatever its status), `blank`, `too_long`, `other_kind`, `surplus` (beyond the count), and
// for a place as a whole `unreadable` and `failed`.
// REQUIRES: model, database, places, kinds.
Expected<CurationResult> GenerateGuidelines(const GenerationOptions& options);
inline constexpr size_t kKnownShown = 100;

// Near-duplicates share this much of their character 5-grams, in thousandths.
inline constexpr size_t kDuplicatePermille = 600;
inline constexpr size_t kMaxGuidelineCodePoints = 2000;

struct VariationOptions {
  BuildingOptions building;
  // Current versions, none of a group: SelectToVary.
  std::vector<guidelines::Guideline> guidelines;
  // Ids of groups, and codes of parts of the place; empty: all groups of the place.
  std::vector<std::string> groups;
};

// Asks the task `guideline_variation` for each guideline and up to kGroupsShown of the groups of
// its place at a time, and adds the variants, of a group or of a part of the place. Rejected:
// `unknown_group` (none that was shown), `unchanged` (the guideline itself), `duplicate`, `blank`,
// `too_long`, `unreadable`, `failed`. kInput where there is no group at all.
Expected<CurationResult> VaryGuidelines(const VariationOptions& options);
inline constexpr size_t kGroupsShown = 20;

struct ValidationOptions {
  BuildingOptions building;
  std::vector<guidelines::Guideline> guidelines;  // current versions: SelectToValidate
  guidelines::Searcher* searcher = nullptr;
};

// Asks the task `guideline_validation` for each guideline with the kPassagesShown passages and
// kGuidelinesShown guidelines of its place that fit best; of guidelines those alone that were
// published or that people validated, so that no model's word bears out another's. An id in
// `evidence` that wasn't shown is removed and counted, and a verdict without evidence counts as
// `unknown`. Supported: machine-validated, with those passages. Refuted: contested. Unknown: stays.
// Writes {"id","version","verdict","stated"?,"evidence","invented","analysis","status",
// "new_version","generator"}. Rejected: `changed` (by somebody since it was shown), `unreadable`,
// `failed`.
Expected<CurationResult> ValidateGuidelines(const ValidationOptions& options);
inline constexpr size_t kPassagesShown = 6, kGuidelinesShown = 4;

// Whether a machine may look at a guideline of that status again: not where people validated it,
// withdrew it, or have to settle a dispute.
bool MayBeValidated(guidelines::Standing status);

// The guidelines with these ids, or where there are none all with one of `statuses`, within
// `places` (codes, parts included; empty: everywhere). kInput for an id that isn't there, and for
// one that the step must leave alone.
struct GuidelineSelection {
  std::vector<std::string> ids;
  std::vector<guidelines::Standing> statuses;
  std::vector<std::string> places;
};
Expected<std::vector<guidelines::Guideline>> SelectToVary(guidelines::Database& database,
                                                          const GuidelineSelection& selection);
Expected<std::vector<guidelines::Guideline>> SelectToValidate(guidelines::Database& database,
                                                              const GuidelineSelection& selection);

}  // namespace mores::curate

#endif  // MORES_CURATE_GUIDELINES_GUIDELINE_BUILDING_H_
