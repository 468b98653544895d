// A Hugging Face directory's tokenizer in GGUF's keys. What the keys can't say goes along whole.
#include <sentencepiece_processor.h>

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/keyed_hash.h"
#include "text/tokenizer/chat_template_text.h"
#include "text/tokenizer/gguf_pre_families.h"
#include "text/tokenizer/gguf_tokenizer.h"
#include "text/tokenizer/gguf_tokenizer_json.h"
#include "text/tokenizer/post_processors.h"
#include "text/tokenizer/pre_tokenizers.h"
#include "text/tokenizer/subword_model.h"

namespace mores::text {
namespace {

constexpr char kPieceSpaceMark[] = "\xE2\x96\x81";

int32_t TypeNumber(GgufTokenType type) { return static_cast<int32_t>(type); }

using TokenIds = std::unordered_map<std::string, int32_t, KeyedTextHash>;

// The directory's tokenizer, and what it is written as.
struct Writing {
  const Tokenizer& tokenizer;
  const std::string& where;
  OwnedGgufTokenizer keys;
  TokenIds ids;
};

// All tokens as normal ones; ids that have none are unused.
Status ListTokens(int32_t vocab_size, Writing& writing) {
  const int32_t have = writing.tokenizer.vocab_size();
  if (have > vocab_size) {
    return MakeError(ErrorKind::kUnsupported, "{}: {} tokens, and the model has {}", writing.where,
                     have, vocab_size);
  }
  OwnedGgufTokenizer& keys = writing.keys;
  for (int32_t id = 0; id < vocab_size; ++id) {
    std::string piece = id < have ? writing.tokenizer.Piece(id) : "";
    const bool padding = piece.empty();
    if (padding) piece = fmt::format("[PAD{}]", id);
    if (!writing.ids.emplace(piece, id).second) {
      return MakeError(ErrorKind::kUnsupported, "{}: token {}, '{}', is there twice", writing.where,
                       id, piece);
    }
    keys.tokens.push_back(std::move(piece));
    keys.types.push_back(TypeNumber(padding ? GgufTokenType::kUnused : GgufTokenType::kNormal));
  }
  return {};
}

// bos_token and the like. What names no token is left out.
Status NameTokens(const std::string& directory, Writing& writing) {
  MORES_ASSIGN_OR_RETURN(const auto names, ReadSpecialTokens(directory));
  const auto id_of = [&](const char* name) -> std::optional<int32_t> {
    const auto token = names.find(name);
    if (token == names.end()) return std::nullopt;
    const auto id = writing.ids.find(token->second);
    return id == writing.ids.end() ? std::nullopt : std::optional(id->second);
  };
  writing.keys.bos = id_of("bos_token");
  writing.keys.eos = id_of("eos_token");
  writing.keys.unknown = id_of("unk_token");
  writing.keys.padding = id_of("pad_token");
  return {};
}

// What a whole text gets, where the two keys can say it: nothing, bos, eos, or both.
Status SayFrame(const Json& rest, Writing& writing) {
  const Json processor = rest.contains("post_processor") ? rest["post_processor"] : Json();
  MORES_ASSIGN_OR_RETURN(const Frame frame, MakeFrame(processor, writing.where));
  OwnedGgufTokenizer& keys = writing.keys;
  if (!keys.bos && frame.before.size() == 1) keys.bos = frame.before[0];
  if (!keys.eos && frame.after.size() == 1) keys.eos = frame.after[0];
  keys.add_bos = keys.bos && frame.before == std::vector<int32_t>{*keys.bos};
  keys.add_eos = keys.eos && frame.after == std::vector<int32_t>{*keys.eos};
  return {};
}

void MarkAddedTokens(const Json& rest, Writing& writing) {
  if (!rest.contains("added_tokens")) return;
  for (const Json& token : rest["added_tokens"]) {
    const auto id = token["id"].get<size_t>();
    writing.keys.types[id] = TypeNumber(token["special"].get<bool>() ? GgufTokenType::kControl
                                                                     : GgufTokenType::kUserDefined);
  }
}

// llama.cpp runs such a model by its tokens' scores: the earlier a token's first merge, the better.
void ScoreByMerges(const TokenizerJsonFile& file, OwnedGgufTokenizer& keys, const TokenIds& ids) {
  const auto worst = -static_cast<float>(file.merges.size() + 1);
  keys.scores.assign(keys.tokens.size(), worst);
  std::vector<bool> scored(keys.tokens.size());
  float score = 0;
  for (const auto& [left, right] : file.merges) {
    const auto id = static_cast<size_t>(ids.at(left + right));
    if (!scored[id]) keys.scores[id] = score--;
    scored[id] = true;
  }
}

bool Prepends(const Json& part) {
  if (!part.is_structured()) return false;
  if (part.is_object() && part.contains("type")) {
    if (part["type"] == "Prepend") return true;
    if (part["type"] == "Metaspace") return part.value("prepend_scheme", "always") != "never";
  }
  return std::any_of(part.begin(), part.end(), [](const Json& member) { return Prepends(member); });
}

Status WriteSentencePieceLike(TokenizerJsonFile& file, Writing& writing) {
  OwnedGgufTokenizer& keys = writing.keys;
  const Json& model = file.rest["model"];
  keys.model = "llama";
  for (int byte = 0; byte < 256; ++byte) {
    const auto id = writing.ids.find(BytePiece(static_cast<uint8_t>(byte)));
    if (id != writing.ids.end()) {
      keys.types[static_cast<size_t>(id->second)] = TypeNumber(GgufTokenType::kByte);
    }
  }
  MarkAddedTokens(file.rest, writing);
  if (model.contains("unk_token") && model["unk_token"].is_string()) {
    const auto id = writing.ids.find(model["unk_token"].get<std::string>());
    if (id != writing.ids.end()) {
      keys.unknown = id->second;
      keys.types[static_cast<size_t>(id->second)] = TypeNumber(GgufTokenType::kUnknown);
    }
  }
  ScoreByMerges(file, keys, writing.ids);
  const auto in = [&](const char* name) {
    return file.rest.contains(name) && Prepends(file.rest[name]);
  };
  keys.add_space_prefix = in("normalizer") || in("pre_tokenizer");
  return {};
}

Status WriteByteLevel(TokenizerJsonFile& file, Writing& writing) {
  OwnedGgufTokenizer& keys = writing.keys;
  const Json& rest = file.rest;
  const auto part = [&](const char* name) {
    return rest.contains(name) ? Json(rest[name]) : Json();
  };
  const Json& model = rest["model"];
  const bool ignore_merges = model.contains("ignore_merges") && model["ignore_merges"] == true;
  keys.model = "gpt2";
  keys.pre = NameOfGgufPre(part("normalizer"), part("pre_tokenizer"), ignore_merges);
  if (keys.pre.empty()) keys.pre = "default";
  MarkAddedTokens(rest, writing);
  for (const auto& [left, right] : file.merges) {
    if (left.find(' ') != std::string::npos || right.find(' ') != std::string::npos) {
      return MakeError(ErrorKind::kUnsupported, "{}: model.merges: a space in '{}'", writing.where,
                       left + right);
    }
    keys.merges.push_back(left + " " + right);
  }
  return {};
}

Status WriteJsonTokenizer(const std::string& directory, Writing& writing) {
  MORES_ASSIGN_OR_RETURN(writing.keys.huggingface_json, ReadFile(writing.where));
  MORES_ASSIGN_OR_RETURN(TokenizerJsonFile file,
                         ParseTokenizerJsonFile(writing.keys.huggingface_json, writing.where));
  if (!file.scored_vocab.empty()) {
    return MakeError(ErrorKind::kUnsupported, "{}: a Unigram model can't be written as GGUF",
                     writing.where);
  }
  MORES_RETURN_IF_ERROR(NameTokens(directory, writing));
  MORES_RETURN_IF_ERROR(SayFrame(file.rest, writing));
  const bool byte_level =
      file.rest.contains("pre_tokenizer") && HasByteLevel(file.rest["pre_tokenizer"]);
  return byte_level ? WriteByteLevel(file, writing) : WriteSentencePieceLike(file, writing);
}

GgufTokenType TypeOfPiece(const sentencepiece::SentencePieceProcessor& processor, int id) {
  if (processor.IsUnknown(id)) return GgufTokenType::kUnknown;
  if (processor.IsControl(id)) return GgufTokenType::kControl;
  if (processor.IsUnused(id)) return GgufTokenType::kUnused;
  return processor.IsByte(id) ? GgufTokenType::kByte : GgufTokenType::kNormal;
}

Status WriteModelFile(const std::string& directory, Writing& writing) {
  OwnedGgufTokenizer& keys = writing.keys;
  MORES_ASSIGN_OR_RETURN(keys.sentencepiece, ReadFile(writing.where));
  sentencepiece::SentencePieceProcessor processor;
  if (!processor.LoadFromSerializedProto(keys.sentencepiece).ok()) {
    return MakeError(ErrorKind::kCorrupt, "{}: broken", writing.where);
  }
  keys.model = "llama";
  keys.scores.assign(keys.tokens.size(), 0);
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    keys.types[static_cast<size_t>(id)] = TypeNumber(TypeOfPiece(processor, id));
    keys.scores[static_cast<size_t>(id)] = processor.GetScore(id);
  }
  MORES_RETURN_IF_ERROR(NameTokens(directory, writing));
  const auto known = [](int id) { return id < 0 ? std::nullopt : std::optional<int32_t>(id); };
  if (!keys.bos) keys.bos = known(processor.bos_id());
  if (!keys.eos) keys.eos = known(processor.eos_id());
  keys.unknown = known(processor.unk_id());
  const std::vector<int32_t> whole = writing.tokenizer.EncodeWithSpecialTokens("");
  keys.add_bos = !whole.empty() && keys.bos && whole.front() == *keys.bos;
  keys.add_eos = !whole.empty() && keys.eos && whole.back() == *keys.eos;
  std::vector<int> first;
  keys.add_space_prefix = processor.Encode("a", &first).ok() && !first.empty() &&
                          processor.IdToPiece(first[0]).starts_with(kPieceSpaceMark);
  // For others that read the file; and it comes back with the rest.
  const std::string json = directory + "/tokenizer.json";
  if (!FileExists(json)) return {};
  MORES_ASSIGN_OR_RETURN(keys.huggingface_json, ReadFile(json));
  return {};
}

}  // namespace

Expected<OwnedGgufTokenizer> ToGguf(const std::string& model_directory, int32_t vocab_size) {
  MORES_ASSIGN_OR_RETURN(const std::string path, FindTokenizerFile(model_directory));
  MORES_ASSIGN_OR_RETURN(const auto tokenizer, LoadTokenizer(model_directory));
  Writing writing{*tokenizer, path, {}, {}};
  MORES_RETURN_IF_ERROR(ListTokens(vocab_size, writing));
  MORES_RETURN_IF_ERROR(path.ends_with("/tokenizer.model")
                            ? WriteModelFile(model_directory, writing)
                            : WriteJsonTokenizer(model_directory, writing));
  return std::move(writing.keys);
}

}  // namespace mores::text
