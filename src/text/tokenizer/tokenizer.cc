#include "text/tokenizer/tokenizer.h"

#include "base/files.h"
#include "base/json.h"
#include "text/tokenizer/sentencepiece.h"
#include "text/tokenizer/tokenizer_json.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

// Serves tokenizers without a stream of their own: gives everything at the end.
class WholeStream : public DecodeStream {
 public:
  explicit WholeStream(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  void Push(int32_t id, std::string&) override { ids_.push_back(id); }
  void Finish(std::string& text) override { text += tokenizer_.Decode(ids_); }

 private:
  const Tokenizer& tokenizer_;
  std::vector<int32_t> ids_;
};

constexpr char kModel[] = "/tokenizer.model";
constexpr char kJson[] = "/tokenizer.json";
constexpr char kConfig[] = "/tokenizer_config.json";

// A JSON object beside the tokenizer; null where there is none.
Expected<Json> OptionalObject(const std::string& path) {
  if (!FileExists(path)) return Json();
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  auto value = ParseJson(bytes, path);
  if (!value) return MakeError(ErrorKind::kCorrupt, "{}", value.error().message);
  if (!value->is_object()) return MakeError(ErrorKind::kCorrupt, "{}: not an object", path);
  return value;
}

// A token's name is a string, or an object that holds it.
std::optional<std::string> TokenName(const Json& object, const char* field) {
  if (!object.is_object()) return std::nullopt;
  auto found = object.find(field);
  if (found == object.end()) return std::nullopt;
  const Json* name = &*found;
  if (name->is_object() && name->contains("content")) name = &(*name)["content"];
  return name->is_string() ? std::optional(name->get<std::string>()) : std::nullopt;
}

bool IsTrue(const Json& object, const char* field) {
  const auto found = object.is_object() ? object.find(field) : object.end();
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

Expected<SpecialTokenNames> ReadNames(const std::string& model_directory) {
  SpecialTokenNames names;
  for (const char* file : {kConfig, "/special_tokens_map.json"}) {
    MORES_ASSIGN_OR_RETURN(const Json object, OptionalObject(model_directory + file));
    if (!names.bos) names.bos = TokenName(object, "bos_token");
    if (!names.eos) names.eos = TokenName(object, "eos_token");
  }
  return names;
}

}  // namespace

std::vector<int32_t> Tokenizer::EncodeMarked(const MarkedText& text) const {
  return Encode(text.utf8);
}

std::vector<int32_t> Tokenizer::EncodeWithSpecialTokens(std::string_view utf8) const {
  return EncodeMarked({.utf8 = std::string(utf8)});
}

std::vector<int32_t> Tokenizer::EncodeBytes(std::string_view bytes) const { return Encode(bytes); }

std::unique_ptr<DecodeStream> Tokenizer::NewDecodeStream(const DecodeOptions&) const {
  return std::make_unique<WholeStream>(*this);
}

std::string Tokenizer::DecodeWith(std::span<const int32_t> ids,
                                  const DecodeOptions& options) const {
  std::string text;
  const std::unique_ptr<DecodeStream> stream = NewDecodeStream(options);
  for (const int32_t id : ids) stream->Push(id, text);
  stream->Finish(text);
  return text;
}

Expected<std::string> FindTokenizerFile(const std::string& model_directory) {
  if (!DirectoryExists(model_directory)) {
    return MakeError(ErrorKind::kMissing, "{}: no such model directory", model_directory);
  }
  const bool has_model = FileExists(model_directory + kModel);
  const bool has_json = FileExists(model_directory + kJson);
  if (!has_model && !has_json) {
    return MakeError(ErrorKind::kMissing, "{}: neither tokenizer.json nor tokenizer.model",
                     model_directory);
  }
  if (has_model && has_json) {
    MORES_ASSIGN_OR_RETURN(const bool is_ours, IsTrainedHere(model_directory + kModel));
    return model_directory + (is_ours ? kModel : kJson);
  }
  return model_directory + (has_json ? kJson : kModel);
}

Expected<std::unique_ptr<Tokenizer>> LoadTokenizer(const std::string& model_directory) {
  MORES_ASSIGN_OR_RETURN(const std::string path, FindTokenizerFile(model_directory));
  if (path.ends_with(kModel)) {
    MORES_ASSIGN_OR_RETURN(const Json config, OptionalObject(model_directory + kConfig));
    return LoadSentencePiece(path, {.add_bos = IsTrue(config, "add_bos_token"),
                                    .add_eos = IsTrue(config, "add_eos_token")});
  }
  MORES_ASSIGN_OR_RETURN(const SpecialTokenNames names, ReadNames(model_directory));
  return LoadTokenizerJson(path, names);
}

}  // namespace mores::text
