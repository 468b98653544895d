#include "app/guideline_review.h"

#include <string_view>

#include "base/json_lines.h"

namespace mores::app {
namespace {

Expected<guidelines::PlaceScope> ReviewerPlace(const std::string& from,
                                               guidelines::Database& database) {
  if (from.empty()) return guidelines::PlaceScope();
  return guidelines::ParsePlaceScope(from, database);
}

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

}  // namespace

Expected<std::optional<guidelines::ReviewItem>> NextToReview(const NextJob& options) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kRead));
  guidelines::NextOptions next{.reviewer = options.reviewer, .statuses = options.statuses};
  MORES_ASSIGN_OR_RETURN(next.from, ReviewerPlace(options.from, *database));
  MORES_ASSIGN_OR_RETURN(next.places, PlaceCodes(options.places, *database));
  return guidelines::ReviewDesk(*database).Next(next);
}

Expected<size_t> StoreRulings(const RulingJob& options) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kWrite));
  std::vector<guidelines::GivenRuling> rulings = {options.ruling};
  if (options.file.empty()) {
    MORES_ASSIGN_OR_RETURN(rulings.front().from, ReviewerPlace(options.from, *database));
  } else {
    MORES_ASSIGN_OR_RETURN(rulings, ReadRulings(options.file, options.ruling.reviewer, *database));
  }
  MORES_RETURN_IF_ERROR(guidelines::ReviewDesk(*database).Rule(rulings));
  return rulings.size();
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

Expected<guidelines::Version> AdjudicateGuideline(const std::string& database,
                                                  const guidelines::Decision& decision) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kWrite));
  return guidelines::ReviewDesk(*opened).Adjudicate(decision);
}

Expected<guidelines::UnanimousDecisions> AdjudicateUnanimous(const std::string& database,
                                                             const std::string& by,
                                                             const NamedPlaces& places) {
  MORES_ASSIGN_OR_RETURN(const auto opened, OpenDatabase(database, GuidelineAccess::kWrite));
  MORES_ASSIGN_OR_RETURN(const std::vector<std::string> codes, PlaceCodes(places, *opened));
  return guidelines::ReviewDesk(*opened).AdjudicateUnanimous(by, codes);
}

Expected<guidelines::Version> ObjectToGuideline(const ObjectionJob& options) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kWrite));
  guidelines::ReviewDesk desk(*database);
  return options.objection == Objection::kComplaint
             ? desk.Complain(options.id, options.by, options.reason)
             : desk.Withdraw(options.id, options.by, options.reason);
}

}  // namespace mores::app
