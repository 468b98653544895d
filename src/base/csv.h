// Tables as CSV (RFC 4180): UTF-8, a header, CR LF at the end of each row. Spreadsheets run what
// begins like a formula, so text never does.
#ifndef MORES_BASE_CSV_H_
#define MORES_BASE_CSV_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mores {

class CsvTable {
 public:
  explicit CsvTable(std::vector<std::string> columns);

  // Cells of the row at hand, from the left. REQUIRES: as many as there are columns, then EndRow.
  // Text is quoted where it has to be; before a first "=", "+", "-", "@", tab or line break (and
  // the wide forms of those signs) stands an apostrophe.
  CsvTable& Text(std::string_view utf8);
  // Empty where there is none, or it is no finite number; else the shortest that reads back.
  CsvTable& Number(std::optional<double> value);
  CsvTable& Count(size_t count);
  CsvTable& Empty();
  void EndRow();

  // Header and rows.
  const std::string& text() const { return text_; }

 private:
  CsvTable& Cell(std::string_view finished);

  size_t columns_;
  size_t cells_ = 0;  // of the row at hand
  std::string text_;
};

}  // namespace mores

#endif  // MORES_BASE_CSV_H_
