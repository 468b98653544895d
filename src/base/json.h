// JSON from hostile places: bounded depth, no exceptions, errors that say where.
#ifndef MORES_BASE_JSON_H_
#define MORES_BASE_JSON_H_

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores {

// Objects keep the order of their keys, so what we write is stable and reads as it was written.
using Json = nlohmann::ordered_json;

struct JsonOptions {
  // An escape of half a surrogate pair, which is no character: an error, U+FFFD, or the three bytes
  // that UTF-8 would have for it. Those are invalid UTF-8, so that who reads the text can tell.
  enum class LoneSurrogates { kRefused, kReplaced, kKept };
  // A number whose digits a double or a 64-bit integer doesn't keep ("0.10", "1e400"): the nearest
  // value, or one that DumpJson writes as it was written (IsWrittenNumber).
  enum class Numbers { kValues, kAsWritten };

  size_t max_depth = 64;
  LoneSurrogates lone_surrogates = LoneSurrogates::kRefused;
  Numbers numbers = Numbers::kValues;
  // Where a key that an object has twice is an error: in the outermost object and in all that is
  // in those of its members. Elsewhere the last value counts.
  bool once = false;
  std::span<const std::string_view> once_in = {};
};

// `where` names the source for the error, such as "in.jsonl:7". Nesting that is too deep, objects
// of more than 65,536 keys, NUL bytes, invalid UTF-8 and trailing bytes are kInput errors.
Expected<Json> ParseJson(std::string_view text, std::string_view where,
                         const JsonOptions& options = {});

// One line, UTF-8 as it is, invalid bytes replaced by U+FFFD (never throws).
std::string DumpJson(const Json& value);

// Numbers that are kept as they were written. They aren't is_number(): readers of JsonFields know
// them, others ask here.
bool IsWrittenNumber(const Json& value);
Json WrittenNumber(std::string_view text);
std::string_view TextOfWrittenNumber(const Json& value);
// The nearest value of one, infinite beyond all; any other value as it is.
Json NumberValue(const Json& value);
// What a value is, in the words of JSON: "string", "number" ....
std::string_view TypeName(const Json& value);

// Typed access with an error "WHERE: field 'NAME': ..." of kInput.
Expected<std::string> RequiredString(const Json& object, const char* name, std::string_view where);

}  // namespace mores

#endif  // MORES_BASE_JSON_H_
