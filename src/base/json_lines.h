// Files of JSON lines: one record a line, blank lines left out.
#ifndef MORES_BASE_JSON_LINES_H_
#define MORES_BASE_JSON_LINES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace mores {

struct JsonLine {
  const Json& value;
  const std::string& where;  // "FILE:7", or "FILE:item 7" of an array
  int64_t number;            // 7
};
using ReadJsonLine = std::function<Status(const JsonLine&)>;

struct JsonLinesOptions {
  // One array of all records may stand in place of lines.
  enum class Arrays { kRefused, kRead } arrays = Arrays::kRefused;
  // What a record that was a success has at least one of: one with "error" and none of these says
  // that an item failed. It is counted, and not read. Empty: all are read.
  std::vector<const char*> results;
  // Whether JsonLinesRead::hash is made.
  enum class Hash { kLeftOut, kMade } hash = Hash::kLeftOut;
  // How each line is read: with the digits of its numbers, and refusing a key that a record has
  // twice, which says two things. What commands add to what they carry may lie deeper than that
  // did.
  JsonOptions json = {.max_depth = 80,
                      .lone_surrogates = JsonOptions::LoneSurrogates::kReplaced,
                      .numbers = JsonOptions::Numbers::kAsWritten,
                      .once = true};
  // The problem with a file that holds neither records nor failed items. Empty: none.
  std::string_view when_empty;
};

struct JsonLinesRead {
  int64_t records = 0;  // read
  int64_t failed = 0;
  std::string hash;  // SHA-256 in hexadecimal, of all lines that aren't blank, failed items' too
};

// Calls `read` with each record in its order, and stops at the first error, also of a line that is
// no JSON (kInput). "-" is standard input, and "<stdin>" in errors.
Expected<JsonLinesRead> ForEachJsonLine(const std::string& path, const JsonLinesOptions& options,
                                        const ReadJsonLine& read);
// The same of text in memory, which is named `name` in errors.
Expected<JsonLinesRead> ForEachJsonLineOf(std::string_view text, const std::string& name,
                                          const JsonLinesOptions& options,
                                          const ReadJsonLine& read);
// Each item of an array; kInput when it isn't one.
Status ForEachJsonItem(const Json& array, const std::string& name, const ReadJsonLine& read);

// How errors name a file: "<stdin>" for "-".
std::string ShownPath(const std::string& path);

// For an error about an id that stands twice: what may surprise about one of digits; "" else.
std::string_view NoteOnDigits(std::string_view id);

// The numbers of the lines, or items, where ids stand.
class IdLines {
 public:
  // The number that had `id` before; nothing when it is new.
  std::optional<int64_t> Put(const std::string& id, int64_t number);
  // kInput "WHERE: field 'id': already the id of line N", saying that numbers and texts of the same
  // digits are one id where that may surprise.
  Status PutOnce(const std::string& id, const JsonLine& line);

 private:
  std::unordered_map<std::string, int64_t> first_;
};

}  // namespace mores

#endif  // MORES_BASE_JSON_LINES_H_
