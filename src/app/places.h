// Opening what it takes to judge in places: a database of guidelines in one state, and the places
// of each dialogue.
#ifndef MORES_APP_PLACES_H_
#define MORES_APP_PLACES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/database.h"
#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"
#include "guidelines/search/search.h"
#include "guidelines/store/database.h"
#include "judge/judge_run.h"
#include "judge/places/place_judge.h"

namespace mores::app {

struct GuidelineOptions {
  std::string database;  // "": $MORES_GUIDELINES
  std::string as_of;     // "": today, UTC
  size_t shown = 5;      // of a place, at most
  // Which imported guidelines decide.
  guidelines::ImportTrust imports = guidelines::ImportTrust::kMarkedSets;
};

struct PlacesOptions {
  GuidelineOptions guidelines;
  NamedPlaces places{.called = "places"};              // of dialogues without places of their own
  NamedPlaces swapped{.called = "places to swap in"};  // for every dialogue
  bool infer = false;                                  // also the places that the user's turns name

  // Whether any of it was given.
  bool asked() const {
    return !places.names.empty() || !swapped.names.empty() || infer || !guidelines.database.empty();
  }
};

// A database of guidelines in the state in which it was opened, searched, and a judge who judges by
// it.
class OpenedGuidelines {
 public:
  // kUsage where no database is named; before a model is loaded.
  static Expected<std::unique_ptr<OpenedGuidelines>> Open(const GuidelineOptions& options);

  // `judge` must outlive this.
  Status Attach(judge::Judge& judge);
  judge::PlaceJudge& judge() { return *judge_; }
  guidelines::Database& database() { return *database_; }
  const judge::PlaceOptions& options() const { return options_; }
  Json Manifest() const;

 private:
  judge::PlaceOptions options_;
  std::unique_ptr<guidelines::Database> database_;
  std::unique_ptr<guidelines::Searcher> searcher_;
  std::unique_ptr<judge::PlaceJudge> judge_;
};

struct OpenedPlaces {
  std::unique_ptr<OpenedGuidelines> guidelines;
  judge::PlaceRun run;

  Status Attach(judge::Judge& judge);
};
// What is said of guidelines of the places asked for, and of what these are parts of, that don't
// decide by their status: how many of which; nullopt where all do. Withdrawn ones don't count.
Expected<std::optional<std::string>> NoteOnUndeciding(OpenedGuidelines& opened,
                                                      const std::vector<std::string>& codes);
// Of those that the dialogues are judged in.
std::vector<std::string> PlacesAsked(const judge::PlaceRun& run);

// What is said where dialogues name places and no database is at hand; nullopt where none does.
std::optional<std::string> NoteOnPlacesLeft(const std::vector<format::Dialogue>& dialogues);

// A place as its code is written now, "CN-HK" as "HK"; as it stands where it isn't known. Reads the
// catalogue of places once one is asked for.
std::function<std::string(std::string_view)> PlaceNames();
// The code of a place as somebody names it, with a group as it is; kUsage for none or several,
// kMissing where the catalogue isn't installed.
Expected<std::string> PlaceNamed(std::string_view text);

// Null where neither the options nor the dialogues name a place, or those name some and no database
// is at hand. kUsage names a place of the options that is unknown; one of a dialogue fails that
// dialogue alone.
Expected<std::unique_ptr<OpenedPlaces>> OpenPlaces(const PlacesOptions& options,
                                                   const std::vector<format::Dialogue>& dialogues);

}  // namespace mores::app

#endif  // MORES_APP_PLACES_H_
