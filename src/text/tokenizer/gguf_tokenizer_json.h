// What a tokenizer.json would say, from the tokenizer keys of a GGUF file.
#ifndef MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_JSON_H_
#define MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_JSON_H_

#include <string>

#include "base/error.h"
#include "text/tokenizer/gguf_tokenizer.h"
#include "text/tokenizer/tokenizer_json_file.h"

namespace mores::text {

enum class GgufTokenType : int32_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

// From the lists, not from tokenizer.huggingface.json. Errors as of MakeTokenizer.
Expected<TokenizerJsonFile> ToTokenizerJsonFile(const GgufTokenizer& keys,
                                                const std::string& where);

// The type of a token. REQUIRES: an id of the list.
GgufTokenType TypeOf(const GgufTokenizer& keys, size_t id);

// kCorrupt for lists that don't fit together, and for an id among the keys that is no token.
Status CheckGgufTokenizer(const GgufTokenizer& keys, const std::string& where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_JSON_H_
