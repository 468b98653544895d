#include "model/model_source.h"

#include <filesystem>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "model/directory_source.h"
#include "model/gguf/gguf_source.h"

namespace mores::model {
namespace {

Expected<std::unique_ptr<const ModelSource>> OpenDirectory(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(auto source, DirectorySource::Open(path));
  return source;
}

}  // namespace

Expected<std::vector<float>> ModelSource::Read(const WeightShape& weight) const {
  MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, Find(weight));
  std::vector<float> values(static_cast<size_t>(view.elements()));
  view.CopyTo(values.data());
  return values;
}

Expected<std::optional<int32_t>> ModelSource::TokenCount() const {
  const auto tokenizer = LoadTokenizer();
  if (tokenizer) return (*tokenizer)->vocab_size();
  if (tokenizer.error().kind == ErrorKind::kMissing) return std::nullopt;
  return tl::unexpected<Error>(tokenizer.error());
}

text::ModelTexts ModelSource::Texts() const {
  return {.model = path(),
          .folder = Folder(),
          .chat_template = ChatTemplate(),
          .special_tokens = SpecialTokens(),
          .judge = JudgeJson(),
          .about = AboutJson()};
}

std::string ModelSource::Stem() const { return StemOf(path_); }

std::string ModelSource::StemOf(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path whole = fs::weakly_canonical(path, error);
  if (error || whole.filename().empty()) whole = fs::path(path).lexically_normal();
  // A file keeps the name that it goes by, wherever a link leads.
  if (fs::is_regular_file(path, error)) return GgufStem(path);
  return whole.filename().string();
}

Expected<std::string> ModelSource::Name() const {
  MORES_ASSIGN_OR_RETURN(const std::vector<HashedFile> files, HashFiles());
  return NameOf(Stem(), files);
}

std::string ModelSource::NameOf(const std::string& stem, const std::vector<HashedFile>& files) {
  std::string hashes;
  for (const HashedFile& file : files) hashes += file.name + " " + file.sha256 + "\n";
  return fmt::format("{}@{}", stem, Sha256Hex(hashes).substr(0, 12));
}

Expected<std::unique_ptr<const ModelSource>> OpenModel(const std::string& path) {
  namespace fs = std::filesystem;
  std::string file = path;
  if (DirectoryExists(path)) {
    if (FileExists(path + "/config.json")) return OpenDirectory(path);
    MORES_ASSIGN_OR_RETURN(const auto found, FindGgufIn(path));
    if (!found) {
      return MakeError(ErrorKind::kMissing, "{}: holds neither a config.json nor a GGUF file",
                       path);
    }
    file = *found;
  } else if (!FileExists(path) && !path.ends_with(".gguf")) {
    return OpenDirectory(path);
  } else if (std::error_code error; FileExists(path) && !fs::is_regular_file(path, error)) {
    return MakeError(ErrorKind::kUnsupported, "{}: is neither a directory nor a regular file",
                     path);
  } else if (FileExists(path) && !path.ends_with(".gguf") && !tensor::IsGgufFile(path)) {
    return MakeError(ErrorKind::kUnsupported, "{}: is neither a model directory nor a GGUF file",
                     path);
  }
  MORES_ASSIGN_OR_RETURN(auto source, GgufSource::Open(file));
  return source;
}

}  // namespace mores::model
