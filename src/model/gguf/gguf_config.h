// A model's config in the keys of a GGUF file and back (docs/formats/gguf.md). What the keys say is
// put into the words of a Hugging Face config.json, and read as one.
#ifndef MORES_MODEL_GGUF_GGUF_CONFIG_H_
#define MORES_MODEL_GGUF_GGUF_CONFIG_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "model/config.h"
#include "tensor/gguf.h"
#include "text/tokenizer/gguf_tokenizer.h"

namespace mores::model {

// kUnsupported, the key named, for an architecture and for anything else that we don't compute:
// every key of the architecture is honoured, known to change no number, or refused. kCorrupt for
// what makes no sense. The size of the vocabulary, a tied head, biases and what divides the rotary
// frequencies are the tensors' to say.
Expected<ModelConfig> ReadGgufConfig(const tensor::GgufKeys& keys,
                                     const std::map<std::string, tensor::TensorView>& tensors,
                                     const text::GgufTokenizer& tokenizer);

// The keys that say what `config` is, general.architecture first; the tokenizer's and others aren't
// among them. kUnsupported, with `where` and the property named, for what the format can't say.
// Divisors of rotary frequencies are a tensor (model/gguf/gguf_rope.h).
using GgufWrittenKeys = std::vector<std::pair<std::string, tensor::GgufWrittenValue>>;
Expected<GgufWrittenKeys> GgufConfigKeys(const ModelConfig& config, std::string_view where);

// Keys of our own, for what the format has none for.
constexpr std::string_view kArchitectureKey = "mores.architecture";  // "MistralForCausalLM"
constexpr std::string_view kDynamicFactorKey = "mores.rope.dynamic_factor";

}  // namespace mores::model

#endif  // MORES_MODEL_GGUF_GGUF_CONFIG_H_
