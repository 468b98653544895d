// Cuts a chat template into tokens as Jinja2 does with trim_blocks and lstrip_blocks on, which is
// how transformers sets it.
#ifndef MORES_TEMPLATES_JINJA_LEXER_H_
#define MORES_TEMPLATES_JINJA_LEXER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::templates::jinja {

struct Token {
  enum class Kind {
    kData,           // text between tags
    kVariableBegin,  // {{
    kVariableEnd,
    kBlockBegin,  // {%
    kBlockEnd,
    kName,
    kString,
    kInteger,
    kFloat,
    kOperator,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  int line = 1;
  std::string text;  // of data and names; the value of a string; the operator
  int64_t integer = 0;
  double number = 0;
};

// The last token is kEnd. `source` is valid UTF-8. Errors ("line N: ...") are kCorrupt, or
// kUnsupported for what Jinja2 could read and we don't.
Expected<std::vector<Token>> Tokenize(std::string_view source);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_LEXER_H_
