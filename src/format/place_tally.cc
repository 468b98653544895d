#include "format/place_tally.h"

#include <algorithm>
#include <limits>

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

double ShareIn(const PlaceCount& count, std::string_view name) {
  const size_t whole = name == "unsafe"     ? count.items - count.unparsed
                       : name == "unparsed" ? count.items
                                            : 0;
  if (whole == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(name == "unsafe" ? count.unsafe : count.unparsed) /
         static_cast<double>(whole);
}

void PlaceTally::Add(const Verdict& verdict) {
  for (const PlaceResult& result : PlacesOf(verdict)) {
    const bool swapped = !IsOwn(result);
    Count(result, verdict.label, CountOf(result.place, swapped, swapped ? swapped_ : own_));
  }
}

PlaceCount PlaceTally::In(std::string_view place) const {
  PlaceCount sum{.place = std::string(place)};
  for (const std::vector<PlaceCount>* counts : {&own_, &swapped_}) {
    for (const PlaceCount& count : *counts) {
      if (count.place != place) continue;
      sum.items += count.items;
      sum.safe += count.safe;
      sum.unsafe += count.unsafe;
      sum.unparsed += count.unparsed;
      sum.by_law += count.by_law;
      sum.by_norm += count.by_norm;
      sum.only_here += count.only_here;
      sum.low_coverage += count.low_coverage;
    }
  }
  return sum;
}

}  // namespace mores::format
