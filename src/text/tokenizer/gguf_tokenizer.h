// The tokenizer that a GGUF file holds (https://github.com/ggml-org/ggml, docs/gguf.md): its keys
// become what a tokenizer.json would say, and the other way round. The reference for ids is the
// Hugging Face tokenizer of the same model; where llama.cpp differs, docs/formats/gguf.md says how.
#ifndef MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_H_
#define MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::text {

// The keys tokenizer.ggml.*, by their last part. Views are of the file.
struct GgufTokenizer {
  std::string model, pre;                // "gpt2" or "llama"; "qwen2"
  std::vector<std::string_view> tokens;  // by id
  std::vector<float> scores;             // by id, or empty
  std::vector<int32_t> types;            // by id, or empty: 1 normal, 2 unknown, 3 control, 4 user
                                         // defined, 5 unused, 6 byte
  std::vector<std::string_view> merges;  // "a b"
  std::optional<int32_t> bos, eos, unknown, padding, eot, eom;
  std::vector<int32_t> further_ends;  // mores.further_end_ids: beside eos, eot and eom
  std::optional<bool> add_bos, add_eos, add_space_prefix, remove_extra_whitespaces;
  // mores.start_token: whether a text of its own begins with bos (Tokenizer::bos_id), where that
  // isn't what StartsByKeys says.
  std::optional<bool> starts_with_bos;
  std::string_view charsmap;
  std::string_view huggingface_json;  // tokenizer.huggingface.json: the whole tokenizer.json
  std::string_view sentencepiece;     // mores.tokenizer.model: the whole tokenizer.model
};

// kCorrupt for what contradicts itself, kUnsupported for a model or a `pre` that we don't run, by
// its name; both in bounded time and memory. `where` names the file in errors.
Expected<std::unique_ptr<Tokenizer>> MakeTokenizer(const GgufTokenizer& keys,
                                                   const std::string& where);

// Whether the format's own keys say that a text begins with bos: byte BPE models that don't add it
// were trained without one, whatever id they name.
bool StartsByKeys(std::string_view model, std::optional<bool> add_bos);

// The vocab_size() that MakeTokenizer's has: ids behind the last used one are padding.
int32_t TokenCount(const GgufTokenizer& keys);

// Ids that end a reply, the file's own first: eos, eot, eom, and tokens that are control tokens and
// have a name that ends turns in a known chat format, where keys lack them.
std::vector<int32_t> EndIds(const GgufTokenizer& keys);
// By their names in templates: {"bos_token", "<s>"}.
std::map<std::string, std::string> SpecialTokensOf(const GgufTokenizer& keys);

// The files of a Hugging Face directory that say the same, by name: tokenizer.json and
// tokenizer_config.json (without the chat template), or tokenizer.model. Errors as of
// MakeTokenizer.
Expected<std::map<std::string, std::string>> TokenizerFilesOf(const GgufTokenizer& keys,
                                                              const std::string& where);

// What a directory's tokenizer is in GGUF's keys, owned. `vocab_size`: of the embedding; ids
// without a token get names of their own, unused.
struct OwnedGgufTokenizer {
  std::string model, pre;
  std::vector<std::string> tokens;
  std::vector<float> scores;
  std::vector<int32_t> types;
  std::vector<std::string> merges;
  std::optional<int32_t> bos, eos, unknown, padding;
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  std::string huggingface_json, sentencepiece;
};
// The same as views of `owned`, which lives as long.
GgufTokenizer ViewOf(const OwnedGgufTokenizer& owned);
Expected<OwnedGgufTokenizer> ToGguf(const std::string& model_directory, int32_t vocab_size);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_GGUF_TOKENIZER_H_
