// Files of JSON lines, one object or other value a line.
#ifndef MORES_BASE_JSON_LINES_H_
#define MORES_BASE_JSON_LINES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores {

// Calls `read` with each line's value, "PATH:LINE" and the line's number, from 1. Stops at the
// first error, also of a line that is no JSON.
Status ForEachJsonLine(const std::string& path,
                       const std::function<Status(const Json&, const std::string&, int64_t)>& read);

}  // namespace mores

#endif  // MORES_BASE_JSON_LINES_H_
