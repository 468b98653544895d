#include "app/guideline_diff.h"

#include <map>
#include <utility>

#include "app/database.h"

namespace mores::app {
namespace {

using Versions = std::map<std::string, guidelines::Version>;

Expected<Versions> CurrentVersions(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const auto database, OpenDatabase(path, GuidelineAccess::kRead));
  Versions versions;
  MORES_RETURN_IF_ERROR(database->ForEachGuideline([&](const guidelines::Version& version) {
    versions.emplace(version.guideline.id, version);
    return Status();
  }));
  return versions;
}

// Fields that differ: {"text": [before, after], ...}.
Json ChangedFields(const guidelines::Guideline& before, const guidelines::Guideline& after) {
  const Json old_fields = guidelines::ToJson(before), new_fields = guidelines::ToJson(after);
  Json changed = Json::object();
  const auto field = [](const Json& json, const std::string& name) {
    const auto found = json.find(name);
    return found == json.end() ? Json("") : *found;
  };
  for (const Json* fields : {&old_fields, &new_fields}) {
    for (const auto& [name, value] : fields->items()) {
      if (name == "version" || changed.contains(name)) continue;
      if (field(old_fields, name) == field(new_fields, name)) continue;
      changed[name] = {field(old_fields, name), field(new_fields, name)};
    }
  }
  return changed;
}

}  // namespace

Expected<std::optional<VersionDiff>> DiffVersions(const std::string& database,
                                                  const std::string& id,
                                                  const VersionPair& versions) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(const std::optional<guidelines::Version> current, opened->Find(id));
  if (!current) return MakeError(ErrorKind::kInput, "no guideline '{}'", id);
  VersionDiff diff{.from = versions.from.value_or(current->guideline.version - 1),
                   .to = versions.to.value_or(current->guideline.version)};
  if (diff.from == 0 && !versions.from && !versions.to) return std::optional<VersionDiff>();
  guidelines::Guideline sides[2];
  for (size_t i = 0; i < 2; ++i) {
    const int number = i == 0 ? diff.from : diff.to;
    MORES_ASSIGN_OR_RETURN(
        std::optional<guidelines::Version> version,
        number > 0 ? opened->Find(id, number) : std::optional<guidelines::Version>());
    if (!version) return MakeError(ErrorKind::kInput, "{} has no version {}", id, number);
    sides[i] = std::move(version->guideline);
  }
  diff.changed = ChangedFields(sides[0], sides[1]);
  return std::optional<VersionDiff>(std::move(diff));
}

std::string_view Name(GuidelineChange change) {
  switch (change) {
    case GuidelineChange::kAdded:
      return "added";
    case GuidelineChange::kChanged:
      return "changed";
    case GuidelineChange::kWithdrawn:
      return "withdrawn";
    case GuidelineChange::kMissing:
      break;
  }
  return "missing";
}

Expected<DatabaseDiff> DiffDatabases(const std::string& before, const std::string& after,
                                     const OnGuidelineChange& on_change) {
  MORES_ASSIGN_OR_RETURN(const Versions then, CurrentVersions(before));
  MORES_ASSIGN_OR_RETURN(const Versions now, CurrentVersions(after));
  DatabaseDiff diff;
  for (const auto& [id, version] : then) {
    const auto found = now.find(id);
    if (found == now.end()) {
      ++diff.missing;
      on_change(GuidelineChange::kMissing, id, Json::object());
      continue;
    }
    const guidelines::Guideline& guideline = found->second.guideline;
    const Json changed = ChangedFields(version.guideline, guideline);
    if (changed.empty()) continue;
    const bool withdrawn = guideline.status == guidelines::Standing::kWithdrawn;
    ++(withdrawn ? diff.withdrawn : diff.changed);
    on_change(withdrawn ? GuidelineChange::kWithdrawn : GuidelineChange::kChanged, id, changed);
  }
  for (const auto& [id, version] : now) {
    if (then.contains(id)) continue;
    ++diff.added;
    on_change(GuidelineChange::kAdded, id, Json::object());
  }
  return diff;
}

}  // namespace mores::app
