#include "model/gguf/gguf_tokenizer_keys.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace mores::model {
namespace {

using tensor::GgufArray;
using tensor::GgufKeys;

constexpr std::string_view kGgml = "tokenizer.ggml.";
constexpr int64_t kNoToken = std::numeric_limits<uint32_t>::max();  // how some write -1

// Keys below tokenizer.ggml., the first error remembered.
class TokenizerReader {
 public:
  explicit TokenizerReader(const GgufKeys& keys) : keys_(keys) {}

  std::optional<std::string_view> String(std::string_view key) { return Take(keys_.String(key)); }
  std::optional<bool> Bool(std::string_view name) { return Take(keys_.Bool(Key(name))); }
  std::vector<int32_t> FurtherEnds() {
    constexpr uint64_t kMostEnds = 64;
    std::vector<int32_t> ids;
    const auto array = Take(keys_.Array(kFurtherEndsKey, GgufArray::Kind::kInteger));
    if (!array) return ids;
    if (array->count > kMostEnds) Fail(std::string(kFurtherEndsKey), "has more ids than are read");
    for (const int64_t id : array->Integers()) {
      if (id < 0 || id > std::numeric_limits<int32_t>::max()) {
        Fail(std::string(kFurtherEndsKey), "is no list of tokens' ids");
        break;
      }
      ids.push_back(static_cast<int32_t>(id));
    }
    return ids;
  }
  std::optional<bool> OwnBool(std::string_view key) { return Take(keys_.Bool(key)); }
  std::optional<GgufArray> Array(std::string_view name, GgufArray::Kind kind) {
    return Take(keys_.Array(Key(name), kind));
  }
  std::vector<std::string_view> Strings(std::string_view name) {
    const auto array = Array(name, GgufArray::Kind::kString);
    return array ? array->Strings() : std::vector<std::string_view>();
  }
  std::optional<int32_t> Id(std::string_view name) {
    const std::optional<int64_t> id = Take(keys_.Integer(Key(name)));
    if (!id || *id == -1 || *id == kNoToken) return std::nullopt;
    if (*id < 0 || *id > std::numeric_limits<int32_t>::max()) Fail(Key(name), "is no token's id");
    return static_cast<int32_t>(*id);
  }
  // Bytes as a string, or as an array of numbers of one byte.
  std::string_view Bytes(const std::string& key) {
    const tensor::GgufValue* value = keys_.Find(key);
    if (value == nullptr) return {};
    if (const auto* text = std::get_if<std::string_view>(value)) return *text;
    const auto* array = std::get_if<GgufArray>(value);
    if (array != nullptr && array->kind == GgufArray::Kind::kInteger &&
        array->bytes.size() == array->count) {
      return array->bytes;
    }
    Fail(key, "bytes are wanted");
    return {};
  }

  static std::string Key(std::string_view name) { return std::string(kGgml) + std::string(name); }
  const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  std::optional<T> Take(Expected<std::optional<T>> value) {
    if (value) return std::move(*value);
    if (!error_) error_ = value.error();
    return std::nullopt;
  }
  void Fail(const std::string& key, std::string_view why) {
    if (!error_) {
      error_ = Error{ErrorKind::kCorrupt, fmt::format("{}: {}: {}", keys_.where(), key, why)};
    }
  }

  const GgufKeys& keys_;
  std::optional<Error> error_;
};

}  // namespace

Expected<text::GgufTokenizer> TokenizerKeys(const GgufKeys& keys) {
  TokenizerReader reader(keys);
  text::GgufTokenizer tokenizer;
  tokenizer.model = reader.String(TokenizerReader::Key("model")).value_or("");
  tokenizer.pre = reader.String(TokenizerReader::Key("pre")).value_or("");
  tokenizer.tokens = reader.Strings("tokens");
  tokenizer.merges = reader.Strings("merges");
  if (const auto scores = reader.Array("scores", GgufArray::Kind::kFloat)) {
    for (const double score : scores->Floats()) {
      tokenizer.scores.push_back(static_cast<float>(score));
    }
  }
  if (const auto types = reader.Array("token_type", GgufArray::Kind::kInteger)) {
    for (const int64_t type : types->Integers()) {
      tokenizer.types.push_back(static_cast<int32_t>(type));
    }
  }
  tokenizer.bos = reader.Id("bos_token_id");
  tokenizer.eos = reader.Id("eos_token_id");
  tokenizer.unknown = reader.Id("unknown_token_id");
  tokenizer.padding = reader.Id("padding_token_id");
  tokenizer.eot = reader.Id("eot_token_id");
  tokenizer.eom = reader.Id("eom_token_id");
  tokenizer.add_bos = reader.Bool("add_bos_token");
  tokenizer.add_eos = reader.Bool("add_eos_token");
  tokenizer.add_space_prefix = reader.Bool("add_space_prefix");
  tokenizer.remove_extra_whitespaces = reader.Bool("remove_extra_whitespaces");
  tokenizer.charsmap = reader.Bytes(TokenizerReader::Key("precompiled_charsmap"));
  tokenizer.huggingface_json = reader.String("tokenizer.huggingface.json").value_or("");
  tokenizer.further_ends = reader.FurtherEnds();
  tokenizer.starts_with_bos = reader.OwnBool(kStartTokenKey);
  tokenizer.sentencepiece = reader.Bytes(std::string(kSentencePieceKey));
  if (reader.error()) return tl::unexpected<Error>(*reader.error());
  return tokenizer;
}

}  // namespace mores::model
