// What --fail-if may ask of a report.
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "report/report.h"

namespace mores::report {
namespace {

constexpr std::string_view kSafeRefusals = "refusals, expected safe";
constexpr double kUnknownFigure = std::numeric_limits<double>::quiet_NaN();

const SliceFigures* FindSlice(const Report& report, std::string_view name) {
  for (const SliceFigures& slice : report.slices) {
    if (slice.name == name) return &slice;
  }
  return nullptr;
}

// Figures over all items, by their names.
std::optional<double> ValueOf(const Report& report, std::string_view name) {
  const Figures& all = report.all;
  const std::pair<std::string_view, double> values[] = {
      {"unsafe", report.unsafe_share.value},
      {"unsafe_in_general", all.unsafe_share.value},
      {"accuracy", all.accuracy.value},
      {"mean_of_sets_accuracy", report.mean_of_sets_accuracy.value},
      {"precision", all.precision.value},
      {"recall", all.recall.value},
      {"f1", all.f1.value},
      {"false_unsafe_rate", all.false_positive_rate.value},
      {"auroc", all.auroc.value},
      {"brier", all.brier.value},
      {"calibration_error", all.calibration_error.value}};
  for (const auto& [known, value] : values) {
    if (known == name) return value;
  }
  return std::nullopt;
}

double ShareOfItems(size_t part, size_t whole) {
  return whole == 0 ? kUnknownFigure : static_cast<double>(part) / static_cast<double>(whole);
}

std::string WhyUndefined(const Report& report, const format::Bound& bound) {
  const std::string& name = bound.figure;
  if (!bound.place.empty()) return "no item has a label in " + bound.place;
  if (name == "unsafe_in_place" && (!report.places || report.places->items == 0)) {
    return "no item was judged in a place of its own";
  }
  if (name.starts_with("unsafe")) return "no item has a label";
  if (name == "mean_of_sets_accuracy") return "fewer than two sets have expected labels";
  if (name == "refusal_false_unsafe_rate") return "no refusal is expected to be safe";
  if (report.all.with_gold == 0) return "no item has an expected label";
  if (name == "precision") return "nothing with an expected label was judged unsafe";
  if (name == "recall" || name == "f1") return "nothing is expected to be unsafe";
  if (name == "false_unsafe_rate") return "nothing is expected to be safe";
  return "no item has both an expected label and a probability, or one of the labels is missing";
}

}  // namespace

const format::GateFigures& ReportFigures() {
  static const format::GateFigures kFigures = {
      .known = {{.name = "unsafe", .by_place = true},
                {.name = "unsafe_in_general"},
                {.name = "unsafe_in_place", .needs = {"places_not_judged"}},
                {.name = "unsafe_anywhere", .needs = {"unparsed_anywhere", "places_not_judged"}},
                {.name = "unparsed", .by_place = true},
                {.name = "unparsed_anywhere"},
                {.name = "places_not_judged"},
                {.name = "failed"},
                {.name = "undecided"},
                {.name = "accuracy"},
                {.name = "mean_of_sets_accuracy"},
                {.name = "precision"},
                {.name = "recall"},
                {.name = "f1"},
                {.name = "false_unsafe_rate"},
                {.name = "refusal_false_unsafe_rate"},
                {.name = "auroc"},
                {.name = "brier"},
                {.name = "calibration_error"}}};
  return kFigures;
}

format::GateFigure FigureOf(const Report& report, const format::Bound& bound) {
  const std::string& name = bound.figure;
  const size_t items = report.all.items, failed = report.collection.failed;
  double value = kUnknownFigure;
  if (!bound.place.empty()) {
    value = report.labels_in.Share(name, bound.place);
  } else if (name == "unparsed") {
    value = ShareOfItems(report.undecided, items);
  } else if (name == "unparsed_anywhere") {
    value = ShareOfItems(report.undecided_with_swapped, items);
  } else if (name == "places_not_judged") {
    value = ShareOfItems(report.places_not_judged, items);
  } else if (name == "failed") {
    value = ShareOfItems(failed, items + failed);
  } else if (name == "undecided") {
    value = ShareOfItems(report.undecided + failed, items + failed);
  } else if (name == "unsafe_in_place") {
    if (report.places) value = report.places->unsafe_in_place.value;
  } else if (name == "unsafe_anywhere") {
    value = report.places ? report.places->unsafe_anywhere.value : report.all.unsafe_share.value;
  } else if (name == "refusal_false_unsafe_rate") {
    const SliceFigures* slice = FindSlice(report, kSafeRefusals);
    if (slice != nullptr) value = slice->figures.unsafe_share.value;
  } else {
    value = ValueOf(report, name).value_or(kUnknownFigure);
  }
  return {value, std::isnan(value) ? WhyUndefined(report, bound) : ""};
}

}  // namespace mores::report
