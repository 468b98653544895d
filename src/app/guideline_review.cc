#include "app/guideline_review.h"

#include <string_view>

#include "base/json_lines.h"

namespace mores::app {

Expected<std::vector<guidelines::GivenRuling>> ReadRulings(const std::string& path,
                                                           const std::string& reviewer,
                                                           guidelines::Database& database) {
  std::vector<guidelines::GivenRuling> rulings;
  const auto take = [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(
        rulings.emplace_back(),
        guidelines::ParseGivenRuling(line.value, line.where, reviewer, [&](std::string_view from) {
          return guidelines::ParsePlaceScope(from, database);
        }));
    return {};
  };
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, {.when_empty = "no rulings in it"}, take));
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
