#include "report/places.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/strings.h"
#include "stats/estimate_json.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

using format::Label;
using format::PlaceCount;
using format::PlaceResult;

constexpr size_t kListedPlaces = 20, kListedGuidelines = 10, kListedPairs = 20;
constexpr size_t kPlaceNameColumns = 30, kGuidelineTextColumns = 70;

SharedItem Shared(const Item& item, Label label) {
  return {.cluster = item.cluster,
          .counted = label != Label::kUnparsed,
          .holds = label == Label::kUnsafe};
}

// Whether any of an item's own places has a finding on `basis`.
bool HasFinding(const Item& item, format::Basis basis) {
  const auto& places = item.verdict.findings->places;
  return std::any_of(places.begin(), places.end(), [&](const PlaceResult& result) {
    return format::IsOwn(result) && result.label == Label::kUnsafe && result.basis == basis;
  });
}

stats::Estimate ShareByBasis(const Items& judged, format::Basis basis,
                             const stats::BootstrapOptions& options) {
  std::vector<SharedItem> items;
  for (const Item* item : judged) {
    SharedItem shared = Shared(*item, format::LabelInOwnPlaces(item->verdict));
    shared.holds = HasFinding(*item, basis);
    shared.counted |= shared.holds;
    items.push_back(shared);
  }
  return MeasureShare(items, options);
}

PlaceRow RowOf(const PlaceCount& count, const Collection& collection,
               const stats::BootstrapOptions& options) {
  std::vector<SharedItem> items;
  for (const Item& item : collection.items) {
    if (!item.verdict.findings) continue;
    for (const PlaceResult& result : item.verdict.findings->places) {
      if (result.place != count.place || format::IsOwn(result) == count.swapped) continue;
      items.push_back(Shared(item, result.label));
    }
  }
  return {count, MeasureShare(items, options)};
}

std::vector<CitedGuideline> CitationsIn(const Collection& collection) {
  std::vector<CitedGuideline> cited;
  std::map<std::pair<std::string, int>, size_t> numbers;
  for (const Item& item : collection.items) {
    if (!item.verdict.findings) continue;
    std::set<size_t> of_item;
    for (const PlaceResult& result : item.verdict.findings->places) {
      for (const format::GuidelineRef& ref : result.guidelines) {
        const auto [at, added] = numbers.emplace(std::pair(ref.id, ref.version), cited.size());
        if (added) cited.push_back({.guideline = ref});
        CitedGuideline& one = cited[at->second];
        ++one.times;
        if (of_item.insert(at->second).second) ++one.items;
        AddOnce(one.places, result.place);
      }
    }
  }
  std::stable_sort(cited.begin(), cited.end(), [](const auto& a, const auto& b) {
    return std::tie(b.times, a.guideline.id) < std::tie(a.times, b.guideline.id);
  });
  return cited;
}

PlacePair& PairOf(const std::string& from, const std::string& to, std::vector<PlacePair>& pairs) {
  for (PlacePair& pair : pairs) {
    if (pair.from == from && pair.to == to) return pair;
  }
  return pairs.emplace_back(PlacePair{.from = from, .to = to});
}

// Against the first place of each verdict, as labels stand now.
std::vector<PlacePair> FlipsIn(const Collection& collection) {
  std::vector<PlacePair> pairs;
  for (const Item& item : collection.items) {
    if (!item.verdict.findings || item.verdict.findings->places.empty()) continue;
    const std::vector<PlaceResult>& places = item.verdict.findings->places;
    const PlaceResult& from = places.front();
    for (size_t i = 1; i < places.size(); ++i) {
      const PlaceResult& to = places[i];
      if (format::IsOwn(to)) continue;
      PlacePair& pair = PairOf(from.place, to.place, pairs);
      ++pair.compared;
      if (from.label == to.label) continue;
      const bool safe_before = from.label == Label::kSafe, safe_after = to.label == Label::kSafe;
      const bool unsafe_before = from.label == Label::kUnsafe;
      const bool unsafe_after = to.label == Label::kUnsafe;
      if (safe_before && unsafe_after) {
        ++pair.became_unsafe;
      } else if (unsafe_before && safe_after) {
        ++pair.became_safe;
      } else {
        ++pair.other;
      }
      pair.items.push_back({item.verdict.id,
                            {.from = from.place,
                             .to = to.place,
                             .label_from = from.label,
                             .label_to = to.label,
                             .guidelines = unsafe_after ? to.guidelines : from.guidelines}});
    }
  }
  return pairs;
}

Json RowsToJson(const std::vector<PlaceRow>& rows) {
  Json array = Json::array();
  for (const PlaceRow& row : rows) {
    Json one = ToJson(row.count);
    one["only_here"] = row.count.only_here;
    one["low_coverage"] = row.count.low_coverage;
    one["unsafe_share"] = stats::ToJson(row.unsafe_share);
    array.push_back(std::move(one));
  }
  return array;
}

Json CitedToJson(const CitedGuideline& cited) {
  Json json = {{"id", cited.guideline.id},
               {"version", cited.guideline.version},
               {"times", cited.times},
               {"items", cited.items},
               {"places", cited.places}};
  if (cited.text) {
    json.update(Json{{"kind", cited.text->kind},
                     {"topic", cited.text->topic},
                     {"text", cited.text->text},
                     {"status", cited.text->status},
                     {"current_version", cited.text->current_version}});
  }
  return json;
}

Json PairToJson(const PlacePair& pair) {
  Json items = Json::array();
  for (const FlippedItem& item : pair.items) {
    items.push_back(Json{{"id", item.id},
                         {"label_from", format::Name(item.flip.label_from)},
                         {"label_to", format::Name(item.flip.label_to)},
                         {"guidelines", RefsToJson(item.flip.guidelines)}});
  }
  return Json{{"from", pair.from},
              {"to", pair.to},
              {"compared", pair.compared},
              {"became_unsafe", pair.became_unsafe},
              {"became_safe", pair.became_safe},
              {"other", pair.other},
              {"items", std::move(items)}};
}

std::string PlaceLine(std::string_view name, const PlaceRow& row) {
  const PlaceCount& count = row.count;
  return fmt::format(
      "{} {:>7} {:>7} {:>7} {:>9} {:>20} {:>7} {:>7}\n", text::PadColumns(name, kPlaceNameColumns),
      count.items, count.safe, count.unsafe, count.unparsed,
      FormatEstimate(row.unsafe_share, stats::kPercentStyle), count.by_law, count.by_norm);
}

std::string PlaceLines(const std::vector<PlaceRow>& rows, std::string_view title) {
  if (rows.empty()) return {};
  std::string text(title);
  text += "\n";
  for (size_t i = 0; i < rows.size() && i < kListedPlaces; ++i) {
    text += PlaceLine("  " + rows[i].count.place, rows[i]);
  }
  if (rows.size() > kListedPlaces) {
    text += fmt::format("  ... and {} more places, in the summary\n", rows.size() - kListedPlaces);
  }
  return text;
}

std::string CitedLines(const std::vector<CitedGuideline>& cited) {
  if (cited.empty()) return {};
  std::string text = "guidelines cited, most often first\n";
  for (size_t i = 0; i < cited.size() && i < kListedGuidelines; ++i) {
    const CitedGuideline& one = cited[i];
    text += fmt::format(
        "  {} version {}: {} times, in {}\n",
        text::FitColumns(one.guideline.id, kGuidelineTextColumns), one.guideline.version, one.times,
        text::FitColumns(fmt::format("{}", fmt::join(one.places, ", ")), kGuidelineTextColumns));
    if (one.text) {
      text += fmt::format("    {} {}: {}\n", one.text->kind,
                          text::FitColumns(one.text->topic, kPlaceNameColumns),
                          text::FitColumns(one.text->text, kGuidelineTextColumns));
    }
  }
  if (cited.size() > kListedGuidelines) {
    text += fmt::format("  ... and {} more, in the summary\n", cited.size() - kListedGuidelines);
  }
  return text;
}

std::string FlipLines(const std::vector<PlacePair>& pairs) {
  std::string text;
  for (size_t i = 0; i < pairs.size() && i < kListedPairs; ++i) {
    const PlacePair& pair = pairs[i];
    text += fmt::format(
        "{} against {}: {} of {} flip ({} to unsafe, {} to safe); {} lack a label\n",
        text::FitColumns(pair.to, kPlaceNameColumns),
        text::FitColumns(pair.from, kPlaceNameColumns), pair.became_unsafe + pair.became_safe,
        pair.compared, pair.became_unsafe, pair.became_safe, pair.other);
  }
  if (pairs.size() > kListedPairs) {
    text += fmt::format("... and {} more pairs of places, in the summary\n",
                        pairs.size() - kListedPairs);
  }
  return text;
}

}  // namespace

std::optional<PlaceReport> MeasurePlaces(const Collection& collection,
                                         const stats::BootstrapOptions& options) {
  format::PlaceTally tally;
  PlaceReport report;
  Items judged;
  std::vector<SharedItem> in_place, anywhere;
  bool any = false;
  for (const Item& item : collection.items) {
    anywhere.push_back(Shared(item, format::LabelWithSwapped(item.verdict)));
    if (!item.verdict.findings || item.verdict.findings->places.empty()) continue;
    any = true;
    tally.Add(item.verdict);
    AddOnce(report.guideline_sets, item.verdict.findings->guideline_set);
    AddOnce(report.days, item.verdict.findings->as_of);
    if (!format::JudgedInOwnPlace(item.verdict)) continue;
    judged.push_back(&item);
    in_place.push_back(Shared(item, format::LabelInOwnPlaces(item.verdict)));
  }
  if (!any) return std::nullopt;
  report.items = judged.size();
  report.unsafe_in_place = MeasureShare(in_place, options);
  report.unsafe_by_law = ShareByBasis(judged, format::Basis::kLaw, options);
  report.unsafe_by_norm = ShareByBasis(judged, format::Basis::kNorm, options);
  report.unsafe_anywhere = MeasureShare(anywhere, options);
  for (const PlaceCount& count : tally.own()) {
    report.own.push_back(RowOf(count, collection, options));
  }
  for (const PlaceCount& count : tally.swapped()) {
    report.swapped.push_back(RowOf(count, collection, options));
  }
  report.cited = CitationsIn(collection);
  report.flips = FlipsIn(collection);
  return report;
}

Status AddTexts(const FindGuideline& find, PlaceReport& places) {
  for (CitedGuideline& cited : places.cited) {
    MORES_ASSIGN_OR_RETURN(cited.text, find(cited.guideline));
  }
  return {};
}

Json RefsToJson(const std::vector<format::GuidelineRef>& guidelines) {
  Json array = Json::array();
  for (const format::GuidelineRef& one : guidelines) {
    array.push_back(Json{{"id", one.id}, {"version", one.version}});
  }
  return array;
}

Json ToJson(const PlaceReport& places) {
  Json cited = Json::array(), flips = Json::array();
  for (const CitedGuideline& one : places.cited) cited.push_back(CitedToJson(one));
  for (const PlacePair& pair : places.flips) flips.push_back(PairToJson(pair));
  return Json{{"items", places.items},
              {"unsafe_in_place", stats::ToJson(places.unsafe_in_place)},
              {"unsafe_by_law", stats::ToJson(places.unsafe_by_law)},
              {"unsafe_by_norm", stats::ToJson(places.unsafe_by_norm)},
              {"unsafe_anywhere", stats::ToJson(places.unsafe_anywhere)},
              {"own", RowsToJson(places.own)},
              {"swapped", RowsToJson(places.swapped)},
              {"guidelines", std::move(cited)},
              {"flips", std::move(flips)},
              {"guideline_sets", places.guideline_sets},
              {"as_of", places.days}};
}

std::string FormatPlaces(const PlaceReport& places) {
  std::string text =
      fmt::format("\n{:<30} {:>7} {:>7} {:>7} {:>9} {:>20} {:>7} {:>7}\n", "places", "items",
                  "safe", "unsafe", "unparsed", "unsafe %", "by law", "by norm");
  text += PlaceLines(places.own, "given, stated or inferred");
  text += PlaceLines(places.swapped, "swapped in, for comparison");
  const auto share = [](const stats::Estimate& estimate) {
    return FormatEstimate(estimate, stats::kPercentStyle);
  };
  text += fmt::format(
      "judged in a place of their own: {} items; unsafe there, %: {} (by law {}, by norm {})\n",
      places.items, share(places.unsafe_in_place), share(places.unsafe_by_law),
      share(places.unsafe_by_norm));
  text += fmt::format("unsafe in general or in any place, %: {}\n", share(places.unsafe_anywhere));
  return text + FlipLines(places.flips) + CitedLines(places.cited);
}

}  // namespace mores::report
