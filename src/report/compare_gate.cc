// What --fail-if may ask of a comparison: whether the second is worse than the first.
#include <cmath>
#include <limits>
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
    if (format::AnyUnparsed(comparison.items[i].second->verdict)) items.insert(i);
  }
  const size_t lacking = comparison.only_first.size(), failed = comparison.second.failed;
  const size_t more = failed > lacking ? failed - lacking : 0;
  return PartOf(items.size() + lacking + more, comparison.first.items.size() + more);
}

// Of one place: what flips of what both judged there; for "unparsed", what the second has no label
// for, or wasn't judged in, of what the first judged there.
double FigureInPlace(const Comparison& comparison, const format::Bound& bound) {
  Flips flips;
  size_t both = 0, unparsed = 0, lacking = 0;
  for (const ComparedPlace& place : comparison.places) {
    if (place.place != bound.place || place.first == nullptr) continue;
    if (place.second == nullptr) {
      ++lacking;
      continue;
    }
    ++both;
    const format::Label before = place.first->label, after = place.second->label;
    unparsed += after == format::Label::kUnparsed ? 1 : 0;
    if (before == after) continue;
    if (before == format::Label::kSafe && after == format::Label::kUnsafe) {
      ++flips.became_unsafe;
    } else if (before == format::Label::kUnsafe && after == format::Label::kSafe) {
      ++flips.became_safe;
    } else {
      ++flips.other;
    }
  }
  if (bound.figure == "unparsed") return PartOf(unparsed + lacking, both + lacking);
  if (bound.figure == "flips") return PartOf(flips.all(), both);
  if (bound.figure == "became_unsafe") return PartOf(flips.became_unsafe, both);
  if (bound.figure == "became_safe") return PartOf(flips.became_safe, both);
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
  if (!bound.place.empty()) return {value, "no item was judged in " + bound.place + " by both"};
  return {value, "no item in both has an expected label"};
}

}  // namespace mores::report
