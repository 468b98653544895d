// What a change of the guidelines does to verdicts that were made by them (docs/formats/places.md).
#ifndef MORES_JUDGE_PLACES_REJUDGE_H_
#define MORES_JUDGE_PLACES_REJUDGE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/verdict.h"
#include "judge/places/place_judge.h"

namespace mores::judge {

// Why a place of a verdict no longer rests on what it was judged by.
enum class Ground {
  kChanged,    // another version is current
  kContested,  // and may not decide
  kWithdrawn,
  kNotValid,  // by its days, or because its status doesn't decide
  kGone,      // not in the database
  kNotFound,  // still there, and no longer among those found
  kFound,     // newly among them
  kOtherDay   // by another day alone: no longer valid, or found, or not found
};
// "changed", "contested", ..., "not-valid", "gone", "not-found", "found", "other-day"
std::string_view Name(Ground ground);

struct ChangedGuideline {
  Ground ground = Ground::kChanged;
  format::GuidelineRef guideline;  // as it was shown; of kFound as it would be
};

struct PlaceChange {
  std::string id, place;
  std::vector<ChangedGuideline> why;
  format::Label before = format::Label::kUnparsed;
  std::optional<format::Label> after;  // null where it could not be judged again
  bool flipped() const { return after && *after != before; }
};
// {"id","place","why":[{"what","id","version"}],"before","after","flipped"}
Json ToJson(const PlaceChange& change);

struct RejudgeOptions {
  std::string as_of;  // YYYY-MM-DD; "": the day that each verdict was made for
  // Guidelines of a place, at most; 0: as many as each verdict was made with. A number is for
  // verdicts that don't say it.
  size_t shown = 0;
  // kAll: for every verdict; else for those alone that were made so.
  guidelines::ImportTrust imports = guidelines::ImportTrust::kMarkedSets;
};

struct Rejudged {
  format::Verdict verdict;  // as it came, but for its findings where a place changed
  std::vector<PlaceChange> changes;
};

// One result a verdict, in order; what one alone fails by is an error of its own. Verdicts all of
// whose places are as they were shown are copied, as are those that are unsafe in general, which
// rest on no guideline. In others the places that changed are judged again, and the rest keep their
// results but for coverage and response type, which are of the database as it is now. The general
// result is never asked again. A verdict without the dialogue's text (--no-content) is compared by
// what it was shown, and not judged. kUsage where a verdict that has to be judged was made by
// another model or prompt, or with another threshold; and where one was made with another number of
// guidelines shown than `options` names.
Expected<std::vector<Expected<Rejudged>>> Rejudge(PlaceJudge& judge,
                                                  std::span<const format::Verdict* const> verdicts,
                                                  const RejudgeOptions& options = {});

// What a run of it adds up to.
struct RejudgeCounts {
  int64_t verdicts = 0, failed = 0, with_places = 0;
  int64_t changed = 0;                     // verdicts that rest on a changed guideline
  int64_t places = 0;                      // places of those
  int64_t flipped = 0, not_judgeable = 0;  // of these places
  int64_t to_unsafe = 0, unparsed = 0;     // of these: flipped to unsafe; without a label now
  int64_t other_day = 0;                   // of these, by the day alone

  void Add(const Json& verdict, const Json& changes);  // as they are written
  std::string Describe() const;                        // a few lines for a person
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_REJUDGE_H_
