// Which guidelines a step of building is about (curate/guidelines/guideline_building.h).
#include <algorithm>
#include <functional>
#include <set>

#include "curate/guidelines/guideline_building.h"
#include "guidelines/review/review.h"

namespace mores::curate {
namespace {

using guidelines::Guideline;
using guidelines::Standing;

// "" where the step may go on with it, else why not.
using Problem = std::function<std::string(const Guideline&)>;

Expected<std::vector<Guideline>> Select(guidelines::Database& database,
                                        const GuidelineSelection& selection,
                                        const Problem& problem) {
  std::vector<Guideline> selected;
  std::set<std::string> seen;
  for (const std::string& id : selection.ids) {
    MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> version, database.Find(id));
    if (!version) {
      return MakeError(ErrorKind::kInput, "{}: there is no guideline '{}'", database.path(), id);
    }
    if (const std::string why = problem(version->guideline); !why.empty()) {
      return MakeError(ErrorKind::kInput, "guideline {}: {}", id, why);
    }
    if (seen.insert(id).second) selected.push_back(version->guideline);
  }
  if (!selection.ids.empty()) return selected;
  const auto take = [&](const guidelines::Version& version) -> Status {
    const Guideline& guideline = version.guideline;
    const auto& statuses = selection.statuses;
    if (std::find(statuses.begin(), statuses.end(), guideline.status) != statuses.end() &&
        guidelines::IsWithin(guideline.places, selection.places) && problem(guideline).empty()) {
      selected.push_back(guideline);
    }
    return {};
  };
  MORES_RETURN_IF_ERROR(database.ForEachGuideline(take));
  if (selected.empty()) {
    return MakeError(ErrorKind::kInput, "{}: there are no such guidelines", database.path());
  }
  return selected;
}

}  // namespace

bool MayBeValidated(Standing status) {
  return status == Standing::kImported || status == Standing::kGenerated ||
         status == Standing::kMachineValidated;
}

Expected<std::vector<Guideline>> SelectToVary(guidelines::Database& database,
                                              const GuidelineSelection& selection) {
  return Select(database, selection, [](const Guideline& guideline) -> std::string {
    if (!guideline.groups.empty()) return "is of a group already";
    if (guideline.status != Standing::kWithdrawn && guideline.status != Standing::kContested) {
      return "";
    }
    return fmt::format("is {}: no variants are made of it", guidelines::Name(guideline.status));
  });
}

Expected<std::vector<Guideline>> SelectToValidate(guidelines::Database& database,
                                                  const GuidelineSelection& selection) {
  return Select(database, selection, [](const Guideline& guideline) -> std::string {
    if (MayBeValidated(guideline.status)) return "";
    return fmt::format("is {}, and no machine's to change", guidelines::Name(guideline.status));
  });
}

}  // namespace mores::curate
