// JSON from hostile places: bounded depth, no exceptions, errors that say where.
#ifndef MORES_BASE_JSON_H_
#define MORES_BASE_JSON_H_

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores {

// Objects keep the order of their keys, so what we write is stable and reads as it was written.
using Json = nlohmann::ordered_json;

// `where` names the source for the error, such as "in.jsonl:7". Nesting deeper than 64, objects of
// more than 65,536 keys, NUL bytes, invalid UTF-8 and trailing bytes are kInput errors. Of a key
// that occurs twice the last value counts.
Expected<Json> ParseJson(std::string_view text, std::string_view where);

// One line, UTF-8 as it is, invalid bytes replaced by U+FFFD (never throws).
std::string DumpJson(const Json& value);

// Typed access with an error "WHERE: field 'NAME': ..." of kInput.
Expected<std::string> RequiredString(const Json& object, const char* name, std::string_view where);

}  // namespace mores

#endif  // MORES_BASE_JSON_H_
