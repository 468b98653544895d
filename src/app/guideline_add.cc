#include "app/guideline_add.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/database.h"

namespace mores::app {
namespace {

// A new version says of what isn't given what the one before says.
Status KeepWhatIsNotGiven(const guidelines::Guideline& before, const AddJob& options,
                          guidelines::Guideline& changed) {
  if (before.status == guidelines::Standing::kWithdrawn) {
    return MakeError(ErrorKind::kInput, "guideline '{}' is withdrawn, and stays so", before.id);
  }
  changed.version = before.version;
  if (!options.polarity) changed.polarity = before.polarity;
  if (changed.valid_from.empty()) changed.valid_from = before.valid_from;
  if (changed.valid_to.empty()) changed.valid_to = before.valid_to;
  changed.passages = before.passages;
  std::vector<guidelines::Source> sources = before.sources;
  for (const guidelines::Source& source : changed.sources) {
    if (std::find(sources.begin(), sources.end(), source) == sources.end()) {
      sources.push_back(source);
    }
  }
  changed.sources = std::move(sources);
  return {};
}

// The guideline as given, checked as those of a file are: language, dates and the like.
Expected<guidelines::Guideline> ParseGiven(const AddJob& options) {
  guidelines::Guideline guideline = options.guideline;
  const bool of_group = !guideline.groups.empty();
  if (options.polarity) guideline.polarity = *options.polarity;
  guideline.status = options.status.value_or(of_group ? guidelines::Standing::kGenerated
                                                      : guidelines::Standing::kHumanValidated);
  if (of_group && guideline.sources.empty()) {
    return MakeError(ErrorKind::kUsage, "a guideline of a group needs a source");
  }
  Json json = guidelines::ToJson(guideline);
  json.erase("lang");
  return guidelines::ParseGuideline(json, "guidelines add");
}

}  // namespace

Status CheckStanding(const AddJob& options) {
  const bool validated = options.status == guidelines::Standing::kHumanValidated ||
                         options.status == guidelines::Standing::kMachineValidated;
  if (!validated || options.guideline.groups.empty()) return {};
  return MakeError(ErrorKind::kUsage, "{}: a guideline of a group comes to it by review alone",
                   guidelines::Name(*options.status));
}

Expected<AddResult> AddGuideline(const AddJob& options) {
  MORES_RETURN_IF_ERROR(CheckStanding(options));
  MORES_ASSIGN_OR_RETURN(guidelines::Guideline parsed, ParseGiven(options));
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kCreate));
  const std::string id = parsed.id.empty() ? guidelines::GuidelineId(parsed) : parsed.id;
  MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> before, database->Find(id));
  if (before) {
    MORES_RETURN_IF_ERROR(KeepWhatIsNotGiven(before->guideline, options, parsed));
  } else if (!parsed.id.empty()) {
    return MakeError(ErrorKind::kInput,
                     "there is no guideline '{}' to change; without {} a new one is added", id,
                     options.id_called);
  }
  AddResult result;
  MORES_ASSIGN_OR_RETURN(result.version, database->Put(parsed, options.change));
  result.as_it_was = before && before->guideline.version == result.version.guideline.version;
  return result;
}

}  // namespace mores::app
