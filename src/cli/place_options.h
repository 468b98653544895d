// The options of commands that judge in places, and what they tell of it.
#ifndef MORES_CLI_PLACE_OPTIONS_H_
#define MORES_CLI_PLACE_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/places.h"
#include "base/error.h"
#include "format/verdict.h"

namespace mores::cli {

// --db, --as-of, --guidelines-shown, --trust-imports, --place, --infer-places, --swap.
void AddPlaceOptions(CLI::App* command, app::PlacesOptions& options);

// --trust-imports. `imports` must outlive the command line.
void AddTrustOption(CLI::App* command, guidelines::ImportTrust& imports);

// kUsage for a day that is none.
Status CheckDay(const std::string& as_of);
// That, and kUsage where places are asked for and no database is named; fills that in.
Status CheckPlaceOptions(app::PlacesOptions& options);

// The dialogues that flip between places, with the guidelines that decide, for a terminal.
class FlipTable {
 public:
  void Add(const format::Verdict& verdict);
  size_t dialogues() const { return dialogues_; }  // that were compared
  size_t flipped() const { return flipped_.size(); }
  size_t unlabelled() const { return unlabelled_; }  // lack a label in one of the places compared
  Expected<std::string> Describe(guidelines::Database& database) const;

 private:
  struct Flipped {
    std::string id;
    std::vector<format::PlaceFlip> flips;
  };
  size_t dialogues_ = 0, unlabelled_ = 0;
  std::vector<Flipped> flipped_;
};

}  // namespace mores::cli

#endif  // MORES_CLI_PLACE_OPTIONS_H_
