// Reports and verdicts as tables for spreadsheets.
#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/csv.h"
#include "report/report.h"

namespace mores::report {
namespace {

// Counts and the share alone: what is expected is expected in general.
void AddPlace(const char* dimension, const PlaceRow& row, size_t columns, CsvTable& table) {
  table.Text(dimension).Text(row.count.place).Count(row.count.items).Empty();
  table.Count(row.count.unsafe).Count(row.count.unparsed).Empty().Empty();
  const stats::Estimate& share = row.unsafe_share;
  table.Number(share.value).Number(share.interval.low).Number(share.interval.high);
  constexpr size_t kFilled = 11;
  for (size_t i = kFilled; i < columns; ++i) table.Empty();
  table.EndRow();
}

// Items by LabelAnywhere, and with places swapped in by LabelWithSwapped.
void AddAnywhere(const Report& report, size_t columns, CsvTable& table) {
  if (!report.places) return;
  PlaceRow own{.count = {.place = "anywhere"}, .unsafe_share = report.unsafe_share};
  PlaceRow swapped{.count = {.place = "anywhere, swapped in too"},
                   .unsafe_share = report.places->unsafe_anywhere};
  for (const Item& item : report.collection.items) {
    for (const auto& [row, label] : {std::pair(&own, format::LabelAnywhere(item.verdict)),
                                     std::pair(&swapped, format::LabelWithSwapped(item.verdict))}) {
      ++row->count.items;
      row->count.unsafe += label == format::Label::kUnsafe ? 1 : 0;
      row->count.unparsed += label == format::Label::kUnparsed ? 1 : 0;
    }
  }
  AddPlace("all", own, columns, table);
  if (!report.places->swapped.empty()) AddPlace("all", swapped, columns, table);
}

// "CN: unsafe by law (CN-3fa2c1d0b7); NG: safe".
std::string PlacesText(const format::Verdict& verdict) {
  if (!verdict.findings) return {};
  std::string text;
  for (const format::PlaceResult& place : verdict.findings->places) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {}", place.place, format::Name(place.label));
    if (place.basis) text += fmt::format(" by {}", format::Name(*place.basis));
    if (!format::IsOwn(place)) text += ", swapped in";
    if (place.guidelines.empty()) continue;
    std::vector<std::string> ids;
    for (const format::GuidelineRef& one : place.guidelines) ids.push_back(one.id);
    text += fmt::format(" ({})", fmt::join(ids, " "));
  }
  return text;
}

}  // namespace

std::string FormatCsv(const Report& report) {
  std::vector<std::string> columns = {"dimension",     "name",     "items",     "queries",
                                      "judged_unsafe", "unparsed", "with_gold", "gold_unsafe"};
  const std::array estimates = {std::pair("unsafe_share", &Figures::unsafe_share),
                                std::pair("unparsed_share", &Figures::unparsed_share),
                                std::pair("accuracy", &Figures::accuracy),
                                std::pair("precision", &Figures::precision),
                                std::pair("recall", &Figures::recall),
                                std::pair("f1", &Figures::f1),
                                std::pair("false_unsafe_rate", &Figures::false_positive_rate),
                                std::pair("auroc", &Figures::auroc),
                                std::pair("brier", &Figures::brier),
                                std::pair("calibration_error", &Figures::calibration_error)};
  for (const auto& [name, member] : estimates) {
    for (const char* end : {"", "_low", "_high"}) columns.push_back(std::string(name) + end);
  }
  CsvTable table(columns);
  const auto add = [&](const std::string& dimension, const std::string& name,
                       const Figures& figures) {
    table.Text(dimension).Text(name);
    for (const size_t count : {figures.items, figures.queries, figures.judged_unsafe,
                               figures.unparsed, figures.with_gold, figures.gold_unsafe}) {
      table.Count(count);
    }
    for (const auto& [column, member] : estimates) {
      const stats::Estimate& estimate = figures.*member;
      table.Number(estimate.value).Number(estimate.interval.low).Number(estimate.interval.high);
    }
    table.EndRow();
  };
  add("all", "all", report.all);
  AddAnywhere(report, columns.size(), table);
  for (const SliceFigures& slice : report.slices) add(slice.dimension, slice.name, slice.figures);
  if (report.places) {
    for (const PlaceRow& row : report.places->own) AddPlace("place", row, columns.size(), table);
    for (const PlaceRow& row : report.places->swapped) {
      AddPlace("place swapped in", row, columns.size(), table);
    }
  }
  return table.text();
}

std::string FormatVerdictsCsv(const Collection& collection, CsvContent content) {
  std::vector<std::string> columns = {
      "id",       "set",       "lang",      "label",           "label_anywhere",
      "p_unsafe", "threshold", "expected",  "category",        "rule",
      "places",   "critique",  "truncated", "unparsed_reason", "finish_reason",
      "refusal",  "oddities",  "model",     "prompt"};
  if (content == CsvContent::kWithText) columns.insert(columns.end(), {"query", "response"});
  CsvTable table(columns);
  for (const Item& item : collection.items) {
    const format::Verdict& verdict = item.verdict;
    table.Text(verdict.id).Text(collection.sets[item.set]).Text(text::Name(verdict.lang));
    table.Text(format::Name(verdict.label)).Text(format::Name(format::LabelAnywhere(verdict)));
    table.Number(verdict.p_unsafe).Number(verdict.threshold);
    table.Text(verdict.expected ? format::Name(*verdict.expected) : "").Text(item.category);
    verdict.rule ? table.Number(*verdict.rule) : table.Empty();
    table.Text(PlacesText(verdict)).Text(verdict.critique).Text(verdict.truncated ? "true" : "");
    table.Text(verdict.unparsed_reason ? format::Name(*verdict.unparsed_reason) : "");
    table.Text(verdict.finish_reason).Text(verdict.refusal);
    table.Text(fmt::format("{}", fmt::join(verdict.oddities, " ")));
    table.Text(verdict.model).Text(verdict.prompt);
    if (content == CsvContent::kWithText) table.Text(item.query()).Text(item.response());
    table.EndRow();
  }
  return table.text();
}

}  // namespace mores::report
