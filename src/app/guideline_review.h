// Guidelines reviewed by people: rulings, what comes of them, and how far reviewers agree.
#ifndef MORES_APP_GUIDELINE_REVIEW_H_
#define MORES_APP_GUIDELINE_REVIEW_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/database.h"
#include "base/error.h"
#include "guidelines/review/review.h"
#include "guidelines/review/review_agreement.h"

namespace mores::app {

struct NextJob {
  std::string database;
  // Who rules, or who settles: guidelines::ReviewDesk::Next or NextToSettle.
  guidelines::RulingViewer viewer;
  std::string from;                            // as guidelines::ParsePlaceScope's; empty: not said
  NamedPlaces places;                          // these and their parts alone
  std::vector<guidelines::Standing> statuses;  // as guidelines::NextOptions'
};
// What the reviewer may rule on next; nullopt where nothing is left.
Expected<std::optional<guidelines::ReviewItem>> NextToReview(const NextJob& options);

struct RulingJob {
  std::string database;
  // Of rulings, a line each (guidelines::ParseGivenRuling); those without a reviewer are
  // `ruling`'s, of which else nothing counts. Empty: `ruling` alone.
  std::string file;
  guidelines::GivenRuling ruling;  // its place is `from`
  std::string from;                // as NextJob's
};
struct StoredRulings {
  size_t stored = 0;                         // all or none
  std::vector<guidelines::Version> settled;  // proposed ones that enough have ruled for
};
Expected<StoredRulings> StoreRulings(const RulingJob& options);

// Of one guideline, by version: as guidelines::ReviewDesk::RulingsFor.
Expected<std::map<int, std::vector<guidelines::StoredRuling>>> RulingsFor(
    const std::string& database, const std::string& id, const guidelines::RulingViewer& viewer);

// How many others must rule, as it is or, with a number, from now on.
struct EnoughJob {
  std::string database;
  std::optional<size_t> number;
  guidelines::Change change;  // with a number
};
Expected<guidelines::EnoughRulings> EnoughRulings(const EnoughJob& options);

// Over the rulings within `places`.
Expected<std::vector<guidelines::ReviewAgreement>> MeasureReviews(const std::string& database,
                                                                  const NamedPlaces& places,
                                                                  uint64_t seed);

// As guidelines::ReviewDesk's.
Expected<guidelines::Version> AdjudicateGuideline(const std::string& database,
                                                  const guidelines::Decision& decision);
Expected<guidelines::UnanimousDecisions> AdjudicateUnanimous(const std::string& database,
                                                             const std::string& by,
                                                             const NamedPlaces& places);

enum class Objection { kComplaint, kWithdrawal };
struct ObjectionJob {
  std::string database, id, by, reason;
  Objection objection = Objection::kComplaint;
};
Expected<guidelines::Version> ObjectToGuideline(const ObjectionJob& options);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_REVIEW_H_
