#include "app/guideline_lookup.h"

#include <optional>
#include <utility>

#include "app/database.h"

namespace mores::app {
namespace {

tl::unexpected<Error> NothingById(const std::string& id) {
  return MakeError(ErrorKind::kInput, "no guideline or passage '{}'", id);
}

}  // namespace

Expected<FoundById> FindById(const std::string& database, const std::string& id, int version) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(std::optional<guidelines::Version> guideline, opened->Find(id, version));
  if (guideline) return FoundById(std::move(*guideline));
  if (version != 0) {
    return MakeError(ErrorKind::kInput, "no version {} of a guideline '{}'", version, id);
  }
  MORES_ASSIGN_OR_RETURN(std::optional<guidelines::Passage> passage, opened->FindPassage(id));
  if (!passage) return NothingById(id);
  return FoundById(std::move(*passage));
}

Expected<std::vector<guidelines::Version>> GuidelineHistory(const std::string& database,
                                                            const std::string& id) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(std::vector<guidelines::Version> versions, opened->History(id));
  if (versions.empty()) return NothingById(id);
  return versions;
}

}  // namespace mores::app
