// What the types, keys and names of a GGUF file's tokens say of them.
#include <algorithm>
#include <string>

#include "text/tokenizer/gguf_tokenizer_json.h"

namespace mores::text {
namespace {

// Tokens that end a turn or a text in the chat formats of published models. No text has them but
// by its markup.
constexpr std::string_view kMarkupEnds[] = {
    "<|im_end|>",                               // ChatML: Qwen, InternLM2, SmolLM
    "<|eot_id|>",                               // Llama 3
    "<|eom_id|>",                               // Llama 3.1, where a tool answers next
    "<|eot|>",                                  // Llama 4
    "<|end_of_text|>",                          // Llama 3, Granite
    "<|end|>",                                  // Phi 3
    "<|endoftext|>",                            // GPT-2, Qwen, Phi
    "<|return|>",                               // gpt-oss, at the end of an answer
    "<|call|>",                                 // gpt-oss, where a tool answers next
    "<|END_OF_TURN_TOKEN|>",                    // Command R
    "<|end_of_turn|>",                          // OpenChat
    "<|EOT|>",                                  // DeepSeek Coder
    "<end_of_turn>",                            // Gemma
    "<end_of_utterance>",                       // SmolVLM
    "[|endofturn|]",                            // EXAONE
    "<\uFF5Cend\u2581of\u2581sentence\uFF5C>",  // DeepSeek
};
// Ends where the type says control; elsewhere they may be markup of web pages, or words.
constexpr std::string_view kControlEnds[] = {"</s>", "<eos>", "<EOT>", "[EOT]", "[EOS]"};

template <size_t N>
bool IsOneOf(std::string_view name, const std::string_view (&names)[N]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

bool IsNamedByKey(const GgufTokenizer& keys, size_t id) {
  for (const auto& key : {keys.bos, keys.eos, keys.eot, keys.eom}) {
    if (key && static_cast<size_t>(*key) == id) return true;
  }
  return false;
}

std::optional<int32_t> InRange(const GgufTokenizer& keys, std::optional<int32_t> id) {
  if (!id || *id < 0 || static_cast<size_t>(*id) >= keys.tokens.size()) return std::nullopt;
  return id;
}

// SentencePiece puts <unk>, <s> and </s> first unless told otherwise, and then the keys tell.
std::optional<int32_t> KeyOr(const GgufTokenizer& keys, std::optional<int32_t> key, int32_t usual,
                             GgufTokenType type) {
  if (key) return InRange(keys, key);
  if (keys.model != "llama" || !InRange(keys, usual)) return std::nullopt;
  const bool fits = keys.types.empty() || TypeOf(keys, static_cast<size_t>(usual)) == type;
  return fits ? std::optional(usual) : std::nullopt;
}

}  // namespace

GgufTokenType TypeOf(const GgufTokenizer& keys, size_t id) {
  return id < keys.types.size() ? static_cast<GgufTokenType>(keys.types[id])
                                : GgufTokenType::kNormal;
}

bool IsPadding(const GgufTokenizer& keys, size_t id) {
  if (keys.tokens[id].empty()) return true;
  if (TypeOf(keys, id) != GgufTokenType::kUnused || IsNamedByKey(keys, id)) return false;
  // An unused piece of a SentencePiece model is a piece like others.
  return keys.model != "llama" || keys.tokens[id] == fmt::format("[PAD{}]", id);
}

std::optional<int32_t> BosOf(const GgufTokenizer& keys) {
  return KeyOr(keys, keys.bos, 1, GgufTokenType::kControl);
}
std::optional<int32_t> EosOf(const GgufTokenizer& keys) {
  return KeyOr(keys, keys.eos, 2, GgufTokenType::kControl);
}
std::optional<int32_t> UnknownOf(const GgufTokenizer& keys) {
  return KeyOr(keys, keys.unknown, 0, GgufTokenType::kUnknown);
}

bool IsEndName(std::string_view name, bool control) {
  return IsOneOf(name, kMarkupEnds) || (control && IsOneOf(name, kControlEnds));
}

// What the keys name is special too, as transformers makes special what a config names, unless its
// type says that it is an ordinary token: a file whose key is wrong must take no letter out of the
// text. What ends a turn by its name is special whatever its type: no text may spell it.
bool IsSpecialToken(const GgufTokenizer& keys, size_t id) {
  const GgufTokenType type = TypeOf(keys, id);
  if (type == GgufTokenType::kControl || type == GgufTokenType::kUnknown) return true;
  if (IsEndName(keys.tokens[id], /*control=*/false)) return true;
  return (type == GgufTokenType::kUserDefined || keys.types.empty()) && IsNamedByKey(keys, id);
}

}  // namespace mores::text
