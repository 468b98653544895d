// The keys tokenizer.* of a GGUF file, as text/tokenizer/gguf_tokenizer.h wants them.
#ifndef MORES_MODEL_GGUF_GGUF_TOKENIZER_KEYS_H_
#define MORES_MODEL_GGUF_GGUF_TOKENIZER_KEYS_H_

#include <string_view>

#include "base/error.h"
#include "tensor/gguf.h"
#include "text/tokenizer/gguf_tokenizer.h"

namespace mores::model {

// A whole tokenizer.model, which the format has no key for.
constexpr std::string_view kSentencePieceKey = "mores.tokenizer.model";

// Ids that end replies beside those that the format has keys for.
constexpr std::string_view kFurtherEndsKey = "mores.further_end_ids";
// Whether a text of its own begins with bos, where the format's keys say otherwise.
constexpr std::string_view kStartTokenKey = "mores.start_token";

// Views are of the file. kCorrupt, the key named, where one is of another type than it should.
Expected<text::GgufTokenizer> TokenizerKeys(const tensor::GgufKeys& keys);

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_TOKENIZER_KEYS_H_
