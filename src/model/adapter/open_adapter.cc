// What an adapter is found by, and what it says of its base.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "model/adapter/adapter.h"
#include "model/adapter/gguf_adapter.h"
#include "model/adapter/peft_adapter.h"
#include "model/weights.h"
#include "tensor/gguf.h"

namespace mores::model {
namespace {

bool HasAdapterConfig(const std::string& folder) {
  return FileExists(fmt::format("{}/{}", folder, kAdapterConfigFile));
}

// Folders below that hold an adapter: PEFT saves further ones in folders of their names.
std::vector<std::string> AdaptersBelow(const std::string& directory) {
  namespace fs = std::filesystem;
  std::vector<std::string> found;
  std::error_code error, ignored;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->is_directory(ignored) && HasAdapterConfig(at->path().string())) {
      found.push_back(at->path().filename().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

tl::unexpected<Error> NoAdapterIn(const std::string& directory) {
  const std::vector<std::string> below = AdaptersBelow(directory);
  if (below.empty()) {
    return MakeError(ErrorKind::kMissing, "{}: holds no {}", directory, kAdapterConfigFile);
  }
  return MakeError(ErrorKind::kMissing, "{}: holds no {}; a folder in it does: give {}/{}{}",
                   directory, kAdapterConfigFile, directory, below.front(),
                   below.size() == 1 ? "" : fmt::format(" or one of {} others", below.size() - 1));
}

// Whether a copy is of these numbers, stored as they may be: rounded to a narrower element type, or
// to blocks, which are near.
bool IsCopyOf(const tensor::TensorView& copy, const tensor::TensorView& weight) {
  constexpr int64_t kPiece = int64_t{1} << 16;
  // Of the difference's norm: 4 bits are within a tenth, a trained embedding of a block is not
  // told.
  constexpr double kNearBlocks = 0.15, kRoundedToBf16 = 0x1p-8;
  const bool blocks = tensor::BlockElements(weight.dtype) > 1;
  const bool same = copy.dtype == weight.dtype;
  std::vector<float> one(kPiece), other(kPiece);
  double difference = 0, norm = 0;
  for (int64_t first = 0; first < weight.elements(); first += kPiece) {
    const int64_t count = std::min(kPiece, weight.elements() - first);
    copy.Copy(first, count, one.data());
    weight.Copy(first, count, other.data());
    for (int64_t i = 0; i < count; ++i) {
      const double x = one[static_cast<size_t>(i)], y = other[static_cast<size_t>(i)];
      // Half a unit of the coarser of both, and the smallest numbers of f16.
      const double bound = same ? 0 : kRoundedToBf16 * std::fabs(y) + 0x1p-24;
      if (!blocks && !(std::fabs(x - y) <= bound)) return false;
      difference += (x - y) * (x - y);
      norm += y * y;
    }
  }
  return difference <= kNearBlocks * kNearBlocks * norm;
}

Status CheckCopies(const Adapter& adapter, const ModelSource& base) {
  const ModelNames names = NamesOf(base.config());
  for (const auto& [name, copy] : adapter.copies) {
    // A head that is the embedding is stored as that.
    const bool head = base.config().tied_head && copy.shape.size() == 2 && name != names.embedding;
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView weight,
                           base.Find({.name = head ? names.embedding : name, .shape = copy.shape}));
    if (!IsCopyOf(copy, weight)) {
      return MakeError(ErrorKind::kUnsupported,
                       "{}: tensor '{}' is another than in {}: weights that were trained whole, "
                       "beside the adapter, are not supported",
                       adapter.path, name, base.path());
    }
  }
  return {};
}

Status CheckBaseFiles(const std::string& adapter, const Json& base_files, const ModelSource& base) {
  if (!base_files.is_object()) return {};
  MORES_ASSIGN_OR_RETURN(const auto files, base.HashFiles());
  for (const auto& [name, sum] : base_files.items()) {
    const auto holds = [&, &sum = sum](const auto& file) { return sum == file.sha256; };
    if (std::any_of(files.begin(), files.end(), holds)) continue;
    return MakeError(ErrorKind::kUnsupported,
                     "{}: an adapter of another base: its {} is none of {}'s; where that is the "
                     "same model in another form, delete {}/{}",
                     adapter, name, base.path(), adapter, kBaseFilesFile);
  }
  return {};
}

// judge.json and the like, and questions, which are texts.
bool IsAskingFile(const std::string& name) {
  return name == text::kJudgeFile || name == text::kAboutFile || name == "judge-profile.json" ||
         (name.ends_with(".txt") && name != "merges.txt" && name != "vocab.txt");
}

bool ShapesNumbers(const std::string& file) {
  return file != text::kJudgeFile && file != "generation_config.json";
}

}  // namespace

bool IsAdapterDirectory(const std::string& path) {
  return HasAdapterConfig(path) && !FileExists(path + "/model.safetensors") &&
         !FileExists(path + "/model.safetensors.index.json");
}

Expected<std::unique_ptr<Adapter>> OpenAdapter(const std::string& path, const ModelConfig& config) {
  if (DirectoryExists(path)) {
    if (!HasAdapterConfig(path)) return NoAdapterIn(path);
    return OpenPeftAdapter(path, config);
  }
  if (!FileExists(path)) {
    return MakeError(ErrorKind::kMissing, "{}: no such folder or GGUF file", path);
  }
  if (tensor::IsGgufFile(path)) return OpenGgufAdapter(path, config);
  const std::filesystem::path file(path);
  if (HasAdapterConfig(file.parent_path().empty() ? "." : file.parent_path().string())) {
    return MakeError(ErrorKind::kUnsupported, "{}: is a file of an adapter; give its folder", path);
  }
  return MakeError(ErrorKind::kUnsupported, "{}: is neither an adapter's folder nor a GGUF file",
                   path);
}

Expected<Json> BaseFilesOf(const ModelSource& base) {
  MORES_ASSIGN_OR_RETURN(const auto files, base.HashFiles());
  Json json = Json::object();
  for (const ModelSource::HashedFile& file : files) {
    if (ShapesNumbers(file.name)) json[file.name] = file.sha256;
  }
  return json;
}

Expected<std::unique_ptr<Adapter>> OpenAdapter(const std::string& path, const ModelSource& base) {
  // Another base is told as that, not by the first tensor that doesn't fit.
  if (HasAdapterConfig(path)) {
    MORES_ASSIGN_OR_RETURN(const AdapterConfig config, ReadAdapterConfig(path));
    MORES_RETURN_IF_ERROR(CheckBaseFiles(path, config.base_files, base));
  }
  MORES_ASSIGN_OR_RETURN(auto adapter, OpenAdapter(path, base.config()));
  MORES_RETURN_IF_ERROR(CheckCopies(*adapter, base));
  return adapter;
}

Expected<std::vector<ModelSource::HashedFile>> HashFilesOf(const ModelSource& base,
                                                           const Adapter& adapter) {
  MORES_ASSIGN_OR_RETURN(auto files, base.HashFiles());
  for (const ModelSource::HashedFile& file : adapter.files) {
    // The adapter's judge.json stands for the base's.
    const auto same = [&](const auto& other) {
      return file.name == text::kJudgeFile && other.name == file.name;
    };
    files.erase(std::remove_if(files.begin(), files.end(), same), files.end());
    files.push_back(file);
  }
  std::sort(files.begin(), files.end(),
            [](const auto& one, const auto& other) { return one.name < other.name; });
  return files;
}

text::ModelTexts AdaptedTexts(const ModelSource& base, const Adapter& adapter) {
  text::ModelTexts texts = base.Texts();
  if (adapter.path.empty() || !DirectoryExists(adapter.path)) return texts;
  const text::ModelTexts own = text::ReadModelTexts(adapter.path);
  texts.base_folder = texts.folder;
  texts.folder = adapter.path;
  const auto says = [](const auto& text) { return !text || text->has_value(); };
  if (says(own.judge)) texts.judge = own.judge;
  if (says(own.about)) texts.about = own.about;
  // The same template in another file is the base's: a prompt's hash covers its file.
  const bool same = own.chat_template && *own.chat_template && texts.chat_template &&
                    *texts.chat_template &&
                    (*own.chat_template)->source == (*texts.chat_template)->source;
  if (says(own.chat_template) && !same) texts.chat_template = own.chat_template;
  return texts;
}

Expected<std::map<std::string, std::string>> AskingFiles(const ModelSource& base,
                                                         const Adapter& adapter) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> files;
  if (adapter.path.empty() || !DirectoryExists(adapter.path)) return files;
  const text::ModelTexts texts = AdaptedTexts(base, adapter);
  std::error_code error, ignored;
  for (fs::directory_iterator at(adapter.path, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!at->is_regular_file(ignored) || !IsAskingFile(name)) continue;
    MORES_ASSIGN_OR_RETURN(files[name], ReadFile(at->path().string()));
  }
  if (error) return MakeError(ErrorKind::kIo, "{}: {}", adapter.path, error.message());
  MORES_ASSIGN_OR_RETURN(const auto chat_template, texts.chat_template);
  MORES_ASSIGN_OR_RETURN(const auto of_base, base.ChatTemplate());
  if (chat_template && (!of_base || of_base->source != chat_template->source)) {
    files["chat_template.jinja"] = chat_template->source;
  }
  return files;
}

}  // namespace mores::model
