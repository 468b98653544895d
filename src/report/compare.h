// Two sets of verdicts over the same items, compared without judging again.
#ifndef MORES_REPORT_COMPARE_H_
#define MORES_REPORT_COMPARE_H_

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/gate.h"
#include "report/items.h"
#include "report/paired.h"
#include "report/report.h"

namespace mores::report {

struct ComparedItem {
  const Item* first = nullptr;
  const Item* second = nullptr;
  // In general, whatever places say.
  bool flipped() const { return first->verdict.label != second->verdict.label; }
  bool flipped_in_place = false;  // in any that both judged it in
  // What either side knows; none where both do and differ.
  std::optional<format::Label> gold() const;
};

// A place of an item, which both sides judged it in, or one.
struct ComparedPlace {
  size_t item = 0;  // index into Comparison::items
  std::string place;
  bool swapped = false;
  const format::PlaceResult* first = nullptr;  // null where that side didn't judge in it
  const format::PlaceResult* second = nullptr;
  bool flipped() const { return first && second && first->label != second->label; }
  // Cited in the unsafe one of the two, the second first.
  const std::vector<format::GuidelineRef>& guidelines() const;
};

// How many items, or places of items, went which way.
struct Flips {
  size_t became_unsafe = 0, became_safe = 0, other = 0;
  size_t all() const { return became_unsafe + became_safe + other; }
};

// Two thresholds that items were decided by.
struct ThresholdPair {
  double first = 0, second = 0;
  size_t items = 0;
};

// Pointers go into the collections, so a Comparison moves but does not copy.
struct Comparison {
  Comparison() = default;
  Comparison(Comparison&&) = default;
  Comparison& operator=(Comparison&&) = default;
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  Collection first, second;
  std::vector<ComparedItem> items;                   // in both, in the order of the first
  std::vector<std::string> only_first, only_second;  // ids
  std::vector<ComparedPlace> places;                 // of items in both, by item
  stats::Estimate agreement;     // share of items with the same label; no label is none
  stats::Estimate mean_p_shift;  // mean of second's p_unsafe less first's; NaN without
  size_t became_unsafe = 0, became_safe = 0, other_flips = 0;  // in general
  Flips place_flips;                                           // places that both judged in
  size_t places_in_both = 0, places_only_first = 0, places_only_second = 0;
  // Items that went that way in general, in a place that both judged in, or as LabelAnywhere says,
  // each at most once.
  Flips item_flips;
  size_t flipped_items = 0;
  size_t undecided_second = 0;            // items without a label there, in general or in any place
  std::vector<ThresholdPair> thresholds;  // those that differ, by first appearance
  // Over the items with gold: whether each is right. Empty without gold.
  PairedFigures accuracy;
  size_t with_gold = 0;
  size_t mended = 0, broken = 0;  // wrong to right, right to wrong
  stats::BootstrapOptions bootstrap;
};

// Items are matched by id alone, so that the names of the files don't matter. kInput when the two
// have no id in common, or when either has an id in two sets.
Expected<Comparison> Compare(Collection first, Collection second,
                             const stats::BootstrapOptions& options);

Json Summarize(const Comparison& comparison);  // docs/formats/report.md
std::string FormatTable(const Comparison& comparison);
std::string FormatCsv(const Comparison& comparison);  // its figures
// One row an item of either side, both verdicts beside each other.
std::string FormatVerdictsCsv(const Comparison& comparison);

// What --fail-if may name, and its value (docs/formats/report.md).
const format::GateFigures& ComparisonFigures();
format::GateFigure FigureOf(const Comparison& comparison, const format::Bound& bound);

}  // namespace mores::report

#endif  // MORES_REPORT_COMPARE_H_
