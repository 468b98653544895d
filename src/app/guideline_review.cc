#include "app/guideline_review.h"

#include <map>
#include <set>
#include <string_view>
#include <utility>

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

// Without those on current versions that others have yet to rule on: figures over few guidelines
// would say how somebody ruled.
Status LeaveOutOpen(guidelines::Database& database,
                    std::vector<guidelines::StoredRuling>& rulings) {
  MORES_ASSIGN_OR_RETURN(const guidelines::EnoughRulings enough,
                         guidelines::ReadEnoughRulings(database));
  std::map<std::pair<std::string, int>, size_t> given;
  for (const guidelines::StoredRuling& one : rulings) ++given[{one.id, one.version}];
  std::set<std::pair<std::string, int>> open;
  for (const auto& [of, count] : given) {
    if (count >= enough.number) continue;
    MORES_ASSIGN_OR_RETURN(const auto current, database.Find(of.first));
    if (current && current->guideline.version == of.second &&
        current->guideline.status != guidelines::Standing::kWithdrawn) {
      open.insert(of);
    }
  }
  std::erase_if(rulings, [&](const guidelines::StoredRuling& one) {
    return open.contains({one.id, one.version});
  });
  return {};
}

}  // namespace

Expected<std::optional<guidelines::ReviewItem>> NextToReview(const NextJob& options) {
  const bool settles = options.viewer.role == guidelines::RulingViewer::Role::kAdjudicator;
  MORES_ASSIGN_OR_RETURN(
      const auto database,
      OpenDatabase(options.database, settles ? GuidelineAccess::kWrite : GuidelineAccess::kRead));
  guidelines::NextOptions next{.reviewer = options.viewer.name, .statuses = options.statuses};
  MORES_ASSIGN_OR_RETURN(next.from, ReviewerPlace(options.from, *database));
  MORES_ASSIGN_OR_RETURN(next.places, PlaceCodes(options.places, *database));
  guidelines::ReviewDesk desk(*database);
  return settles ? desk.NextToSettle(next) : desk.Next(next);
}

Expected<std::map<int, std::vector<guidelines::StoredRuling>>> RulingsFor(
    const std::string& database, const std::string& id, const guidelines::RulingViewer& viewer) {
  const bool settles = viewer.role == guidelines::RulingViewer::Role::kAdjudicator;
  MORES_ASSIGN_OR_RETURN(
      const auto opened,
      OpenDatabase(database, settles ? GuidelineAccess::kWrite : GuidelineAccess::kRead));
  return guidelines::ReviewDesk(*opened).RulingsFor(id, viewer);
}

Expected<guidelines::EnoughRulings> EnoughRulings(const EnoughJob& options) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, options.number ? GuidelineAccess::kWrite
                                                                       : GuidelineAccess::kRead));
  if (options.number) {
    guidelines::ReviewDesk desk(*database);
    MORES_RETURN_IF_ERROR(desk.RequireRulings(*options.number, options.change));
  }
  return guidelines::ReadEnoughRulings(*database);
}

Expected<StoredRulings> StoreRulings(const RulingJob& options) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kWrite));
  std::vector<guidelines::GivenRuling> rulings = {options.ruling};
  if (options.file.empty()) {
    MORES_ASSIGN_OR_RETURN(rulings.front().from, ReviewerPlace(options.from, *database));
  } else {
    MORES_ASSIGN_OR_RETURN(rulings, ReadRulings(options.file, options.ruling.reviewer, *database));
  }
  StoredRulings result{.stored = rulings.size()};
  MORES_ASSIGN_OR_RETURN(result.settled, guidelines::ReviewDesk(*database).Rule(rulings));
  return result;
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
  MORES_RETURN_IF_ERROR(LeaveOutOpen(*opened, rulings));
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
