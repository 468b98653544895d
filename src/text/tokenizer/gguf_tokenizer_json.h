// What a tokenizer.json would say, from the tokenizer keys of a GGUF file.
#ifndef MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_JSON_H_
#define MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_JSON_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
// Whether it only fills the list up to the size of the embedding. REQUIRES: an id of the list.
bool IsPadding(const GgufTokenizer& keys, size_t id);

// The ids that the keys name, or those that SentencePiece models have where the keys are silent.
// nullopt where there is no such token.
std::optional<int32_t> BosOf(const GgufTokenizer& keys);
std::optional<int32_t> EosOf(const GgufTokenizer& keys);
std::optional<int32_t> UnknownOf(const GgufTokenizer& keys);

// Whether the name of a token says that it ends a turn or a text in a published chat format.
// `control`: whether its type says that it is no text; some names are also those of plain tokens.
bool IsEndName(std::string_view name, bool control);
// Special: read in marked text only, and left out of decoded text. REQUIRES: an id of the list.
bool IsSpecialToken(const GgufTokenizer& keys, size_t id);

// The merges of a SentencePiece model from the scores of its pieces, as transformers converts one.
// kCorrupt for scores that don't say an order, kUnsupported for pieces that are too long together.
Expected<std::vector<std::pair<std::string, std::string>>> MergesFromScores(
    const GgufTokenizer& keys, const std::string& where);

// kCorrupt for lists that don't fit together, and for an id among the keys that is no token.
Status CheckGgufTokenizer(const GgufTokenizer& keys, const std::string& where);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_JSON_H_
