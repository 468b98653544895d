#include "base/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace mores {
namespace {

// The last four are the full-width forms, which some spreadsheets take for the signs.
constexpr std::string_view kFormulaBeginnings[] = {
    "=", "+", "-", "@", "\t", "\r", "\n", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};

bool BeginsLikeAFormula(std::string_view text) {
  return std::any_of(std::begin(kFormulaBeginnings), std::end(kFormulaBeginnings),
                     [&](std::string_view sign) { return text.starts_with(sign); });
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}

}  // namespace

CsvTable::CsvTable(std::vector<std::string> columns) : columns_(columns.size()) {
  for (const std::string& column : columns) Text(column);
  EndRow();
}

CsvTable& CsvTable::Text(std::string_view utf8) {
  std::string text = BeginsLikeAFormula(utf8) ? "'" : "";
  for (const char c : utf8) {
    if (c != '\0') text += c;  // readers end a cell there
  }
  return Cell(text.find_first_of(",\"\r\n") == std::string::npos ? text : Quoted(text));
}

CsvTable& CsvTable::Number(std::optional<double> value) {
  return Cell(value && std::isfinite(*value) ? fmt::format("{}", *value) : "");
}

CsvTable& CsvTable::Count(size_t count) { return Cell(fmt::format("{}", count)); }

CsvTable& CsvTable::Empty() { return Cell(""); }

void CsvTable::EndRow() {
  MORES_CHECK(cells_ == columns_);
  cells_ = 0;
  text_ += "\r\n";
}

CsvTable& CsvTable::Cell(std::string_view finished) {
  MORES_CHECK(cells_ < columns_);
  if (cells_++ > 0) text_ += ',';
  text_ += finished;
  return *this;
}

}  // namespace mores
