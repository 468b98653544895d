// The patterns of tokenizer.json are written for Oniguruma (Ruby's syntax, Unicode); we match with
// PCRE2. One pattern text means different things to the two: to PCRE2 \h is a blank, \s holds
// U+180E, \p{Han} goes by script extensions, {,3} is literal; Oniguruma's {2}+ is no possessive
// repeat. So a pattern is parsed here and written out again in what PCRE2 reads the same way.
//
// Goals: exactly Oniguruma's meaning for every code point of Unicode 14, for what real tokenizers
// use. Non-goal: all of Oniguruma; the rest is refused by naming it.
#ifndef MORES_TEXT_TOKENIZER_PATTERN_SYNTAX_H_
#define MORES_TEXT_TOKENIZER_PATTERN_SYNTAX_H_

#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::text {

// `pattern` in PCRE2's syntax, for PCRE2_UTF | PCRE2_UCP. kUnsupported names what can't be
// rewritten, kCorrupt what is no pattern. `where` names the field for the error.
Expected<std::string> RewritePattern(std::string_view pattern, std::string_view where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_PATTERN_SYNTAX_H_
