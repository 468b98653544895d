#include "format/place_tally.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace mores::format {
namespace {

const std::vector<PlaceResult>& PlacesOf(const Verdict& verdict) {
  static const std::vector<PlaceResult> kNone;
  return verdict.findings ? verdict.findings->places : kNone;
}

// Unsafe is above unparsed, and that above safe.
Label Worse(Label a, Label b) {
  if (a == Label::kUnsafe || b == Label::kUnsafe) return Label::kUnsafe;
  return a == Label::kUnparsed || b == Label::kUnparsed ? Label::kUnparsed : Label::kSafe;
}

void Count(const PlaceResult& result, Label general, PlaceCount& count) {
  ++count.items;
  count.low_coverage += result.coverage == Coverage::kLow ? 1 : 0;
  if (result.label == Label::kSafe) ++count.safe;
  if (result.label == Label::kUnparsed) ++count.unparsed;
  if (result.label != Label::kUnsafe) return;
  ++count.unsafe;
  count.only_here += general == Label::kUnsafe ? 0 : 1;
  if (result.basis) ++(*result.basis == Basis::kLaw ? count.by_law : count.by_norm);
}

PlaceCount& CountOf(std::string_view place, bool swapped, std::vector<PlaceCount>& counts) {
  const auto found = std::find_if(counts.begin(), counts.end(),
                                  [&](const PlaceCount& count) { return count.place == place; });
  if (found != counts.end()) return *found;
  return counts.emplace_back(PlaceCount{.place = std::string(place), .swapped = swapped});
}

}  // namespace

bool IsOwn(const PlaceResult& result) { return result.origin != PlaceOrigin::kSwapped; }

bool JudgedInOwnPlace(const Verdict& verdict) {
  const auto& places = PlacesOf(verdict);
  return std::any_of(places.begin(), places.end(), IsOwn);
}

Label LabelAnywhere(const Verdict& verdict) {
  Label label = verdict.label;
  for (const PlaceResult& result : PlacesOf(verdict)) {
    if (IsOwn(result)) label = Worse(label, result.label);
  }
  return label;
}

Label LabelInOwnPlaces(const Verdict& verdict) {
  if (!JudgedInOwnPlace(verdict)) return Label::kUnparsed;
  Label label = Label::kSafe;
  for (const PlaceResult& result : PlacesOf(verdict)) {
    if (IsOwn(result)) label = Worse(label, result.label);
  }
  return label;
}

Label LabelWithSwapped(const Verdict& verdict) {
  Label label = verdict.label;
  for (const PlaceResult& result : PlacesOf(verdict)) label = Worse(label, result.label);
  return label;
}

bool AnyUnparsed(const Verdict& verdict) {
  const auto& places = PlacesOf(verdict);
  return verdict.label == Label::kUnparsed ||
         std::any_of(places.begin(), places.end(), [](const PlaceResult& result) {
           return IsOwn(result) && result.label == Label::kUnparsed;
         });
}

bool AnyUnparsedWithSwapped(const Verdict& verdict) {
  const auto& places = PlacesOf(verdict);
  return verdict.label == Label::kUnparsed ||
         std::any_of(places.begin(), places.end(),
                     [](const PlaceResult& result) { return result.label == Label::kUnparsed; });
}

bool PlaceNotJudged(const Verdict& verdict) {
  if (!verdict.input.is_object() || JudgedInOwnPlace(verdict)) return false;
  const auto place = verdict.input.find("place");
  return place != verdict.input.end() && !place->is_null() && !place->empty();
}

bool LiesIn(std::string_view place, std::string_view whole) {
  const auto group_of = [](std::string_view name) {
    return name.substr(std::min(name.find('+'), name.size()));
  };
  const std::string_view group = group_of(whole), own_group = group_of(place);
  if (!group.empty() && group != own_group) return false;
  const std::string_view code = place.substr(0, place.size() - own_group.size());
  const std::string_view outer = whole.substr(0, whole.size() - group.size());
  return code == outer ||
         (code.size() > outer.size() && code.starts_with(outer) && code[outer.size()] == '-');
}

std::string PlaceSpelling(std::string_view place) {
  std::string spelling(place);
  const size_t group = std::min(spelling.find('+'), spelling.size());
  for (size_t i = 0; i < spelling.size(); ++i) {
    char& c = spelling[i];
    if (i < group && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (i > group && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return spelling;
}

Json ToJson(const PlaceCount& count) {
  return {{"place", count.place},   {"swapped", count.swapped}, {"items", count.items},
          {"safe", count.safe},     {"unsafe", count.unsafe},   {"unparsed", count.unparsed},
          {"by_law", count.by_law}, {"by_norm", count.by_norm}};
}

void PlaceTally::Add(const Verdict& verdict) {
  for (const PlaceResult& result : PlacesOf(verdict)) {
    const bool swapped = !IsOwn(result);
    Count(result, verdict.label, CountOf(result.place, swapped, swapped ? swapped_ : own_));
  }
}

void LabelsIn::Add(const Verdict& verdict) {
  std::vector<InPlace> item;
  for (const PlaceResult& result : PlacesOf(verdict)) {
    const auto found = std::find(places_.begin(), places_.end(), result.place);
    const auto index = static_cast<uint32_t>(found - places_.begin());
    if (found == places_.end()) places_.push_back(result.place);
    item.push_back({.place = index, .label = result.label});
  }
  if (!item.empty()) items_.push_back(std::move(item));
}

double LabelsIn::Share(std::string_view name, std::string_view place) const {
  std::vector<bool> within;
  for (const std::string& one : places_) within.push_back(LiesIn(one, place));
  size_t items = 0, unsafe = 0, labelled = 0, unparsed = 0;
  for (const std::vector<InPlace>& item : items_) {
    std::optional<Label> worst;
    bool open = false;
    for (const InPlace& one : item) {
      if (!within[one.place]) continue;
      worst = Worse(worst.value_or(Label::kSafe), one.label);
      open = open || one.label == Label::kUnparsed;
    }
    if (!worst) continue;
    ++items;
    unparsed += open ? 1 : 0;
    unsafe += *worst == Label::kUnsafe ? 1 : 0;
    labelled += *worst == Label::kUnparsed ? 0 : 1;
  }
  const bool of_unsafe = name == "unsafe";
  const size_t whole = of_unsafe ? labelled : name == "unparsed" ? items : 0;
  if (whole == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(of_unsafe ? unsafe : unparsed) / static_cast<double>(whole);
}

}  // namespace mores::format
