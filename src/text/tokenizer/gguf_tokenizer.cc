#include "text/tokenizer/gguf_tokenizer.h"

#include <algorithm>
#include <utility>

#include "text/tokenizer/gguf_tokenizer_json.h"
#include "text/tokenizer/sentencepiece.h"
#include "text/tokenizer/tokenizer_json.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

std::optional<std::string> TokenOf(const GgufTokenizer& keys, const std::optional<int32_t>& id) {
  if (!id || *id < 0 || static_cast<size_t>(*id) >= keys.tokens.size()) return std::nullopt;
  return std::string(keys.tokens[static_cast<size_t>(*id)]);
}

// A tokenizer that the file holds whole has the tokens that the file lists, but for those that only
// fill the list.
Status CheckSameTokens(const GgufTokenizer& keys, const Tokenizer& tokenizer,
                       const std::string& where) {
  if (static_cast<size_t>(tokenizer.vocab_size()) > keys.tokens.size()) {
    return MakeError(ErrorKind::kCorrupt, "{}: {} tokens, and tokenizer.ggml.tokens has {}", where,
                     tokenizer.vocab_size(), keys.tokens.size());
  }
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    const std::string piece = tokenizer.Piece(static_cast<int32_t>(id));
    const bool padding =
        piece.empty() && (keys.tokens[id].empty() || TypeOf(keys, id) == GgufTokenType::kUnused);
    if (piece != keys.tokens[id] && !padding) {
      return MakeError(ErrorKind::kCorrupt, "{}: token {} is '{}', in tokenizer.ggml.tokens '{}'",
                       where, id, FitColumns(piece, 40), FitColumns(keys.tokens[id], 40));
    }
  }
  return {};
}

}  // namespace

Expected<std::unique_ptr<Tokenizer>> MakeTokenizer(const GgufTokenizer& keys,
                                                   const std::string& where) {
  MORES_RETURN_IF_ERROR(CheckGgufTokenizer(keys, where));
  const bool starts = keys.starts_with_bos.value_or(StartsByKeys(keys.model, keys.add_bos));
  const SpecialTokenNames names{.bos = starts ? TokenOf(keys, BosOf(keys)) : std::nullopt,
                                .eos = TokenOf(keys, EosOf(keys))};
  if (!keys.sentencepiece.empty()) {
    const std::string at = where + ": mores.tokenizer.model";
    MORES_ASSIGN_OR_RETURN(auto tokenizer,
                           ParseSentencePiece(keys.sentencepiece, at,
                                              {.add_bos = keys.add_bos.value_or(false),
                                               .add_eos = keys.add_eos.value_or(false)}));
    MORES_RETURN_IF_ERROR(CheckSameTokens(keys, *tokenizer, at));
    return tokenizer;
  }
  if (!keys.huggingface_json.empty()) {
    const std::string at = where + ": tokenizer.huggingface.json";
    MORES_ASSIGN_OR_RETURN(auto tokenizer, ParseTokenizerJson(keys.huggingface_json, at, names));
    MORES_RETURN_IF_ERROR(CheckSameTokens(keys, *tokenizer, at));
    return tokenizer;
  }
  MORES_ASSIGN_OR_RETURN(TokenizerJsonFile file, ToTokenizerJsonFile(keys, where));
  return MakeJsonTokenizer(std::move(file), where + ": tokenizer.ggml", names);
}

GgufTokenizer ViewOf(const OwnedGgufTokenizer& owned) {
  GgufTokenizer keys;
  keys.model = owned.model;
  keys.pre = owned.pre;
  keys.tokens.assign(owned.tokens.begin(), owned.tokens.end());
  keys.scores = owned.scores;
  keys.types = owned.types;
  keys.merges.assign(owned.merges.begin(), owned.merges.end());
  keys.bos = owned.bos;
  keys.eos = owned.eos;
  keys.unknown = owned.unknown;
  keys.padding = owned.padding;
  keys.add_bos = owned.add_bos;
  keys.add_eos = owned.add_eos;
  keys.add_space_prefix = owned.add_space_prefix;
  keys.huggingface_json = owned.huggingface_json;
  keys.sentencepiece = owned.sentencepiece;
  return keys;
}

bool StartsByKeys(std::string_view model, std::optional<bool> add_bos) {
  return model != "gpt2" || add_bos.value_or(true);
}

int32_t TokenCount(const GgufTokenizer& keys) {
  size_t count = keys.tokens.size();
  if (keys.types.size() != count) return static_cast<int32_t>(count);
  while (count > 0 && IsPadding(keys, count - 1)) --count;
  return static_cast<int32_t>(count);
}

std::vector<int32_t> EndIds(const GgufTokenizer& keys) {
  std::vector<int32_t> ids;
  const auto has = [](const std::vector<int32_t>& some, int32_t id) {
    return std::find(some.begin(), some.end(), id) != some.end();
  };
  const auto add = [&](const std::optional<int32_t>& id) {
    const bool known = id && *id >= 0 && static_cast<size_t>(*id) < keys.tokens.size();
    if (known && !has(ids, *id)) ids.push_back(*id);
  };
  for (const auto& id : {EosOf(keys), keys.eot, keys.eom}) add(id);
  for (const int32_t id : keys.further_ends) add(id);
  // Apart from the others, which may be as many as there are tokens.
  const std::vector<int32_t> named = ids;
  bool has_return = false;
  for (const std::string_view token : keys.tokens) has_return |= token == "<|return|>";
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    // In the format that ends an answer by <|return|>, <|end|> ends a part of it.
    if (has_return && keys.tokens[id] == "<|end|>") continue;
    const bool control = TypeOf(keys, id) == GgufTokenType::kControl;
    const auto end = static_cast<int32_t>(id);
    if (IsEndName(keys.tokens[id], control) && !has(named, end)) ids.push_back(end);
  }
  return ids;
}

std::map<std::string, std::string> SpecialTokensOf(const GgufTokenizer& keys) {
  std::map<std::string, std::string> tokens;
  const std::pair<const char*, std::optional<int32_t>> named[] = {{"bos_token", BosOf(keys)},
                                                                  {"eos_token", EosOf(keys)},
                                                                  {"unk_token", UnknownOf(keys)},
                                                                  {"pad_token", keys.padding}};
  for (const auto& [name, id] : named) {
    if (const auto token = TokenOf(keys, id)) tokens[name] = *token;
  }
  return tokens;
}

}  // namespace mores::text
