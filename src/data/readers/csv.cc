#include "data/readers/csv.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "text/unicode.h"

namespace mores::data {
namespace {

class Parser {
 public:
  Parser(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  bool AtEnd() const { return position_ == bytes_.size(); }

  Expected<CsvRow> NextRow() {
    CsvRow row;
    row.line = line_;
    for (;;) {
      MORES_ASSIGN_OR_RETURN(std::string field, NextField());
      row.fields.push_back(std::move(field));
      if (AtEnd()) return row;
      const char c = bytes_[position_++];
      if (c == ',') continue;
      if (c == '\r') ++position_;  // NextField stops at a "\r" only where "\n" follows
      ++line_;
      return row;
    }
  }

 private:
  bool AtLineEnd() const {
    return bytes_[position_] == '\n' ||
           (bytes_[position_] == '\r' && position_ + 1 < bytes_.size() &&
            bytes_[position_ + 1] == '\n');
  }

  Expected<std::string> NextField() {
    if (!AtEnd() && bytes_[position_] == '"') return NextQuoted();
    const size_t start = position_;
    while (!AtEnd() && bytes_[position_] != ',' && !AtLineEnd()) ++position_;
    return std::string(bytes_.substr(start, position_ - start));
  }

  Expected<std::string> NextQuoted() {
    const int64_t opened = line_;
    std::string field;
    for (++position_; !AtEnd(); ++position_) {
      const char c = bytes_[position_];
      if (c == '\n') ++line_;
      if (c != '"') {
        field += c;
      } else if (position_ + 1 < bytes_.size() && bytes_[position_ + 1] == '"') {
        field += '"';
        ++position_;
      } else {
        ++position_;
        if (!AtEnd() && bytes_[position_] != ',' && !AtLineEnd()) {
          return MakeError(ErrorKind::kInput, "{}:{}: text after a closing quote", path_, line_);
        }
        return field;
      }
    }
    return MakeError(ErrorKind::kInput, "{}:{}: a quoted field is never closed", path_, opened);
  }

  std::string_view bytes_;
  const std::string& path_;
  size_t position_ = 0;
  int64_t line_ = 1;
};

}  // namespace

size_t CsvTable::Column(std::string_view name) const {
  const auto it = std::find(header.begin(), header.end(), name);
  return it == header.end() ? std::string::npos : static_cast<size_t>(it - header.begin());
}

Expected<CsvTable> ParseCsv(std::string_view bytes, const std::string& path) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  if (bytes.empty()) return MakeError(ErrorKind::kInput, "{}: empty", path);
  if (const size_t bad = text::FirstInvalidUtf8(bytes); bad != std::string_view::npos) {
    const auto line =
        1 + std::count(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(bad), '\n');
    return MakeError(ErrorKind::kInput, "{}:{}: invalid UTF-8", path, line);
  }
  Parser parser(bytes, path);
  CsvTable table;
  MORES_ASSIGN_OR_RETURN(CsvRow head, parser.NextRow());
  table.header = std::move(head.fields);
  std::unordered_set<std::string_view> names;
  for (const std::string& name : table.header) {
    if (!names.insert(name).second) {
      return MakeError(ErrorKind::kInput, "{}:1: column '{}' stands twice in the header", path,
                       text::FitColumns(name, 40));
    }
  }
  while (!parser.AtEnd()) {
    MORES_ASSIGN_OR_RETURN(CsvRow row, parser.NextRow());
    if (row.fields.size() == 1 && row.fields[0].empty()) continue;
    if (row.fields.size() != table.header.size()) {
      return MakeError(ErrorKind::kInput, "{}:{}: {} fields where the header has {}", path,
                       row.line, row.fields.size(), table.header.size());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace mores::data
