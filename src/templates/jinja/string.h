// Escapes of string literals.
#ifndef MORES_TEMPLATES_JINJA_STRING_H_
#define MORES_TEMPLATES_JINJA_STRING_H_

#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::templates::jinja {

// The text that a Python string literal states between its quotes: \n, \x41, \u00e9, \U0001F600,
// octal \101 and the rest of the language reference's list; an unknown escape stands as it is.
// kCorrupt for a broken escape, kUnsupported for \N{...} and for surrogates.
Expected<std::string> ReadPythonEscapes(std::string_view literal);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_STRING_H_
