// From GGUF's tokenizer keys to the files of a Hugging Face directory.
#include <utility>

#include "base/indented_json.h"
#include "text/tokenizer/gguf_tokenizer.h"
#include "text/tokenizer/gguf_tokenizer_json.h"

namespace mores::text {
namespace {

std::string DumpTokenizerJson(TokenizerJsonFile file) {
  Json& model = file.rest["model"];
  Json vocab = Json::object();
  auto& members = vocab.get_ref<Json::object_t&>();
  members.reserve(file.vocab.size());
  // Tokens are known to differ; to look each up would take minutes.
  for (auto& [piece, id] : file.vocab) members.emplace_back(std::move(piece), id);
  Json merges = Json::array();
  for (auto& [left, right] : file.merges) {
    merges.push_back(Json::array({std::move(left), std::move(right)}));
  }
  model["vocab"] = std::move(vocab);
  model["merges"] = std::move(merges);
  return DumpJson(file.rest) + "\n";
}

// transformers makes special what this names, so a padding token that is ordinary text is left out.
Json TokenizerConfigJson(const GgufTokenizer& keys) {
  Json config = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                 {"clean_up_tokenization_spaces", false}};
  if (!keys.sentencepiece.empty()) {
    config["add_bos_token"] = keys.add_bos.value_or(false);
    config["add_eos_token"] = keys.add_eos.value_or(false);
  }
  for (const auto& [name, token] : SpecialTokensOf(keys)) {
    const bool padding = name == "pad_token";
    if (padding && !IsSpecialToken(keys, static_cast<size_t>(*keys.padding))) continue;
    config[name] = token;
  }
  return config;
}

}  // namespace

Expected<std::map<std::string, std::string>> TokenizerFilesOf(const GgufTokenizer& keys,
                                                              const std::string& where) {
  // What can't be read is not worth writing.
  MORES_RETURN_IF_ERROR(MakeTokenizer(keys, where));
  std::map<std::string, std::string> files;
  if (!keys.sentencepiece.empty()) files["tokenizer.model"] = keys.sentencepiece;
  if (!keys.huggingface_json.empty()) {
    files["tokenizer.json"] = keys.huggingface_json;
  } else if (keys.sentencepiece.empty()) {
    MORES_ASSIGN_OR_RETURN(TokenizerJsonFile file, ToTokenizerJsonFile(keys, where));
    files["tokenizer.json"] = DumpTokenizerJson(std::move(file));
  }
  files["tokenizer_config.json"] = IndentedJson(TokenizerConfigJson(keys));
  return files;
}

}  // namespace mores::text
