// From GGUF's tokenizer keys to the files of a Hugging Face directory, and back.
#include <utility>

#include "text/tokenizer/gguf_tokenizer.h"
#include "text/tokenizer/gguf_tokenizer_json.h"

namespace mores::text {
namespace {

std::string DumpFile(TokenizerJsonFile file) {
  Json& model = file.rest["model"];
  Json vocab = Json::object();
  auto& members = vocab.get_ref<Json::object_t&>();
  members.reserve(file.vocab.size());
  // Keys are known to differ; to look each up would take minutes.
  for (auto& [piece, id] : file.vocab) members.emplace_back(std::move(piece), id);
  Json merges = Json::array();
  for (auto& [left, right] : file.merges) {
    merges.push_back(Json::array({std::move(left), std::move(right)}));
  }
  model["vocab"] = std::move(vocab);
  model["merges"] = std::move(merges);
  return DumpJson(file.rest) + "\n";
}

}  // namespace

Expected<std::map<std::string, std::string>> TokenizerFilesOf(const GgufTokenizer& keys,
                                                              const std::string& where) {
  MORES_ASSIGN_OR_RETURN(TokenizerJsonFile file, ToTokenizerJsonFile(keys, where));
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"clean_up_tokenization_spaces", false}};
  for (const auto& [name, token] : SpecialTokensOf(keys)) config[name] = token;
  return std::map<std::string, std::string>{
      {"tokenizer.json", DumpFile(std::move(file))},
      {"tokenizer_config.json",
       config.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n"}};
}

Expected<OwnedGgufTokenizer> ToGguf(const std::string& model_directory, int32_t vocab_size) {
  return MakeError(ErrorKind::kUnsupported, "{}: a tokenizer of {} ids can't be written as GGUF",
                   model_directory, vocab_size);
}

}  // namespace mores::text
