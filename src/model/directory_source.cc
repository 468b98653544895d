#include "model/directory_source.h"

#include <algorithm>
#include <filesystem>

#include "base/files.h"
#include "base/hash.h"
#include "base/known_sums.h"

namespace mores::model {
namespace {

// Of any library's making.
bool IsWeightFile(const std::string& name) {
  for (const char* suffix : {".safetensors", ".safetensors.index.json", ".bin", ".bin.index.json",
                             ".pt", ".pth", ".gguf", ".h5", ".msgpack", ".onnx"}) {
    if (name.ends_with(suffix)) return true;
  }
  return false;
}

}  // namespace

Expected<std::unique_ptr<const DirectorySource>> DirectorySource::Open(
    const std::string& directory) {
  MORES_ASSIGN_OR_RETURN(ModelConfig config, ReadModelConfig(directory));
  MORES_ASSIGN_OR_RETURN(WeightFiles files, WeightFiles::Open(directory));
  return std::unique_ptr<const DirectorySource>(
      new DirectorySource(directory, std::move(config), std::move(files)));
}

Expected<Json> DirectorySource::ConfigJson() const {
  const std::string file = path() + "/config.json";
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
  return ParseJson(text, file);
}

Expected<std::map<std::string, std::string>> DirectorySource::OtherFiles() const {
  std::map<std::string, std::string> files;
  std::error_code error, ignored;
  for (std::filesystem::directory_iterator at(path(), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!at->is_regular_file(ignored) || IsWeightFile(name) || name == "config.json") continue;
    MORES_ASSIGN_OR_RETURN(files[name], ReadFile(path() + "/" + name));
  }
  if (error) return MakeError(ErrorKind::kIo, "{}: {}", path(), error.message());
  return files;
}

Expected<std::vector<ModelSource::HashedFile>> DirectorySource::HashFiles() const {
  namespace fs = std::filesystem;
  // Beside a tokenizer.model that is read, tokenizer.json shapes nothing.
  const Expected<std::string> tokenizer = text::FindTokenizerFile(path());
  const bool reads_json = tokenizer && tokenizer->ends_with("/tokenizer.json");
  MORES_ASSIGN_OR_RETURN(const Json json, ConfigJson());
  MORES_ASSIGN_OR_RETURN(const ModelConfig plain, ParseModelConfig(json, path() + "/config.json"));
  const bool ends_differ =
      plain.eos_id != config().eos_id || plain.further_eos_ids != config().further_eos_ids;
  std::vector<HashedFile> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path(), error)) {
    const std::string name = entry.path().filename().string();
    if (name == "config.json" || name == "judge.json" || name == "tokenizer.model" ||
        (name == "tokenizer.json" && reads_json) ||
        (name == "generation_config.json" && ends_differ) || name.ends_with(".safetensors")) {
      files.push_back({name, ""});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const HashedFile& a, const HashedFile& b) { return a.name < b.name; });
  for (HashedFile& file : files) {
    const std::string file_path = path() + "/" + file.name;
    const bool large = file.name.ends_with(".safetensors");
    MORES_ASSIGN_OR_RETURN(file.sha256,
                           large ? KnownSha256HexOfFile(file_path) : Sha256HexOfFile(file_path));
  }
  return files;
}

}  // namespace mores::model
