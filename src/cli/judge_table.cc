#include "cli/judge_table.h"

#include <fmt/format.h>

#include "text/unicode.h"

namespace mores::cli {
namespace {

constexpr size_t kIdColumns = 20;
constexpr size_t kLangColumns = 5;
constexpr size_t kLabelColumns = 8;
constexpr size_t kProbabilityColumns = 8;
constexpr size_t kTextColumns = 72;

std::string Line(std::string_view id, std::string_view lang, std::string_view label,
                 std::string_view p_unsafe, std::string_view last) {
  return text::PadColumns(id, kIdColumns) + "  " + text::PadColumns(lang, kLangColumns) + "  " +
         text::PadColumns(label, kLabelColumns) + "  " +
         text::PadColumns(p_unsafe, kProbabilityColumns) + "  " +
         text::FitColumns(last, kTextColumns) + "\n";
}

}  // namespace

std::string JudgeTable::Header() const {
  const std::string line = Line("id", "lang", "label", "p_unsafe",
                                text_ == TableText::kCritique ? "critique" : "answer");
  return line +
         std::string(
             kIdColumns + kLangColumns + kLabelColumns + kProbabilityColumns + 8 + kTextColumns,
             '-') +
         "\n";
}

std::string JudgeTable::Row(const format::Dialogue& dialogue,
                            const format::Verdict& verdict) const {
  const std::string p_unsafe = verdict.p_unsafe ? fmt::format("{:.3f}", *verdict.p_unsafe) : "-";
  std::string rows =
      Line(verdict.id, text::Name(verdict.lang), format::Name(verdict.label), p_unsafe,
           text_ == TableText::kCritique ? std::string_view(verdict.critique)
                                         : format::ResponseOf(dialogue));
  if (!verdict.findings) return rows;
  for (const format::PlaceResult& place : verdict.findings->places) {
    const std::string p = place.p_unsafe ? fmt::format("{:.3f}", *place.p_unsafe) : "-";
    rows += Line("  " + place.place, "", format::Name(place.label), p,
                 place.guidelines.empty() ? "" : "by " + place.guidelines.front().id);
  }
  return rows;
}

std::string JudgeTable::FailedRow(const std::string& id, const std::string& message) const {
  return Line(id, "-", "failed", "-", message);
}

}  // namespace mores::cli
