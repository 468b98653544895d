#include "model/model_source.h"

#include <filesystem>
#include <utility>

#include "base/hash.h"
#include "model/directory_source.h"

namespace mores::model {

Expected<std::vector<float>> ModelSource::Read(const WeightShape& weight) const {
  MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, Find(weight));
  std::vector<float> values(static_cast<size_t>(view.elements()));
  view.CopyTo(values.data());
  return values;
}

text::ModelTexts ModelSource::Texts() const {
  return {.model = path(),
          .folder = Folder(),
          .chat_template = ChatTemplate(),
          .special_tokens = SpecialTokens(),
          .judge = JudgeJson()};
}

Expected<std::string> ModelSource::Name() const {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path path = fs::weakly_canonical(path_, error);
  if (error || path.filename().empty()) path = fs::path(path_).lexically_normal();
  MORES_ASSIGN_OR_RETURN(const std::vector<HashedFile> files, HashFiles());
  std::string hashes;
  for (const HashedFile& file : files) hashes += file.name + " " + file.sha256 + "\n";
  return fmt::format("{}@{}", path.filename().string(), Sha256Hex(hashes).substr(0, 12));
}

Expected<std::unique_ptr<const ModelSource>> OpenModel(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(auto source, DirectorySource::Open(path));
  return source;
}

}  // namespace mores::model
