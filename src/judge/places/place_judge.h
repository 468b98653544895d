// The judge that knows where it is: beside the general result, one a place, by the guidelines that
// hold there (docs/formats/places.md). A place can add a finding and never takes one away: what is
// unsafe in general is unsafe everywhere, and a finding needs a guideline that was shown.
#ifndef MORES_JUDGE_PLACES_PLACE_JUDGE_H_
#define MORES_JUDGE_PLACES_PLACE_JUDGE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/verdict.h"
#include "job/fingerprint.h"
#include "judge/judge.h"
#include "judge/places/place_retrieval.h"

namespace mores::judge {

// One place of one dialogue.
struct PlaceCase {
  const format::Dialogue* dialogue = nullptr;
  const format::Verdict* general = nullptr;
  AskedPlace asked;
  RetrievedPlace retrieved;
  // A result that stands: nothing is asked, and what it says of the place itself is said anew.
  std::optional<format::PlaceResult> kept;
  Expected<format::PlaceResult> result;  // of PlaceJudge::Decide
  format::Usage usage;                   // of what was asked for it
  std::vector<std::string> oddities;     // of the reply
};

// One caller at a time.
class PlaceJudge {
 public:
  // The three must outlive it. kUnsupported where the judge can't be shown guidelines.
  static Expected<std::unique_ptr<PlaceJudge>> Create(Judge& judge, guidelines::Database& database,
                                                      guidelines::Searcher& searcher,
                                                      PlaceOptions options);

  // Puts the findings of its places into each verdict; one list of places a dialogue, and none for
  // an empty one. The general result stays as it is, its usage grows by what was asked. A verdict
  // whose places could not be judged becomes an error. kInternal where the database's guidelines
  // aren't those of Create any more: who judges holds one state of it (Connection::HoldState).
  Status AddPlaces(std::span<const format::Dialogue* const> dialogues,
                   std::span<const std::vector<AskedPlace>* const> places,
                   std::span<Expected<format::Verdict>> verdicts);

  // The parts of that: what there is to show, and the results of cases that have it. Cases of one
  // dialogue stand side by side.
  Expected<RetrievedPlace> Retrieve(const format::Dialogue& dialogue,
                                    const guidelines::PlaceScope& scope,
                                    const PlaceOptions& options) {
    return retrieval_.Find(dialogue, scope, options);
  }
  Status Decide(std::span<PlaceCase> cases);

  const std::string& guideline_set() const { return set_; }
  const PlaceOptions& options() const { return options_; }
  Judge& judge() { return judge_; }
  guidelines::Database& database() { return retrieval_.database(); }
  // What a resume must share, beside what the judge's fingerprint says.
  Json Fingerprint() const;
  // What to say where that, as the field `places` of a run's fingerprint, differs from before.
  static job::FieldNotes FingerprintNotes();

 private:
  PlaceJudge(Judge& judge, PlaceRetrieval retrieval, PlaceOptions options, std::string set)
      : judge_(judge),
        retrieval_(std::move(retrieval)),
        options_(std::move(options)),
        set_(std::move(set)) {}

  Judge& judge_;
  PlaceRetrieval retrieval_;
  const PlaceOptions options_;
  const std::string set_;
};

// Where a place that was swapped in is unsafe and the first one safe, or the other way round.
std::vector<format::PlaceFlip> FlipsOf(const std::vector<format::PlaceResult>& places);

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_PLACE_JUDGE_H_
