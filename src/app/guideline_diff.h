// What differs between two versions of a guideline, or two states of a database.
#ifndef MORES_APP_GUIDELINE_DIFF_H_
#define MORES_APP_GUIDELINE_DIFF_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores::app {

// Versions of one guideline that are compared, and by field what they say: [before, after].
struct VersionDiff {
  int from = 0, to = 0;
  Json changed = Json::object();
};
struct VersionPair {
  std::optional<int> from, to;  // the one before the current one, and that
};
// Nothing where the guideline has one version and no other is asked for. kInput for an id or a
// version that isn't there.
Expected<std::optional<VersionDiff>> DiffVersions(const std::string& database,
                                                  const std::string& id,
                                                  const VersionPair& versions);

enum class GuidelineChange { kAdded, kChanged, kWithdrawn, kMissing };
std::string_view Name(GuidelineChange change);  // "added", "changed", "withdrawn", "missing"

struct DatabaseDiff {
  size_t added = 0, changed = 0, withdrawn = 0, missing = 0;
};
// `on_change` is told of each guideline that differs; `changed` is as VersionDiff's, and empty for
// one that is added or missing.
using OnGuidelineChange =
    std::function<void(GuidelineChange change, const std::string& id, const Json& changed)>;
Expected<DatabaseDiff> DiffDatabases(const std::string& before, const std::string& after,
                                     const OnGuidelineChange& on_change);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_DIFF_H_
