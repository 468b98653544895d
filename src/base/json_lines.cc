#include "base/json_lines.h"

#include <fmt/format.h>

#include <memory>

#include "base/files.h"

namespace mores {

Status ForEachJsonLine(
    const std::string& path,
    const std::function<Status(const Json&, const std::string&, int64_t)>& read) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::string line;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) return {};
    const std::string where = fmt::format("{}:{}", path, reader->line_number());
    MORES_ASSIGN_OR_RETURN(const Json json, ParseJson(line, where));
    MORES_RETURN_IF_ERROR(read(json, where, reader->line_number()));
  }
}

}  // namespace mores
