// Review of guidelines by people (docs/formats/guideline-review.md): blind rulings, adjudication,
// complaint and withdrawal. What was said is a row of the table `review` that is never changed;
// what comes of it is a new version of the guideline.
#ifndef MORES_GUIDELINES_REVIEW_REVIEW_H_
#define MORES_GUIDELINES_REVIEW_REVIEW_H_

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "guidelines/search/search.h"
#include "guidelines/store/database.h"

namespace mores::guidelines {

enum class Ruling { kCorrect, kWrong, kUnsure };
std::string_view Name(Ruling ruling);  // "correct", "wrong", "unsure"
std::optional<Ruling> ParseRuling(std::string_view name);

// Whether one of `places` is one of `codes` or a part of it; true where there are no codes.
bool IsWithin(const std::vector<std::string>& places, const std::vector<std::string>& codes);

// One person's ruling on one version.
struct GivenRuling {
  std::string id;
  int version = 0;  // 0: the current one; another than the current one is refused
  Ruling ruling = Ruling::kUnsure;
  std::string reviewer;
  PlaceScope from;  // where the reviewer is from; an empty place: not said
  std::string reason;
};
// A line of `review rule --file`: {"id","version"?,"ruling","reviewer"?,"from"?,"reason"?}. `from`
// is handed to `parse_scope`. Without a reviewer it is `reviewer`. kInput names field and `where`.
using ParseScope = std::function<Expected<PlaceScope>(std::string_view)>;
Expected<GivenRuling> ParseGivenRuling(const Json& value, std::string_view where,
                                       const std::string& reviewer, const ParseScope& parse_scope);

// A ruling as it is stored.
struct StoredRuling {
  std::string id;
  int version = 0;
  Kind kind = Kind::kNorm;
  std::vector<std::string> places;
  Ruling ruling = Ruling::kUnsure;
  std::string reviewer, reviewer_place, at, reason;
};

// {"version","ruling","reviewer","from","at","reason"}
Json ToJson(const StoredRuling& ruling);

// What a reviewer is shown: nothing of what others ruled. Who settles is shown that.
struct ReviewItem {
  Guideline guideline;
  std::vector<Passage> passages;                     // that it rests on
  std::vector<std::string> complaints;               // reasons, where it is contested; not whose
  std::optional<std::vector<StoredRuling>> rulings;  // of NextToSettle alone
};
Json ToJson(const ReviewItem& item);

// Somebody who wants to see who ruled what: a reviewer sees the rulings on versions that they ruled
// on, who settles sees all.
struct RulingViewer {
  enum class Role { kReviewer, kAdjudicator };
  std::string name;
  Role role = Role::kReviewer;
};

// How many others must have ruled on a version before it can be settled.
struct EnoughRulings {
  size_t number = 2;
  Change change;  // by whom, when and why; nobody where it was never set
};
inline constexpr size_t kMostEnough = 100;
Expected<EnoughRulings> ReadEnoughRulings(Database& database);

struct NextOptions {
  std::string reviewer;
  // With a place: guidelines of that country alone, and of groups those of this group alone.
  PlaceScope from;
  std::vector<std::string> places;  // codes, their parts included; empty: everywhere
  // Empty: all but human-validated and withdrawn. Of no account in NextToSettle.
  std::vector<Standing> statuses;
};

struct Decision {
  std::string id;
  int version = 0;  // as GivenRuling's
  Ruling ruling = Ruling::kUnsure;
  std::string by, reason;
};

// What a pass over all guidelines that reviewers agree on did.
struct UnanimousDecisions {
  std::vector<Version> adopted;
  std::vector<std::pair<std::string, std::string>> left;  // id, and why
};

// One caller at a time; other processes may write to the database meanwhile. Each call is one
// transaction. kInput for what the rules don't allow, said in one line; nothing is written then.
class ReviewDesk {
 public:
  // REQUIRES: `database` is open for writing, but for Next, ForEachRuling and RulingsFor of a
  // reviewer; both outlive it.
  explicit ReviewDesk(Database& database, Clock& clock = SystemClock())
      : database_(database), clock_(clock) {}

  // The next guideline that the reviewer hasn't ruled on in its current version and may rule on:
  // contested ones first, then by id; so in an order that doesn't depend on others' rulings.
  Expected<std::optional<ReviewItem>> Next(const NextOptions& options);

  // The same for who settles: of those that have enough rulings and aren't settled, with who ruled
  // what. Who is shown that can't rule on that version any more.
  Expected<std::optional<ReviewItem>> NextToSettle(const NextOptions& options);

  // By version, the rulings on it, for those versions whose rulings the viewer may see. Of a
  // version that they could still rule on, who settles can't after this. kInput for who wrote it,
  // and settles nothing of it.
  Expected<std::map<int, std::vector<StoredRuling>>> RulingsFor(std::string_view id,
                                                                const RulingViewer& viewer);

  // All or none. One ruling a reviewer and version; not by who wrote the text or made the version.
  // A proposed guideline that enough others have ruled on, all of them that it is correct, is
  // human-validated with the last of these; the versions that come of it.
  Expected<std::vector<Version>> Rule(std::span<const GivenRuling> rulings);

  // How many rulings it takes from now on, 1 to kMostEnough.
  Status RequireRulings(size_t number, const Change& change);

  // Settles the current version once enough have ruled: correct makes it human-validated, wrong
  // withdraws it, unsure contests it. That a human-validated one is correct changes nothing. Not by
  // who wrote it, nor, where the rulings differ, by one who ruled. A guideline of groups becomes
  // human-validated only with a source that is no model, or a passage, and with two reviewers from
  // each of its groups who ruled that it is correct.
  Expected<Version> Adjudicate(const Decision& decision);
  // Does that for each guideline whose rulings are enough and the same, in one transaction, and
  // leaves out those that the rules don't allow.
  Expected<UnanimousDecisions> AdjudicateUnanimous(const std::string& by,
                                                   const std::vector<std::string>& places);

  // Makes it contested until it is adjudicated.
  Expected<Version> Complain(std::string_view id, const std::string& by, const std::string& reason);
  Expected<Version> Withdraw(std::string_view id, const std::string& by, const std::string& reason);

  // Of every version, by id, version and time.
  Status ForEachRuling(const std::function<Status(const StoredRuling&)>& visit);

 private:
  struct Row;
  Expected<Version> CurrentOf(std::string_view id, int version);
  Expected<bool> Wrote(const std::string& person, const Version& current);
  // Of one guideline, or of all where the id is empty.
  Status ReadRulings(std::string_view id, const std::function<Status(const StoredRuling&)>& visit);
  Expected<bool> SawRulings(const std::string& person, const Guideline& guideline);
  Status NoteSight(const std::string& person, const Guideline& guideline);
  Expected<std::vector<Row>> RulingsOn(const Guideline& guideline);
  Status Write(const Guideline& guideline, const Row& row);
  Expected<std::optional<Version>> RuleOnce(const GivenRuling& ruling);
  Expected<Version> Settle(const Decision& decision);
  Expected<Version> Move(const Version& current, Standing status, const Row& row);
  // By one person, with a reason, whatever was ruled.
  Expected<Version> ChangeStanding(std::string_view id, Standing standing, const Row& row);

  Database& database_;
  Clock& clock_;
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_REVIEW_REVIEW_H_
