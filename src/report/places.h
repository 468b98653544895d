// What stored verdicts say in places: rows by place, by what findings rest on, the guidelines that
// are cited, and what flips between places.
#ifndef MORES_REPORT_PLACES_H_
#define MORES_REPORT_PLACES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/place_tally.h"
#include "report/figures.h"
#include "report/items.h"
#include "stats/bootstrap.h"

namespace mores::report {

struct PlaceRow {
  format::PlaceCount count;
  stats::Estimate unsafe_share;  // of the items that have a label there
};

// Of a database: the version that was cited.
struct GuidelineText {
  std::string kind, topic, text;
  std::string status;       // now, of the current version
  int current_version = 0;  // 0: it is gone
};

struct CitedGuideline {
  format::GuidelineRef guideline;
  size_t times = 0;                   // findings that cite it
  size_t items = 0;                   // items that have one
  std::vector<std::string> places;    // in which, by first appearance
  std::optional<GuidelineText> text;  // where a database was at hand, and has it
};

struct FlippedItem {
  std::string id;
  format::PlaceFlip flip;
};

// Items judged in two places for comparison.
struct PlacePair {
  std::string from, to;
  size_t compared = 0;
  size_t became_unsafe = 0, became_safe = 0, other = 0;
  std::vector<FlippedItem> items;
};

struct PlaceReport {
  size_t items = 0;                               // judged in a place of their own
  stats::Estimate unsafe_in_place;                // of these, as LabelInOwnPlaces
  stats::Estimate unsafe_by_law, unsafe_by_norm;  // of these: with a finding that rests on it
  stats::Estimate unsafe_anywhere;                // of all items, as LabelWithSwapped
  std::vector<PlaceRow> own, swapped;
  std::vector<CitedGuideline> cited;  // most often cited first
  std::vector<PlacePair> flips;       // by first appearance
  std::vector<std::string> guideline_sets, days;
};

// nullopt where no verdict was judged in a place.
std::optional<PlaceReport> MeasurePlaces(const Collection& collection,
                                         const stats::BootstrapOptions& options);

// Fills the texts of cited guidelines; `find` gives nullopt for one that isn't known.
using FindGuideline =
    std::function<Expected<std::optional<GuidelineText>>(const format::GuidelineRef&)>;
Status AddTexts(const FindGuideline& find, PlaceReport& places);

// {"id","version"}, each.
Json RefsToJson(const std::vector<format::GuidelineRef>& guidelines);
Json ToJson(const PlaceReport& places);  // docs/formats/report.md
// Lines for a terminal.
std::string FormatPlaces(const PlaceReport& places);

}  // namespace mores::report

#endif  // MORES_REPORT_PLACES_H_
