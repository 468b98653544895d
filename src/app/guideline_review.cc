#include "app/guideline_review.h"

#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "base/files.h"

namespace mores::app {

Expected<std::vector<guidelines::GivenRuling>> ReadRulings(const std::string& path,
                                                           const std::string& reviewer,
                                                           guidelines::Database& database) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::vector<guidelines::GivenRuling> rulings;
  std::string line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = fmt::format("{}:{}", path, reader->line_number());
    MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(line, where));
    MORES_ASSIGN_OR_RETURN(
        rulings.emplace_back(),
        guidelines::ParseGivenRuling(value, where, reviewer, [&](std::string_view from) {
          return guidelines::ParsePlaceScope(from, database);
        }));
  }
  if (rulings.empty()) return MakeError(ErrorKind::kInput, "{}: no rulings in it", path);
  return rulings;
}

Expected<std::vector<guidelines::ReviewAgreement>> MeasureReviews(const std::string& database,
                                                                  const NamedPlaces& places,
                                                                  uint64_t seed) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(const std::vector<std::string> codes, PlaceCodes(places, *opened));
  std::vector<guidelines::StoredRuling> rulings;
  const auto take = [&](const guidelines::StoredRuling& ruling) -> Status {
    if (guidelines::IsWithin(ruling.places, codes)) rulings.push_back(ruling);
    return {};
  };
  MORES_RETURN_IF_ERROR(guidelines::ReviewDesk(*opened).ForEachRuling(take));
  return guidelines::AssessReviews(rulings, {.seed = seed});
}

}  // namespace mores::app
