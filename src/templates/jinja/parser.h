// Parses chat templates with the grammar and the precedence of Jinja2.
#ifndef MORES_TEMPLATES_JINJA_PARSER_H_
#define MORES_TEMPLATES_JINJA_PARSER_H_

#include <string_view>

#include "base/error.h"
#include "templates/jinja/ast.h"

namespace mores::templates::jinja {

// Errors ("line N: ...") are kCorrupt for broken syntax, kUnsupported with its name for a tag,
// filter or test that we don't have, and for one of the limits.
Expected<Block> Parse(std::string_view source);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_PARSER_H_
