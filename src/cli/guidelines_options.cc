#include "cli/guidelines_options.h"

namespace mores::cli {

void AddDatabaseOption(CLI::App* command, std::string& path) {
  command->add_option("--db", path, "The guideline database")->required();
}

Expected<std::unique_ptr<guidelines::Database>> OpenDatabase(
    const std::string& path, guidelines::Connection::Access access) {
  return guidelines::Database::Open(path, {.access = access});
}

Expected<std::vector<std::string>> PlaceCodes(const std::vector<std::string>& given,
                                              guidelines::Database& database) {
  std::vector<std::string> codes;
  for (const std::string& text : given) {
    MORES_ASSIGN_OR_RETURN(guidelines::PlaceScope scope,
                           guidelines::ParsePlaceScope(text, database));
    if (!scope.group.empty()) {
      return MakeError(ErrorKind::kUsage, "--place {}: a place without a group is wanted here",
                       text);
    }
    codes.push_back(std::move(scope.place));
  }
  return codes;
}

Expected<std::vector<guidelines::Standing>> Standings(const std::vector<std::string>& names) {
  std::vector<guidelines::Standing> statuses;
  for (const std::string& name : names) {
    const std::optional<guidelines::Standing> status = guidelines::ParseStanding(name);
    if (!status) return MakeError(ErrorKind::kUsage, "--status {}: there is no such status", name);
    statuses.push_back(*status);
  }
  return statuses;
}

}  // namespace mores::cli
