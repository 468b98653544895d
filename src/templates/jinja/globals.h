// The functions that every chat template knows.
#ifndef MORES_TEMPLATES_JINJA_GLOBALS_H_
#define MORES_TEMPLATES_JINJA_GLOBALS_H_

#include <optional>
#include <string_view>

#include "base/error.h"
#include "templates/jinja/call.h"

namespace mores::templates::jinja {

// range, namespace, dict, raise_exception, strftime_now; empty if there is none of that name.
std::optional<Value> FindGlobal(std::string_view name);
// `utc` is "2026-01-31T23:59:59Z", which strftime_now writes. The error of raise_exception is
// kInput, with its message on one line.
Expected<Value> CallGlobal(std::string_view name, const Arguments& arguments, std::string_view utc,
                           Meter& meter);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_GLOBALS_H_
