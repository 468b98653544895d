#include "text/tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <utility>

#include "text/tokenizer/gguf_tokenizer_json.h"
#include "text/tokenizer/tokenizer_json.h"

namespace mores::text {
namespace {

std::optional<std::string> TokenOf(const GgufTokenizer& keys, const std::optional<int32_t>& id) {
  if (!id || *id < 0 || static_cast<size_t>(*id) >= keys.tokens.size()) return std::nullopt;
  return std::string(keys.tokens[static_cast<size_t>(*id)]);
}

// Control tokens that end a turn or a text in the chat format of a published model.
constexpr std::string_view kEndNames[] = {
    "<|im_end|>",             // Qwen, InternLM2, SmolLM and others with ChatML
    "<|eot_id|>",             // Llama 3
    "<|eom_id|>",             // Llama 3.1, before a tool's answer
    "<|eot|>",                // Llama 4
    "<end_of_turn>",          // Gemma
    "<|end|>",                // Phi 3
    "<|endoftext|>",          // GPT-2, Qwen, Phi
    "<|END_OF_TURN_TOKEN|>",  // Command R
    "<\xEF\xBD\x9C"
    "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",  // DeepSeek
};

}  // namespace

Expected<std::unique_ptr<Tokenizer>> MakeTokenizer(const GgufTokenizer& keys,
                                                   const std::string& where) {
  MORES_ASSIGN_OR_RETURN(TokenizerJsonFile file, ToTokenizerJsonFile(keys, where));
  return MakeJsonTokenizer(std::move(file), where,
                           {.bos = TokenOf(keys, keys.bos), .eos = TokenOf(keys, keys.eos)});
}

std::vector<int32_t> EndIds(const GgufTokenizer& keys) {
  std::vector<int32_t> ids;
  const auto add = [&](int32_t id) {
    const bool known = id >= 0 && static_cast<size_t>(id) < keys.tokens.size();
    if (known && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  };
  for (const auto& id : {keys.eos, keys.eot, keys.eom}) {
    if (id) add(*id);
  }
  if (keys.types.size() != keys.tokens.size()) return ids;
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    if (TypeOf(keys, id) != GgufTokenType::kControl) continue;
    if (std::find(std::begin(kEndNames), std::end(kEndNames), keys.tokens[id]) !=
        std::end(kEndNames)) {
      add(static_cast<int32_t>(id));
    }
  }
  return ids;
}

std::map<std::string, std::string> SpecialTokensOf(const GgufTokenizer& keys) {
  std::map<std::string, std::string> tokens;
  const std::pair<const char*, std::optional<int32_t>> named[] = {{"bos_token", keys.bos},
                                                                  {"eos_token", keys.eos},
                                                                  {"unk_token", keys.unknown},
                                                                  {"pad_token", keys.padding}};
  for (const auto& [name, id] : named) {
    if (const auto token = TokenOf(keys, id)) tokens[name] = *token;
  }
  return tokens;
}

}  // namespace mores::text
