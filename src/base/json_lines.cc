#include "base/json_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json_fields.h"

namespace mores {
namespace {

// All of an array is in memory at once.
constexpr size_t kMaxArray = size_t{1} << 30;

using NextLine = std::function<Expected<bool>(std::string& line)>;

// Bytes of the texts in a value, names of fields included.
size_t TextBytes(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  size_t bytes = 0;
  if (value.is_structured()) {
    for (const auto& [key, member] : value.items()) bytes += key.size() + TextBytes(member);
  }
  return bytes;
}

bool SaysThatAnItemFailed(const Json& value, const std::vector<const char*>& results) {
  return !results.empty() && value.is_object() && value.contains("error") &&
         std::none_of(results.begin(), results.end(),
                      [&](const char* name) { return value.contains(name); });
}

// The names of columns, or fields, and no JSON.
bool LooksLikeCsv(std::string_view line) {
  const size_t start = line.find_first_not_of(" \t\"");
  if (start == std::string_view::npos || line.find_first_of(",;\t") == std::string_view::npos) {
    return false;
  }
  return line[start] != '{' && line[start] != '[';
}

class LinesLoop {
 public:
  LinesLoop(std::string name, const JsonLinesOptions& options, const ReadJsonLine& read)
      : name_(std::move(name)), options_(options), read_(read) {}

  Expected<JsonLinesRead> Run(const NextLine& next) {
    std::string line;
    int64_t number = 0;
    for (bool first = true;;) {
      MORES_ASSIGN_OR_RETURN(const bool more, next(line));
      if (!more) break;
      ++number;
      const size_t start = line.find_first_not_of(" \t\r");
      if (start == std::string::npos) continue;
      if (first && line[start] == '[' && options_.arrays == JsonLinesOptions::Arrays::kRead) {
        MORES_RETURN_IF_ERROR(ReadArray(next, std::move(line)));
        break;
      }
      first = false;
      const std::string where = fmt::format("{}:{}", name_, number);
      MORES_ASSIGN_OR_RETURN(const Json value, ParseLine(line, where));
      MORES_RETURN_IF_ERROR(Take({value, where, number}));
      AddToHash(line);
    }
    if (!options_.when_empty.empty() && result_.records + result_.failed == 0) {
      return MakeError(ErrorKind::kInput, "{}: {}", name_, options_.when_empty);
    }
    if (options_.hash == JsonLinesOptions::Hash::kMade) result_.hash = Sha256Hex(hashes_);
    return std::move(result_);
  }

 private:
  // An error of a file of another kind says which.
  Expected<Json> ParseLine(const std::string& line, const std::string& where) const {
    Expected<Json> value = ParseJson(line, where, options_.json);
    if (!value && result_.records + result_.failed == 0 && LooksLikeCsv(line)) {
      value.error().message += "; this looks like CSV: write it as JSON, a record a line";
    }
    return value;
  }

  // An array that begins with `whole` and goes on to the end.
  Status ReadArray(const NextLine& next, std::string whole) {
    std::string line;
    for (;;) {
      MORES_ASSIGN_OR_RETURN(const bool more, next(line));
      if (!more) break;
      whole += '\n';
      whole += line;
      if (whole.size() > kMaxArray) {
        return MakeError(ErrorKind::kInput, "{}: an array above {} MiB: write a record a line",
                         name_, kMaxArray >> 20);
      }
    }
    MORES_ASSIGN_OR_RETURN(const Json array, ParseJson(whole, name_, options_.json));
    AddToHash(whole);
    return ForEachJsonItem(array, name_, [&](const JsonLine& item) -> Status {
      if (TextBytes(item.value) > LineReader::kMaxLine) {
        return MakeError(ErrorKind::kInput, "{}: record above {} MB", item.where,
                         LineReader::kMaxLine >> 20);
      }
      return Take(item);
    });
  }

  Status Take(const JsonLine& line) {
    if (SaysThatAnItemFailed(line.value, options_.results)) {
      ++result_.failed;
      return {};
    }
    ++result_.records;
    return read_(line);
  }

  void AddToHash(std::string_view line) {
    if (options_.hash == JsonLinesOptions::Hash::kMade) hashes_ += Sha256Hex(line);
  }

  const std::string name_;
  const JsonLinesOptions& options_;
  const ReadJsonLine& read_;
  JsonLinesRead result_;
  std::string hashes_;
};

}  // namespace

Expected<JsonLinesRead> ForEachJsonLine(const std::string& path, const JsonLinesOptions& options,
                                        const ReadJsonLine& read) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  return LinesLoop(ShownPath(path), options, read).Run([&](std::string& line) {
    return reader->Next(line);
  });
}

Expected<JsonLinesRead> ForEachJsonLineOf(std::string_view text, const std::string& name,
                                          const JsonLinesOptions& options,
                                          const ReadJsonLine& read) {
  return LinesLoop(name, options, read).Run([&](std::string& line) -> Expected<bool> {
    if (text.empty()) return false;
    const size_t end = std::min(text.find('\n'), text.size());
    line.assign(text.substr(0, end));
    if (line.ends_with('\r')) line.pop_back();
    text.remove_prefix(std::min(end + 1, text.size()));
    return true;
  });
}

Status ForEachJsonItem(const Json& array, const std::string& name, const ReadJsonLine& read) {
  if (!array.is_array()) {
    return MakeError(ErrorKind::kInput, "{}: {}", name, WrongType("an array", array));
  }
  int64_t number = 0;
  for (const Json& value : array) {
    const std::string where = fmt::format("{}:item {}", name, ++number);
    MORES_RETURN_IF_ERROR(read({value, where, number}));
  }
  return {};
}

std::string ShownPath(const std::string& path) { return path == "-" ? "<stdin>" : path; }

std::string_view NoteOnDigits(std::string_view id) {
  const bool digits = !id.empty() && id.find_first_not_of("-0123456789") == std::string_view::npos;
  return digits ? " (as a number or as a text, the same digits are one id)" : "";
}

std::optional<int64_t> IdLines::Put(const std::string& id, int64_t number) {
  const auto [seen, fresh] = first_.emplace(id, number);
  return fresh ? std::nullopt : std::optional<int64_t>(seen->second);
}

Status IdLines::PutOnce(const std::string& id, const JsonLine& line) {
  const std::optional<int64_t> earlier = Put(id, line.number);
  if (!earlier) return {};
  return FieldError(line.where, "id",
                    fmt::format("already the id of line {}{}", *earlier, NoteOnDigits(id)));
}

}  // namespace mores
