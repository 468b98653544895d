// What --fail-if may ask of a comparison: whether the second is worse than the first.
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "report/compare.h"

namespace mores::report {
namespace {

constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();

double PartOf(size_t part, size_t whole) {
  return whole == 0 ? kNotKnown : static_cast<double>(part) / static_cast<double>(whole);
}

// Items of the first that the second lacks, whole or in a place that the first judged it in.
size_t Missing(const Comparison& comparison) {
  std::set<size_t> items;
  for (const ComparedPlace& place : comparison.places) {
    if (place.second == nullptr) items.insert(place.item);
  }
  return comparison.only_first.size() + items.size();
}

// Each item of the first once that the second lacks, or has no label for; and what failed in the
// second beyond the ids that it lacks.
double Undecided(const Comparison& comparison) {
  std::set<size_t> items;
  for (const ComparedPlace& place : comparison.places) {
    if (place.second == nullptr) items.insert(place.item);
  }
  for (size_t i = 0; i < comparison.items.size(); ++i) {
    if (format::AnyUnparsedWithSwapped(comparison.items[i].second->verdict)) items.insert(i);
  }
  const size_t lacking = comparison.only_first.size(), failed = comparison.second.failed;
  const size_t more = failed > lacking ? failed - lacking : 0;
  return PartOf(items.size() + lacking + more, comparison.first.items.size() + more);
}

// How an item's labels in a place and its parts changed.
struct InPlace {
  bool became_unsafe = false, became_safe = false, other = false;
  bool judged = false;     // by the second
  bool undecided = false;  // the second lacks a label, or the place
};

void AddChange(format::Label before, format::Label after, InPlace& item) {
  if (before == after) return;
  if (before == format::Label::kSafe && after == format::Label::kUnsafe) {
    item.became_unsafe = true;
  } else if (before == format::Label::kUnsafe && after == format::Label::kSafe) {
    item.became_safe = true;
  } else {
    item.other = true;
  }
}

// Of one place and its parts: what flips of the items that the second judged there, against the
// general label where the first did not judge in it; for "unparsed", what the second has no label
// for, or wasn't judged in, of what either judged there.
double FigureInPlace(const Comparison& comparison, const format::Bound& bound) {
  std::map<size_t, InPlace> items;
  for (const ComparedPlace& place : comparison.places) {
    if (!format::LiesIn(place.place, bound.place)) continue;
    InPlace& item = items[place.item];
    if (place.second == nullptr) {
      item.undecided = true;
      continue;
    }
    const format::Verdict& general = comparison.items[place.item].first->verdict;
    const format::Label after = place.second->label;
    item.judged = true;
    item.undecided = item.undecided || after == format::Label::kUnparsed;
    AddChange(place.first != nullptr ? place.first->label : general.label, after, item);
  }
  size_t judged = 0, undecided = 0, became_unsafe = 0, became_safe = 0, flips = 0;
  for (const auto& [index, item] : items) {
    judged += item.judged ? 1 : 0;
    undecided += item.undecided ? 1 : 0;
    became_unsafe += item.became_unsafe ? 1 : 0;
    became_safe += item.became_safe ? 1 : 0;
    flips += item.became_unsafe || item.became_safe || item.other ? 1 : 0;
  }
  if (bound.figure == "unparsed") return PartOf(undecided, items.size());
  if (bound.figure == "flips") return PartOf(flips, judged);
  if (bound.figure == "became_unsafe") return PartOf(became_unsafe, judged);
  if (bound.figure == "became_safe") return PartOf(became_safe, judged);
  return kNotKnown;
}

double ValueNamed(const Comparison& comparison, const std::string& name) {
  const size_t items = comparison.items.size();
  const stats::Estimate& change = comparison.accuracy.difference;
  if (name == "flips") return PartOf(comparison.flipped_items, items);
  if (name == "became_unsafe") return PartOf(comparison.item_flips.became_unsafe, items);
  if (name == "became_safe") return PartOf(comparison.item_flips.became_safe, items);
  if (name == "other_flips") return PartOf(comparison.item_flips.other, items);
  if (name == "agreement") return comparison.agreement.value;
  if (name == "thresholds_differ") {
    size_t differ = 0;
    for (const ThresholdPair& pair : comparison.thresholds) differ += pair.items;
    return PartOf(differ, items);
  }
  if (name == "unparsed_second") return PartOf(comparison.undecided_second, items);
  if (name == "missing") return PartOf(Missing(comparison), comparison.first.items.size());
  if (name == "failed_second") {
    const size_t failed = comparison.second.failed;
    return PartOf(failed, comparison.second.items.size() + failed);
  }
  if (name == "undecided") return Undecided(comparison);
  if (comparison.with_gold == 0) return kNotKnown;
  if (name == "mended") return PartOf(comparison.mended, comparison.with_gold);
  if (name == "broken") return PartOf(comparison.broken, comparison.with_gold);
  if (name == "accuracy_second") return comparison.accuracy.first_accuracy.value;
  if (name == "accuracy_drop") return -change.value;
  if (name == "accuracy_drop_low") return -change.interval.high;
  if (name == "accuracy_drop_high") return -change.interval.low;
  return kNotKnown;
}

}  // namespace

const format::GateFigures& ComparisonFigures() {
  static const format::GateFigures kFigures = {
      .known = {{.name = "flips", .by_place = true},
                {.name = "became_unsafe", .by_place = true},
                {.name = "became_safe", .by_place = true},
                {.name = "other_flips"},
                {.name = "agreement"},
                {.name = "mended"},
                {.name = "broken"},
                {.name = "accuracy_second"},
                {.name = "accuracy_drop", .low = -1},
                {.name = "accuracy_drop_low", .low = -1},
                {.name = "accuracy_drop_high", .low = -1},
                {.name = "unparsed_second"},
                {.name = "failed_second"},
                {.name = "missing"},
                {.name = "undecided"},
                {.name = "thresholds_differ"}},
      .undecided_parts = {"unparsed_second", "failed_second", "missing"}};
  return kFigures;
}

format::GateFigure FigureOf(const Comparison& comparison, const format::Bound& bound) {
  const double value =
      bound.place.empty() ? ValueNamed(comparison, bound.figure) : FigureInPlace(comparison, bound);
  if (!std::isnan(value)) return {value, ""};
  if (!bound.place.empty()) return {value, "the second judged no item in " + bound.place};
  return {value, "no item in both has an expected label"};
}

}  // namespace mores::report
