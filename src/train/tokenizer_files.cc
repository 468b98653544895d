#include "train/tokenizer_files.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "base/files.h"
#include "base/hash.h"
#include "text/tokenizer/sentencepiece.h"

namespace mores::train {
namespace {

constexpr std::string_view kTokenizerNames[] = {"tokenizer.model",
                                                "tokenizer.json",
                                                "tokenizer_config.json",
                                                "special_tokens_map.json",
                                                "added_tokens.json",
                                                "vocab.json",
                                                "merges.txt",
                                                "chat_template.jinja",
                                                "chat_template.json"};

// Our judge's prompt for other tools (docs/formats/judge-profile.md).
constexpr char kOurChatTemplate[] =
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + "
    "message['content'] }}{% endfor %}{% if add_generation_prompt %}{{ '<|judge|>' }}{% endif %}";

Status WriteAll(const CheckpointFiles& files, const std::string& folder) {
  MORES_RETURN_IF_ERROR(MakeDirectories(folder));
  for (const auto& [name, bytes] : files) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(folder + "/" + name, bytes));
  }
  return {};
}

}  // namespace

Expected<CheckpointFiles> ReadTokenizerFiles(const std::string& model_directory) {
  MORES_RETURN_IF_ERROR(text::FindTokenizerFile(model_directory));
  CheckpointFiles files;
  for (const std::string_view name : kTokenizerNames) {
    const std::string path = fmt::format("{}/{}", model_directory, name);
    if (!FileExists(path)) continue;
    MORES_ASSIGN_OR_RETURN(files[std::string(name)], ReadFile(path));
  }
  return files;
}

Expected<Json> HashTokenizerFiles(const text::ModelTexts& texts) {
  Json hashes = Json::object();
  if (!DirectoryExists(texts.model)) return hashes;
  for (const std::string_view name : kTokenizerNames) {
    const std::string path = texts.PathOf(name);
    if (!FileExists(path)) continue;
    MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(path));
    hashes[std::string(name)] = hash;
  }
  return hashes;
}

bool IsTokenizerFile(std::string_view name) {
  return std::find(std::begin(kTokenizerNames), std::end(kTokenizerNames), name) !=
         std::end(kTokenizerNames);
}

Status WriteTokenizerFiles(const CheckpointFiles& files, const std::string& model_directory) {
  MORES_RETURN_IF_ERROR(WriteAll(files, model_directory));
  const std::string model = model_directory + "/tokenizer.model";
  if (!files.contains("tokenizer.model") || files.contains("tokenizer.json")) return {};
  MORES_ASSIGN_OR_RETURN(const bool ours, text::IsTrainedHere(model));
  if (!ours) return {};
  MORES_RETURN_IF_ERROR(
      text::WriteTokenizerFiles(files.at("tokenizer.model"), model_directory, kOurChatTemplate));
  return WriteAll(files, model_directory);  // what was given stays as it is
}

Expected<std::unique_ptr<text::Tokenizer>> OpenTokenizerFiles(const CheckpointFiles& files,
                                                              const std::string& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  MORES_RETURN_IF_ERROR(WriteAll(files, folder));
  return text::LoadTokenizer(folder);
}

}  // namespace mores::train
