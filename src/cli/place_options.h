// The options of commands that judge in places, and how they open what that takes.
#ifndef MORES_CLI_PLACE_OPTIONS_H_
#define MORES_CLI_PLACE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "judge/judge_run.h"
#include "judge/places/place_judge.h"

namespace mores::cli {

struct GuidelineOptions {
  std::string database;  // "": $MORES_GUIDELINES
  std::string as_of;     // "": today, UTC
  size_t shown = 5;
};

struct PlaceFlags {
  GuidelineOptions guidelines;
  std::vector<std::string> places;  // of dialogues without places of their own
  std::vector<std::string> swap;    // for every dialogue
  bool infer = false;
};
// --place, --infer-places, --swap, and the above.
void AddPlaceOptions(CLI::App* command, PlaceFlags& flags);

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
  Json Manifest() const;

 private:
  judge::PlaceOptions options_;
  std::unique_ptr<guidelines::Database> database_;
  std::unique_ptr<guidelines::Searcher> searcher_;
  std::unique_ptr<judge::PlaceJudge> judge_;
};

// Null where neither the flags nor the dialogues name a place, or those name some and no database
// is at hand. kUsage names a place of the flags that is unknown; one of a dialogue fails that
// dialogue alone.
struct OpenedPlaces {
  std::unique_ptr<OpenedGuidelines> guidelines;
  judge::PlaceRun run;

  Status Attach(judge::Judge& judge);
};
Expected<std::unique_ptr<OpenedPlaces>> OpenPlaces(const PlaceFlags& flags,
                                                   const std::vector<format::Dialogue>& dialogues);

// The dialogues that flip between places, with the guidelines that decide, for a terminal.
class FlipTable {
 public:
  void Add(const format::Verdict& verdict);
  size_t dialogues() const { return dialogues_; }  // that were compared
  size_t flipped() const { return flipped_.size(); }
  Expected<std::string> Describe(guidelines::Database& database) const;

 private:
  struct Flipped {
    std::string id;
    std::vector<format::PlaceFlip> flips;
  };
  size_t dialogues_ = 0;
  std::vector<Flipped> flipped_;
};

}  // namespace mores::cli

#endif  // MORES_CLI_PLACE_OPTIONS_H_
