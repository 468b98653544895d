// Metaspace: a visible character for the space, as pre-tokenizer and as decoder of tokenizer.json.
#ifndef MORES_TEXT_TOKENIZER_METASPACE_H_
#define MORES_TEXT_TOKENIZER_METASPACE_H_

#include <string>

#include "base/error.h"
#include "text/tokenizer/component_fields.h"

namespace mores::text {

struct Metaspace {
  enum class Prepend { kAlways, kFirst, kNever };
  std::string replacement;  // the UTF-8 of one character
  Prepend prepend = Prepend::kAlways;
  bool split = true;

  static Expected<Metaspace> From(const Component& component);
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_METASPACE_H_
