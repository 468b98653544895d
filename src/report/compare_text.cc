// Comparisons as a summary file, as a table for a terminal, and as tables for spreadsheets.
#include <fmt/format.h>

#include <unordered_set>

#include "base/csv.h"
#include "base/figure_text.h"
#include "report/compare.h"
#include "stats/estimate_json.h"
#include "text/unicode.h"

namespace mores::report {
namespace {

constexpr int kCompareVersion = 2;
constexpr size_t kListedFlips = 10;
constexpr int kComparedColumns = 11;  // of FormatVerdictsCsv
constexpr size_t kIdColumns = 40, kPlaceColumns = 20;

using format::Label;

Json SideToJson(const Collection& collection) {
  Json files = Json::array();
  for (const InputFile& file : collection.verdict_files) {
    files.push_back(Json{{"path", file.path}, {"sha256", file.sha256}, {"records", file.records}});
  }
  return Json{{"verdicts", std::move(files)},
              {"models", collection.models},
              {"prompts", collection.prompts},
              {"failed", collection.failed}};
}

Json LabelIn(const format::PlaceResult* result) {
  return result == nullptr ? Json() : Json(format::Name(result->label));
}

Json FlipsToJson(const Comparison& comparison) {
  Json flips = Json::array();
  for (const ComparedItem& item : comparison.items) {
    if (!item.flipped()) continue;
    const std::optional<Label> gold = item.gold();
    flips.push_back(Json{{"id", item.first->verdict.id},
                         {"first", format::Name(item.first->verdict.label)},
                         {"second", format::Name(item.second->verdict.label)},
                         {"expected", gold ? Json(format::Name(*gold)) : Json(nullptr)}});
  }
  return flips;
}

// Places that flipped, or that only one side judged in: the latter have null on the other side.
Json PlaceFlipsToJson(const Comparison& comparison) {
  Json flips = Json::array();
  for (const ComparedPlace& place : comparison.places) {
    const bool in_both = place.first != nullptr && place.second != nullptr;
    if (in_both && !place.flipped()) continue;
    flips.push_back(Json{{"id", comparison.items[place.item].first->verdict.id},
                         {"place", place.place},
                         {"swapped", place.swapped},
                         {"first", LabelIn(place.first)},
                         {"second", LabelIn(place.second)},
                         {"guidelines", RefsToJson(place.guidelines())}});
  }
  return flips;
}

Json ThresholdsToJson(const Comparison& comparison) {
  Json pairs = Json::array();
  for (const ThresholdPair& pair : comparison.thresholds) {
    pairs.push_back(Json{{"first", pair.first}, {"second", pair.second}, {"items", pair.items}});
  }
  return pairs;
}

constexpr stats::EstimateStyle kComparedStyle = {
    .scale = 100, .digits = 1, .unit = " %", .undefined = "-"};

std::string Row(std::string_view name, std::string_view value) {
  return fmt::format("{:<21} {}\n", name, value);
}

std::string FlipLine(const ComparedItem& item) {
  const std::optional<Label> gold = item.gold();
  return fmt::format("  {}: {} -> {}{}\n", text::FitColumns(item.first->verdict.id, kIdColumns),
                     format::Name(item.first->verdict.label),
                     format::Name(item.second->verdict.label),
                     gold ? fmt::format(" (expected {})", format::Name(*gold)) : "");
}

std::string PlaceFlipLine(const Comparison& comparison, const ComparedPlace& place) {
  std::vector<std::string> ids;
  for (const format::GuidelineRef& one : place.guidelines()) ids.push_back(one.id);
  return fmt::format(
      "  {} in {}: {} -> {}{}\n",
      text::FitColumns(comparison.items[place.item].first->verdict.id, kIdColumns),
      text::FitColumns(place.place, kPlaceColumns), format::Name(place.first->label),
      format::Name(place.second->label),
      ids.empty() ? "" : text::FitColumns(fmt::format(" by {}", fmt::join(ids, ", ")), kIdColumns));
}

// The first lines of a list, and how many more there are.
class ListedLines {
 public:
  explicit ListedLines(std::string title) : text_(std::move(title)) {}
  void Add(const std::string& line) {
    if (++lines_ <= kListedFlips) text_ += line;
  }
  std::string Text() const {
    if (lines_ == 0) return {};
    if (lines_ <= kListedFlips) return text_;
    return text_ +
           fmt::format("  ... and {} more, in the page and the summary\n", lines_ - kListedFlips);
  }

 private:
  std::string text_;
  size_t lines_ = 0;
};

std::string DescribeFlips(const Flips& flips) {
  return fmt::format("{} ({} to unsafe, {} to safe, {} other)", flips.all(), flips.became_unsafe,
                     flips.became_safe, flips.other);
}

// No test is certain: "< 0.0001", as on the page.
std::string PValueText(double p) { return p < 0.0001 ? std::string("< 0.0001") : FigureText(p, 4); }

std::string AccuracyRows(const Comparison& comparison) {
  const PairedFigures& accuracy = comparison.accuracy;
  return Row("accuracy, first", FormatEstimate(accuracy.second_accuracy, kComparedStyle)) +
         Row("accuracy, second", FormatEstimate(accuracy.first_accuracy, kComparedStyle)) +
         Row("second less first", FormatEstimate(accuracy.difference, kComparedStyle)) +
         Row("mended, broken", fmt::format("{}, {}", comparison.mended, comparison.broken)) +
         Row("McNemar mid-p", fmt::format("{}; by query {}", PValueText(accuracy.mcnemar.mid_p),
                                          PValueText(accuracy.sign_flip_p)));
}

std::string ThresholdRow(const Comparison& comparison) {
  std::vector<std::string> pairs;
  for (const ThresholdPair& pair : comparison.thresholds) {
    pairs.push_back(fmt::format("{} and {} ({} items)", pair.first, pair.second, pair.items));
    if (pairs.size() == kListedFlips) break;
  }
  return Row("thresholds differ", fmt::format("{}", fmt::join(pairs, "; ")));
}

enum class Side { kFirst, kSecond };

// The items of one side that the other lacks.
void AddLonely(const Collection& collection, const std::vector<ComparedItem>& in_both, Side side,
               CsvTable& table) {
  std::unordered_set<const Item*> matched;
  for (const ComparedItem& item : in_both) {
    matched.insert(side == Side::kFirst ? item.first : item.second);
  }
  for (const Item& item : collection.items) {
    if (matched.contains(&item)) continue;
    const std::string_view label = format::Name(item.verdict.label);
    table.Text(item.verdict.id).Empty();
    table.Text(side == Side::kFirst ? label : "").Text(side == Side::kSecond ? label : "");
    for (int i = 4; i < kComparedColumns; ++i) table.Empty();
    table.EndRow();
  }
}

}  // namespace

Json Summarize(const Comparison& comparison) {
  Json summary = {{"kind", "mores-comparison"},
                  {"version", kCompareVersion},
                  {"first", SideToJson(comparison.first)},
                  {"second", SideToJson(comparison.second)},
                  {"items", comparison.items.size()},
                  {"only_first", comparison.only_first},
                  {"only_second", comparison.only_second},
                  {"agreement", ToJson(comparison.agreement)},
                  {"mean_p_shift", ToJson(comparison.mean_p_shift)},
                  {"became_unsafe", comparison.became_unsafe},
                  {"became_safe", comparison.became_safe},
                  {"other_flips", comparison.other_flips},
                  {"undecided_second", comparison.undecided_second},
                  {"thresholds", ThresholdsToJson(comparison)},
                  {"with_gold", comparison.with_gold},
                  {"mended", comparison.mended},
                  {"broken", comparison.broken}};
  summary["accuracy"] =
      comparison.with_gold > 0 ? ToJson(comparison.accuracy, "second", "first") : Json(nullptr);
  summary["flips"] = FlipsToJson(comparison);
  if (comparison.places.empty()) return summary;
  summary["places"] = Json{{"in_both", comparison.places_in_both},
                           {"only_first", comparison.places_only_first},
                           {"only_second", comparison.places_only_second},
                           {"became_unsafe", comparison.place_flips.became_unsafe},
                           {"became_safe", comparison.place_flips.became_safe},
                           {"other_flips", comparison.place_flips.other},
                           {"items_flipped", comparison.flipped_items},
                           {"flips", PlaceFlipsToJson(comparison)}};
  return summary;
}

std::string FormatTable(const Comparison& comparison) {
  std::string text = Row("items in both", std::to_string(comparison.items.size()));
  if (!comparison.only_first.empty() || !comparison.only_second.empty()) {
    text += Row("only in first, second",
                fmt::format("{}, {}", comparison.only_first.size(), comparison.only_second.size()));
  }
  if (comparison.second.failed > 0 || comparison.first.failed > 0) {
    text += Row("failed, first, second",
                fmt::format("{}, {}", comparison.first.failed, comparison.second.failed));
  }
  if (!comparison.thresholds.empty()) text += ThresholdRow(comparison);
  text += Row("same label", FormatEstimate(comparison.agreement, kComparedStyle));
  text += Row("flips", DescribeFlips({comparison.became_unsafe, comparison.became_safe,
                                      comparison.other_flips}));
  if (comparison.undecided_second > 0) {
    text += Row("unparsed, second", std::to_string(comparison.undecided_second));
  }
  if (!comparison.places.empty()) {
    text += Row("places in both", fmt::format("{}, of which flip {}", comparison.places_in_both,
                                              DescribeFlips(comparison.place_flips)));
    if (comparison.places_only_first + comparison.places_only_second > 0) {
      text += Row("places in one alone",
                  fmt::format("{} in the first, {} in the second", comparison.places_only_first,
                              comparison.places_only_second));
    }
  }
  if (comparison.with_gold > 0) text += AccuracyRows(comparison);
  ListedLines flipped("flipped\n"), in_places("flipped in a place\n");
  for (const ComparedItem& item : comparison.items) {
    if (item.flipped()) flipped.Add(FlipLine(item));
  }
  for (const ComparedPlace& place : comparison.places) {
    if (place.flipped()) in_places.Add(PlaceFlipLine(comparison, place));
  }
  return text + flipped.Text() + in_places.Text();
}

std::string FormatCsv(const Comparison& comparison) {
  CsvTable table({"figure", "value", "low", "high"});
  const auto count = [&](const char* name, size_t value) {
    table.Text(name).Count(value).Empty().Empty().EndRow();
  };
  const auto estimate = [&](const char* name, const stats::Estimate& one) {
    table.Text(name).Number(one.value).Number(one.interval.low).Number(one.interval.high).EndRow();
  };
  count("items", comparison.items.size());
  count("only_first", comparison.only_first.size());
  count("only_second", comparison.only_second.size());
  count("failed_first", comparison.first.failed);
  count("failed_second", comparison.second.failed);
  estimate("agreement", comparison.agreement);
  estimate("mean_p_shift", comparison.mean_p_shift);
  count("became_unsafe", comparison.became_unsafe);
  count("became_safe", comparison.became_safe);
  count("other_flips", comparison.other_flips);
  count("undecided_second", comparison.undecided_second);
  count("places_in_both", comparison.places_in_both);
  count("places_only_first", comparison.places_only_first);
  count("places_only_second", comparison.places_only_second);
  count("became_unsafe_in_place", comparison.place_flips.became_unsafe);
  count("became_safe_in_place", comparison.place_flips.became_safe);
  count("other_flips_in_place", comparison.place_flips.other);
  count("with_gold", comparison.with_gold);
  if (comparison.with_gold > 0) {
    estimate("accuracy_first", comparison.accuracy.second_accuracy);
    estimate("accuracy_second", comparison.accuracy.first_accuracy);
    estimate("second_less_first", comparison.accuracy.difference);
    count("mended", comparison.mended);
    count("broken", comparison.broken);
  }
  return table.text();
}

std::string FormatVerdictsCsv(const Comparison& comparison) {
  CsvTable table({"id", "place", "first", "second", "flipped", "expected", "p_first", "p_second",
                  "threshold_first", "threshold_second", "guidelines"});
  size_t next = 0;  // place
  for (size_t i = 0; i < comparison.items.size(); ++i) {
    const format::Verdict& first = comparison.items[i].first->verdict;
    const format::Verdict& second = comparison.items[i].second->verdict;
    const std::optional<Label> gold = comparison.items[i].gold();
    table.Text(first.id).Empty().Text(format::Name(first.label)).Text(format::Name(second.label));
    table.Text(comparison.items[i].flipped() ? "true" : "false");
    table.Text(gold ? format::Name(*gold) : "").Number(first.p_unsafe).Number(second.p_unsafe);
    table.Number(first.threshold).Number(second.threshold).Empty().EndRow();
    for (; next < comparison.places.size() && comparison.places[next].item == i; ++next) {
      const ComparedPlace& place = comparison.places[next];
      const auto label = [](const format::PlaceResult* result) {
        return result == nullptr ? std::string_view() : format::Name(result->label);
      };
      const auto p = [](const format::PlaceResult* result) {
        return result == nullptr ? std::optional<double>() : result->p_unsafe;
      };
      std::vector<std::string> ids;
      for (const format::GuidelineRef& one : place.guidelines()) ids.push_back(one.id);
      table.Text(first.id).Text(place.place).Text(label(place.first)).Text(label(place.second));
      table.Text(place.flipped() ? "true" : "false").Empty().Number(p(place.first));
      table.Number(p(place.second)).Empty().Empty();
      table.Text(fmt::format("{}", fmt::join(ids, " "))).EndRow();
    }
  }
  AddLonely(comparison.first, comparison.items, Side::kFirst, table);
  AddLonely(comparison.second, comparison.items, Side::kSecond, table);
  return table.text();
}

}  // namespace mores::report
