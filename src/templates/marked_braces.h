// For tests: a rendering, with braces around what came from outside.
#ifndef MORES_TEMPLATES_MARKED_BRACES_H_
#define MORES_TEMPLATES_MARKED_BRACES_H_

#include <string>

#include "text/tokenizer/marked_text.h"

namespace mores::templates {

inline std::string InBraces(const text::MarkedText& text) {
  std::string shown;
  size_t done = 0;
  for (const text::TextRange& range : text.plain) {
    shown += text.utf8.substr(done, range.begin - done) + "{" +
             text.utf8.substr(range.begin, range.end - range.begin) + "}";
    done = range.end;
  }
  return shown + text.utf8.substr(done);
}

}  // namespace mores::templates

#endif  // MORES_TEMPLATES_MARKED_BRACES_H_
