#include "text/tokenizer/gguf_tokenizer_json.h"

#include <utility>

#include "text/tokenizer/added_tokens.h"
#include "text/tokenizer/gguf_pre_families.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

constexpr size_t kMaxGgufBytes = size_t{256} << 20;  // of all tokens, and of all merges
constexpr size_t kMaxGgufList = size_t{4} << 20;

Json AddedTokenJson(std::string_view content, size_t id, bool special) {
  return {{"id", id},        {"content", content},  {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", special}};
}

bool IsAddedToken(const GgufTokenizer& keys, size_t id) {
  return !IsPadding(keys, id) &&
         (IsSpecialToken(keys, id) || TypeOf(keys, id) == GgufTokenType::kUserDefined);
}

// Before anything is made of them.
Status CheckAddedTokens(const GgufTokenizer& keys, const std::string& where) {
  size_t count = 0;
  for (size_t id = 0; id < keys.tokens.size(); ++id) count += IsAddedToken(keys, id) ? 1 : 0;
  if (count <= AddedTokens::kMaxTokens) return {};
  return MakeError(ErrorKind::kUnsupported,
                   "{}: tokenizer.ggml.token_type: more than {} control and user-defined tokens",
                   where, AddedTokens::kMaxTokens);
}

Status AddTokens(const GgufTokenizer& keys, const std::string& where, TokenizerJsonFile& file) {
  Json& added = file.rest["added_tokens"] = Json::array();
  file.vocab.reserve(keys.tokens.size());
  for (size_t id = 0; id < keys.tokens.size(); ++id) {
    if (IsPadding(keys, id)) continue;
    const std::string_view token = keys.tokens[id];
    if (!IsValidUtf8(token)) {
      return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.tokens[{}]: not UTF-8", where, id);
    }
    file.vocab.emplace_back(token, static_cast<int64_t>(id));
    if (IsAddedToken(keys, id)) {
      added.push_back(AddedTokenJson(token, id, IsSpecialToken(keys, id)));
    }
  }
  return {};
}

// "a b": the space that parts it is the first behind its first byte.
Status AddMerges(const GgufTokenizer& keys, const std::string& where, TokenizerJsonFile& file) {
  file.merges.reserve(keys.merges.size());
  for (size_t i = 0; i < keys.merges.size(); ++i) {
    const std::string_view merge = keys.merges[i];
    const size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == merge.size()) {
      return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.merges[{}]: '{}' is no pair", where,
                       i, FitColumns(merge, 40));
    }
    file.merges.emplace_back(merge.substr(0, space), merge.substr(space + 1));
  }
  return {};
}

// What a whole text gets: bos before it, eos behind it.
Json TemplateJson(const GgufTokenizer& keys, std::optional<int32_t> before,
                  std::optional<int32_t> after) {
  if (!before && !after) return nullptr;
  Json single = Json::array(), tokens = Json::object();
  const auto add = [&](int32_t id) {
    const auto number = static_cast<uint32_t>(id);
    const std::string name(keys.tokens[number]);
    single.push_back({{"SpecialToken", {{"id", name}, {"type_id", 0}}}});
    tokens[name] = {{"id", name}, {"ids", Json::array({number})}, {"tokens", Json::array({name})}};
  };
  if (before) add(*before);
  single.push_back({{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  if (after) add(*after);
  Json pair = single;
  for (const Json& piece : single) {
    pair.push_back(piece);
    for (Json& member : pair.back()) member["type_id"] = 1;
    if (piece.contains("Sequence")) pair.back()["Sequence"]["id"] = "B";
  }
  return {{"type", "TemplateProcessing"},
          {"single", std::move(single)},
          {"pair", std::move(pair)},
          {"special_tokens", std::move(tokens)}};
}

Expected<Json> PostProcessorJson(const GgufTokenizer& keys, bool adds_bos,
                                 const std::string& where) {
  const std::optional<int32_t> bos = BosOf(keys), eos = EosOf(keys);
  const bool add_bos = keys.add_bos.value_or(adds_bos && bos.has_value());
  const bool add_eos = keys.add_eos.value_or(false);
  if ((add_bos && !bos) || (add_eos && !eos)) {
    const char* name = add_bos && !bos ? "bos" : "eos";
    return MakeError(ErrorKind::kCorrupt,
                     "{}: tokenizer.ggml.add_{}_token: there is no tokenizer.ggml.{}_token_id",
                     where, name, name);
  }
  return TemplateJson(keys, add_bos ? bos : std::nullopt, add_eos ? eos : std::nullopt);
}

Json BpeModelJson() {
  return {{"type", "BPE"},
          {"dropout", nullptr},
          {"unk_token", nullptr},
          {"continuing_subword_prefix", nullptr},
          {"end_of_word_suffix", nullptr},
          {"fuse_unk", false},
          {"byte_fallback", false},
          {"ignore_merges", false}};
}

Status FillByteBpe(const GgufTokenizer& keys, const std::string& where, TokenizerJsonFile& file) {
  const GgufPreFamily* family = FindGgufPreFamily(keys.pre.empty() ? "default" : keys.pre);
  if (family == nullptr) {
    return MakeError(ErrorKind::kUnsupported, "{}: tokenizer.ggml.pre: '{}' is not supported",
                     where, FitColumns(keys.pre, 40));
  }
  Json& rest = file.rest;
  MORES_RETURN_IF_ERROR(AddTokens(keys, where, file));
  rest["normalizer"] = family->normalizer;
  rest["pre_tokenizer"] = family->pre_tokenizer;
  MORES_ASSIGN_OR_RETURN(rest["post_processor"], PostProcessorJson(keys, family->adds_bos, where));
  rest["decoder"] = {{"type", "ByteLevel"},
                     {"add_prefix_space", true},
                     {"trim_offsets", true},
                     {"use_regex", true}};
  rest["model"] = BpeModelJson();
  rest["model"]["ignore_merges"] = family->ignore_merges;
  return AddMerges(keys, where, file);
}

Json ReplaceJson(const char* from, const char* to) {
  return {{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
}

// As transformers converts a Llama's tokenizer.model: a space before each stretch of text, spaces
// as U+2581, no words, bytes for what has no piece.
Status FillSentencePiece(const GgufTokenizer& keys, const std::string& where,
                         TokenizerJsonFile& file) {
  constexpr char kSpace[] = "\xE2\x96\x81";
  if (!keys.charsmap.empty()) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tokenizer.ggml.precompiled_charsmap: not supported", where);
  }
  if (keys.remove_extra_whitespaces.value_or(false)) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: tokenizer.ggml.remove_extra_whitespaces: not supported", where);
  }
  const std::optional<int32_t> unknown = UnknownOf(keys);
  if (!unknown) {
    return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.unknown_token_id: missing", where);
  }
  Json& rest = file.rest;
  MORES_RETURN_IF_ERROR(AddTokens(keys, where, file));
  const bool add_space = keys.add_space_prefix.value_or(true);
  Json normalizers = Json::array();
  if (add_space) normalizers.push_back({{"type", "Prepend"}, {"prepend", kSpace}});
  normalizers.push_back(ReplaceJson(" ", kSpace));
  rest["normalizer"] = {{"type", "Sequence"}, {"normalizers", std::move(normalizers)}};
  rest["pre_tokenizer"] = nullptr;
  MORES_ASSIGN_OR_RETURN(rest["post_processor"], PostProcessorJson(keys, /*adds_bos=*/true, where));
  Json decoders = Json::array(
      {ReplaceJson(kSpace, " "), Json{{"type", "ByteFallback"}}, Json{{"type", "Fuse"}}});
  if (add_space) {
    decoders.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1U}, {"stop", 0U}});
  }
  rest["decoder"] = {{"type", "Sequence"}, {"decoders", std::move(decoders)}};
  Json& model = rest["model"] = BpeModelJson();
  model["unk_token"] = keys.tokens[static_cast<size_t>(*unknown)];
  model["fuse_unk"] = true;
  model["byte_fallback"] = true;
  if (!keys.merges.empty()) return AddMerges(keys, where, file);
  MORES_ASSIGN_OR_RETURN(file.merges, MergesFromScores(keys, where));
  return {};
}

Status CheckSizes(const GgufTokenizer& keys, const std::string& where) {
  for (const auto& [list, name] :
       {std::pair{&keys.tokens, "tokens"}, std::pair{&keys.merges, "merges"}}) {
    size_t bytes = 0;
    for (const std::string_view text : *list) bytes += text.size();
    if (list->size() > kMaxGgufList || bytes > kMaxGgufBytes) {
      return MakeError(ErrorKind::kUnsupported, "{}: tokenizer.ggml.{}: a list this large", where,
                       name);
    }
  }
  const auto fits = [&](size_t size) { return size == 0 || size == keys.tokens.size(); };
  const char* wrong = !fits(keys.types.size())    ? "token_type"
                      : !fits(keys.scores.size()) ? "scores"
                                                  : nullptr;
  if (wrong != nullptr) {
    return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.{}: not one for each token", where,
                     wrong);
  }
  return {};
}

}  // namespace

Status CheckGgufTokenizer(const GgufTokenizer& keys, const std::string& where) {
  if (keys.tokens.empty()) {
    return MakeError(ErrorKind::kCorrupt, "{}: tokenizer.ggml.tokens: missing or empty", where);
  }
  MORES_RETURN_IF_ERROR(CheckSizes(keys, where));
  const std::pair<const char*, std::optional<int32_t>> named[] = {{"bos", keys.bos},
                                                                  {"eos", keys.eos},
                                                                  {"eot", keys.eot},
                                                                  {"eom", keys.eom},
                                                                  {"unknown", keys.unknown}};
  for (const auto& [name, id] : named) {
    if (id && (*id < 0 || static_cast<size_t>(*id) >= keys.tokens.size())) {
      return MakeError(ErrorKind::kCorrupt,
                       "{}: tokenizer.ggml.{}_token_id: {}: there are {} tokens", where, name, *id,
                       keys.tokens.size());
    }
  }
  return {};
}

Expected<TokenizerJsonFile> ToTokenizerJsonFile(const GgufTokenizer& keys,
                                                const std::string& where) {
  MORES_RETURN_IF_ERROR(CheckGgufTokenizer(keys, where));
  MORES_RETURN_IF_ERROR(CheckAddedTokens(keys, where));
  TokenizerJsonFile file;
  file.rest = {{"version", "1.0"}, {"truncation", nullptr}, {"padding", nullptr}};
  if (keys.model == "gpt2") {
    MORES_RETURN_IF_ERROR(FillByteBpe(keys, where, file));
  } else if (keys.model == "llama") {
    MORES_RETURN_IF_ERROR(FillSentencePiece(keys, where, file));
  } else {
    return MakeError(ErrorKind::kUnsupported, "{}: tokenizer.ggml.model: '{}' is not supported",
                     where, FitColumns(keys.model, 40));
  }
  return file;
}

}  // namespace mores::text
