#include "model/convert.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/indented_json.h"
#include "base/json.h"
#include "base/threads.h"
#include "model/copy_tensor.h"
#include "model/gguf/write_gguf.h"
#include "model/weights.h"
#include "tensor/safetensors.h"

namespace mores::model {
namespace {

using tensor::DType;
using tensor::TensorEntry;

struct Tensor {
  TensorEntry entry;  // as it is written
  DType stored;       // as the source has it
  int64_t bytes() const { return tensor::BytesOf(entry.dtype, entry.elements()); }
};

// In the order of the model, then whatever else the files hold, by name; types as they are. No view
// is kept: it may be of memory that was made for it.
Expected<std::vector<Tensor>> Collect(const ModelSource& source) {
  std::vector<Tensor> tensors;
  std::set<std::string> known;
  const auto add = [&](const std::string& name, const tensor::TensorView& view) {
    tensors.push_back({{name, view.shape, view.dtype}, view.dtype});
    known.insert(name);
  };
  const ModelSource& stored = source.Container();
  for (const WeightShape& weight : WeightShapes(source.config())) {
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, stored.Find(weight));
    add(weight.name, view);
  }
  for (const std::string& name : source.TensorNames()) {
    if (known.contains(name)) continue;
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source.FindStored(name));
    add(name, view);
  }
  return tensors;
}

// The type that every tensor gets; nullopt where each keeps its own.
Expected<std::optional<DType>> CommonType(const ModelSource& source,
                                          const std::vector<Tensor>& tensors,
                                          const std::optional<WeightFormat>& format) {
  if (format) return ElementsOf(*format);
  const bool blocks = std::any_of(tensors.begin(), tensors.end(), [](const Tensor& tensor) {
    return tensor::BlockElements(tensor.stored) > 1;
  });
  if (blocks) return DType::kF32;
  return source.CheckpointDType();
}

// Where each shard ends.
std::vector<size_t> CutShards(const std::vector<Tensor>& tensors, int64_t shard_bytes) {
  std::vector<size_t> ends;
  int64_t bytes = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (shard_bytes > 0 && bytes > 0 && bytes + tensors[i].bytes() > shard_bytes) {
      ends.push_back(i);
      bytes = 0;
    }
    bytes += tensors[i].bytes();
  }
  ends.push_back(tensors.size());
  return ends;
}

// What a directory holds beside its weights, config.json last.
using Texts = std::vector<std::pair<std::string, std::string>>;

Status WriteTexts(const Texts& texts, const std::string& to) {
  for (const auto& [name, bytes] : texts) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(to + "/" + name, bytes));
  }
  return {};
}

Expected<Texts> TextsOf(const ModelSource& from, const std::optional<DType>& dtype) {
  MORES_ASSIGN_OR_RETURN(const auto files, from.OtherFiles());
  Texts texts(files.begin(), files.end());
  MORES_ASSIGN_OR_RETURN(Json config, from.ConfigJson());
  if (dtype) {
    const std::string_view name = TorchName(*dtype);
    // transformers 5 writes `dtype`, earlier ones `torch_dtype`.
    config[config.contains("dtype") ? "dtype" : "torch_dtype"] = name;
    if (config.contains("torch_dtype")) config["torch_dtype"] = name;
  }
  texts.emplace_back("config.json", IndentedJson(config));
  return texts;
}

// A folder that is empty, or in which a conversion was killed: a file half written is there,
// config.json, which comes last, isn't, and nothing is that it doesn't write.
bool IsUnfinished(const std::string& to, const Texts& texts) {
  namespace fs = std::filesystem;
  bool any = false, half = false;
  const auto is_ours = [&](std::string name) {
    any = true;
    if (const size_t temporary = name.find(".tmp-"); temporary != std::string::npos) {
      name.resize(temporary);
      half = true;
    }
    if (name.starts_with("model") && name.find(".safetensors") != std::string::npos) return true;
    return std::any_of(texts.begin(), texts.end(), [&](const auto& text) {
      return text.first == name && name != "config.json";
    });
  };
  std::error_code error, ignored;
  for (fs::directory_iterator at(to, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_regular_file(ignored) || !is_ours(at->path().filename().string())) return false;
  }
  return !error && (half || !any);
}

Status ClearFolder(const std::string& to, const Texts& texts) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::exists(to, error)) return MakeDirectories(to);
  if (!fs::is_directory(to, error) || !IsUnfinished(to, texts)) {
    return MakeError(ErrorKind::kUsage, "-o {}: must be a new or an empty folder", to);
  }
  std::vector<fs::path> files;
  for (fs::directory_iterator at(to, error), end; !error && at != end; at.increment(error)) {
    files.push_back(at->path());
  }
  for (const fs::path& file : files) fs::remove(file, error);
  return {};
}

Expected<ConvertSummary> WriteDirectory(const ModelSource& from, const std::string& to,
                                        const ConvertOptions& options, const ConvertSeen& seen) {
  MORES_ASSIGN_OR_RETURN(std::vector<Tensor> tensors, Collect(from));
  MORES_ASSIGN_OR_RETURN(const std::optional<DType> dtype,
                         CommonType(from, tensors, options.format));
  // What can't be said in a directory is told before anything is written.
  MORES_ASSIGN_OR_RETURN(const Texts texts, TextsOf(from, dtype));
  MORES_RETURN_IF_ERROR(ClearFolder(to, texts));
  ConvertSummary summary;
  int64_t total = 0;
  for (Tensor& tensor : tensors) {
    tensor.entry.dtype = dtype.value_or(tensor.stored);
    summary.Count(tensor.entry.dtype);
    total += tensor.bytes();
  }
  MORES_RETURN_IF_ERROR(CheckFreeSpace(to, total));
  const std::vector<size_t> ends = CutShards(tensors, options.shard_bytes);
  summary.files = static_cast<int64_t>(ends.size());
  ThreadPool pool(options.threads);
  Json weight_map = Json::object();
  size_t begin = 0;
  for (size_t shard = 0; shard < ends.size(); begin = ends[shard++]) {
    const std::string name =
        ends.size() == 1 ? "model.safetensors"
                         : fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, ends.size());
    std::vector<TensorEntry> entries;
    for (size_t i = begin; i < ends[shard]; ++i) {
      entries.push_back(tensors[i].entry);
      weight_map[tensors[i].entry.name] = name;
    }
    MORES_ASSIGN_OR_RETURN(tensor::SafetensorsWriter writer,
                           tensor::SafetensorsWriter::Create(to + "/" + name, entries));
    const auto sink = [&](std::string_view bytes) -> Status {
      MORES_RETURN_IF_ERROR(options.stop.Check());
      MORES_RETURN_IF_ERROR(writer.WriteBytes(bytes));
      summary.bytes += static_cast<int64_t>(bytes.size());
      if (seen) seen(summary.bytes, total);
      return {};
    };
    for (size_t i = begin; i < ends[shard]; ++i) {
      const std::string& weight = tensors[i].entry.name;
      MORES_ASSIGN_OR_RETURN(tensor::TensorView view, from.FindAny(weight));
      const TensorCopy copy = {.what = fmt::format("{}: tensor '{}'", from.path(), weight),
                               .view = std::move(view),
                               .dtype = tensors[i].entry.dtype};
      MORES_RETURN_IF_ERROR(CopyTensor(copy, pool, sink));
      from.Release(weight);
    }
    MORES_RETURN_IF_ERROR(writer.Commit());
  }
  if (ends.size() > 1) {
    const Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}};
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(to + "/model.safetensors.index.json", index.dump(2) + "\n"));
  }
  MORES_RETURN_IF_ERROR(WriteTexts(texts, to));
  return summary;
}

}  // namespace

bool NamesGgufFile(const std::string& path) { return path.ends_with(".gguf"); }

namespace {

// A name that looks like a file's would become a folder's.
Status CheckFolderName(const std::string& to) {
  const std::string ending = std::filesystem::path(to).extension().string();
  const bool a_file = to == "-" || ending == ".GGUF" || ending == ".bin" ||
                      ending == ".safetensors" || ending == ".json";
  if (!a_file) return {};
  return MakeError(ErrorKind::kUsage, "-o {}: name a folder, or a file that ends in .gguf", to);
}

// Formats of so few bits that a merged adapter may get lost in them.
Status CheckLossy(const ModelSource& from, const ConvertOptions& options) {
  const bool few_bits =
      options.format == WeightFormat::kQ4_0 || options.format == WeightFormat::kQ4KM;
  if (!few_bits || options.lossy == LossyMerge::kAllowed) return {};
  const std::vector<WeightShape> weights = WeightShapes(from.config());
  const bool merged = std::any_of(weights.begin(), weights.end(), [&](const WeightShape& weight) {
    return from.Changes(weight.name);
  });
  if (!merged) return {};
  return MakeError(
      ErrorKind::kUsage,
      "--dtype {}: blocks of 4 bits can swallow what an adapter changed; q8_0 keeps it, "
      "and --lossy writes them all the same",
      Name(*options.format));
}

}  // namespace

Expected<ConvertSummary> ConvertModel(const ModelSource& from, const std::string& to,
                                      const ConvertOptions& options, const ConvertSeen& seen) {
  MORES_RETURN_IF_ERROR(CheckLossy(from, options));
  if (NamesGgufFile(to)) {
    std::error_code error;
    if (std::filesystem::exists(to, error)) {
      return MakeError(ErrorKind::kUsage, "-o {}: is there already", to);
    }
    if (options.shard_bytes > 0) {
      return MakeError(ErrorKind::kUsage, "--shard-gb: a GGUF file is written whole");
    }
    return WriteGguf(from, to, options, seen);
  }
  MORES_RETURN_IF_ERROR(CheckFolderName(to));
  if (options.format && !ElementsOf(*options.format)) {
    return MakeError(ErrorKind::kUsage,
                     "--dtype {}: a folder holds f32, f16 or bf16; for blocks name a file, "
                     "-o NAME.gguf",
                     Name(*options.format));
  }
  return WriteDirectory(from, to, options, seen);
}

Status CheckFreeSpace(const std::string& path, int64_t bytes) {
  namespace fs = std::filesystem;
  std::error_code error;
  fs::path folder = fs::is_directory(path, error) ? fs::path(path) : fs::path(path).parent_path();
  const fs::space_info space = fs::space(folder.empty() ? fs::path(".") : folder, error);
  if (error || static_cast<uint64_t>(bytes) <= space.available) return {};  // unknown: try
  constexpr double kGiga = 1e9;
  return MakeError(ErrorKind::kIo, "{}: {:.2f} GB are needed, and {:.2f} GB are free there", path,
                   static_cast<double>(bytes) / kGiga,
                   static_cast<double>(space.available) / kGiga);
}

}  // namespace mores::model
