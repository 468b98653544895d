// The families of pre-tokenizers that a GGUF file names by tokenizer.ggml.pre: what the Hugging
// Face tokenizer of such a model does to a text before byte-pair encoding. See
// docs/formats/gguf.md.
#ifndef MORES_TEXT_TOKENIZER_GGUF_PRE_FAMILIES_H_
#define MORES_TEXT_TOKENIZER_GGUF_PRE_FAMILIES_H_

#include <string_view>

#include "base/json.h"

namespace mores::text {

struct GgufPreFamily {
  std::string_view names;  // with a space between two
  Json normalizer, pre_tokenizer;
  bool ignore_merges = false;  // a word that is a token is that token, whatever the merges say
  bool adds_bos = false;       // where no key says whether a text begins with bos
};

// Null for a name that isn't known here.
const GgufPreFamily* FindGgufPreFamily(std::string_view name);

// The name of the family that splits as a tokenizer.json does; of two, the one that also normalizes
// alike and has the same rule for merges. Empty where none splits so.
std::string_view NameOfGgufPre(const Json& normalizer, const Json& pre_tokenizer,
                               bool ignore_merges);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_GGUF_PRE_FAMILIES_H_
