// Comma-separated values as RFC 4180 has them: quoted fields may hold commas, line breaks and
// doubled quotes. Lines end in "\n" or "\r\n". A byte-order mark at the start is dropped.
#ifndef MORES_DATA_READERS_CSV_H_
#define MORES_DATA_READERS_CSV_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::data {

struct CsvRow {
  int64_t line = 0;  // where the row begins, from 1
  std::vector<std::string> fields;
};

struct CsvTable {
  std::vector<std::string> header;
  std::vector<CsvRow> rows;  // each with as many fields as the header
  // The column of a header name, or npos.
  size_t Column(std::string_view name) const;
};

// `path` names the file in errors ("PATH:LINE: ..."). kInput on a quote that never closes, text
// after a closing quote, a row of another width, a name twice in the header, or an empty file.
Expected<CsvTable> ParseCsv(std::string_view bytes, const std::string& path);

}  // namespace mores::data

#endif  // MORES_DATA_READERS_CSV_H_
