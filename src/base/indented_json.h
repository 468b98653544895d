// JSON for people to read: in files of our own, and printed by --json.
#ifndef MORES_BASE_INDENTED_JSON_H_
#define MORES_BASE_INDENTED_JSON_H_

#include <string>

#include "base/json.h"

namespace mores {

// Lines, two spaces a level and the last one ended; UTF-8 as it is, invalid bytes replaced by
// U+FFFD (never throws).
inline std::string IndentedJson(const Json& value) {
  return value.dump(/*indent=*/2, /*indent_char=*/' ', /*ensure_ascii=*/false,
                    Json::error_handler_t::replace) +
         "\n";
}

}  // namespace mores

#endif  // MORES_BASE_INDENTED_JSON_H_
