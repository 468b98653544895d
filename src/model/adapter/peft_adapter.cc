#include "model/adapter/peft_adapter.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json_fields.h"
#include "model/adapter/adapter_tensors.h"
#include "model/weights.h"
#include "tensor/safetensors.h"

namespace mores::model {
namespace {

using tensor::TensorView;

constexpr std::string_view kPeftPrefix = "base_model.model.";
constexpr std::string_view kPeftA = ".lora_A.weight", kPeftB = ".lora_B.weight";
constexpr std::string_view kPeftMagnitude = ".lora_magnitude_vector";

std::string InFolder(const std::string& directory, std::string_view name) {
  return fmt::format("{}/{}", directory, name);
}

// A regular file of a sensible size: pipes and devices may have no end.
Expected<Json> ReadJsonFile(const std::string& path) {
  constexpr size_t kMostBytes = size_t{16} << 20;
  if (!FileExists(path)) return MakeError(ErrorKind::kMissing, "{}: no such file", path);
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return MakeError(ErrorKind::kCorrupt, "{}: is no regular file", path);
  }
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  if (file.bytes().size() > kMostBytes) {
    return MakeError(ErrorKind::kCorrupt, "{}: is above {} MiB", path, kMostBytes >> 20);
  }
  auto json = ParseJson(std::string(file.bytes()), path);
  if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
  return json;
}

// base_files.json: {"version": 1, "files": {NAME: SHA256}}.
Expected<Json> ReadBaseFiles(const std::string& directory) {
  const std::string path = InFolder(directory, kBaseFilesFile);
  if (!FileExists(path)) return Json();
  MORES_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
  MORES_RETURN_IF_ERROR(RequireObject(json, path, ErrorKind::kCorrupt));
  const JsonFields fields(json, path, ErrorKind::kCorrupt);
  MORES_ASSIGN_OR_RETURN(const int64_t version, fields.RequiredWhole("version", {}));
  if (version != 1) return fields.Wrong("version", "must be 1");
  MORES_ASSIGN_OR_RETURN(const JsonFields files, fields.RequiredObject("files"));
  for (const auto& [name, sum] : files.object().items()) {
    if (!sum.is_string()) return files.Wrong(name, WrongType("a string", sum));
  }
  return files.object();
}

// The tensors of adapter_model.safetensors, and where each belongs.
class PeftReader {
 public:
  PeftReader(const std::string& directory, const ModelConfig& model, Adapter& adapter)
      : path_(InFolder(directory, kAdapterWeightFile)), model_(model), adapter_(adapter) {
    for (WeightShape& weight : WeightShapes(model)) {
      weights_.emplace(weight.name, std::move(weight.shape));
    }
    if (!model.tied_head) return;
    // A head that is the embedding goes by a name of its own there.
    ModelConfig untied = model;
    untied.tied_head = false;
    weights_.emplace(NamesOf(untied).head + ".weight", weights_.at(NamesOf(model).embedding));
  }

  Status Read(const std::vector<AdapterPlace>& places) {
    MORES_ASSIGN_OR_RETURN(auto file, tensor::SafetensorsFile::Open(path_));
    file_ = std::move(file);
    for (const AdapterPlace& place : places) MORES_RETURN_IF_ERROR(ReadPlace(place));
    for (const auto& [name, view] : file_->tensors()) {
      if (!read_.contains(name)) MORES_RETURN_IF_ERROR(ReadOther(name, view));
    }
    return {};
  }

 private:
  std::string What(std::string_view tensor) const {
    return fmt::format("{}: tensor '{}'", path_, tensor);
  }

  Expected<std::vector<float>> Numbers(const std::string& name, std::vector<int64_t> shape) {
    const auto at = file_->tensors().find(name);
    if (at == file_->tensors().end()) {
      return MakeError(ErrorKind::kCorrupt, "{}: no tensor '{}', and {} names that layer", path_,
                       name, kAdapterConfigFile);
    }
    if (at->second.shape != shape) {
      return MakeError(ErrorKind::kCorrupt, "{} has shape [{}], and [{}] is wanted here",
                       What(name), fmt::join(at->second.shape, ", "), fmt::join(shape, ", "));
    }
    read_.insert(name);
    return AdapterNumbers(at->second, What(name));
  }

  // A rank that contradicts the config is told as one, and another width as another base.
  Status CheckRank(const std::string& name, const AdapterPlace& place) const {
    const auto at = file_->tensors().find(name);
    if (at == file_->tensors().end()) return {};
    const std::vector<int64_t>& shape = at->second.shape;
    if (shape.size() == 2 && shape[1] != place.in) {
      return MakeError(ErrorKind::kCorrupt,
                       "{} is of {} columns, and the model has {} there: an adapter of another "
                       "base?",
                       What(name), shape[1], place.in);
    }
    if (shape.size() != 2 || shape[0] == place.rank) return {};
    return MakeError(ErrorKind::kCorrupt, "{} is of rank {}, and {} says {}", What(name), shape[0],
                     kAdapterConfigFile, place.rank);
  }

  Status ReadPlace(const AdapterPlace& place) {
    const std::string stem = fmt::format("{}{}", kPeftPrefix, place.module);
    AdapterPart part = {.place = place};
    MORES_RETURN_IF_ERROR(CheckRank(stem + std::string(kPeftA), place));
    MORES_ASSIGN_OR_RETURN(part.a, Numbers(stem + std::string(kPeftA), {place.rank, place.in}));
    MORES_ASSIGN_OR_RETURN(part.b, Numbers(stem + std::string(kPeftB), {place.out, place.rank}));
    if (adapter_.config.dora) {
      std::string name = stem + std::string(kPeftMagnitude);
      if (!file_->tensors().contains(name)) name += ".weight";
      if (!file_->tensors().contains(name)) name = stem + std::string(kPeftMagnitude);
      MORES_ASSIGN_OR_RETURN(part.magnitude, Numbers(name, {place.out}));
    }
    adapter_.parts.emplace(place.module, std::move(part));
    return {};
  }

  // What no place asked for: a copy of a weight of the base, or nothing that is known here.
  Status ReadOther(const std::string& name, const TensorView& view) {
    const auto refuse = [&](std::string_view why) {
      return MakeError(ErrorKind::kUnsupported, "{} {}", What(name), why);
    };
    if (!name.starts_with(kPeftPrefix)) {
      return refuse(
          fmt::format("has no place in an adapter: its name must begin with '{}'", kPeftPrefix));
    }
    std::string rest = name.substr(kPeftPrefix.size());
    if (rest.ends_with(".lora_B.bias")) return refuse("is a bias of the adapter's own (lora_bias)");
    if (rest.find(".lora_embedding_") != std::string::npos) {
      return refuse("adapts an embedding, which is not supported");
    }
    for (const std::string_view end : {kPeftA, kPeftB, kPeftMagnitude}) {
      if (!rest.ends_with(end)) continue;
      const std::string module = rest.substr(0, rest.size() - end.size());
      if (adapter_.parts.contains(module)) return refuse("is one of DoRA's, which use_dora denies");
      if (!weights_.contains(module + ".weight")) return refuse("has no place in the model");
      return refuse(fmt::format("is of a layer that {} doesn't name", kAdapterConfigFile));
    }
    constexpr std::string_view kBaseLayer = ".base_layer.";
    if (const size_t at = rest.find(kBaseLayer); at != std::string::npos) {
      rest.replace(at, kBaseLayer.size(), ".");
    }
    const auto weight = weights_.find(rest);
    if (weight == weights_.end()) return refuse("is no part of a LoRA adapter");
    if (weight->second != view.shape) {
      return refuse(
          fmt::format("is a weight of the base with shape [{}], which has [{}] here: "
                      "resized vocabularies are not supported",
                      fmt::join(view.shape, ", "), fmt::join(weight->second, ", ")));
    }
    TensorView copy = view;
    copy.owner = file_;
    adapter_.copies.emplace(rest, std::move(copy));
    return {};
  }

  std::string path_;
  const ModelConfig& model_;
  Adapter& adapter_;
  std::map<std::string, std::vector<int64_t>> weights_;  // shapes, by name
  std::shared_ptr<const tensor::SafetensorsFile> file_;
  std::set<std::string> read_;
};

Status CheckWeightFile(const std::string& directory) {
  if (FileExists(InFolder(directory, kAdapterWeightFile))) return {};
  if (FileExists(directory + "/adapter_model.bin")) {
    return MakeError(
        ErrorKind::kUnsupported,
        "{}/adapter_model.bin: a pickle can run any code, so it isn't read; PEFT writes "
        "{} with save_pretrained(DIR, safe_serialization=True)",
        directory, kAdapterWeightFile);
  }
  return MakeError(ErrorKind::kMissing, "{}: no such file",
                   InFolder(directory, kAdapterWeightFile));
}

}  // namespace

Expected<AdapterConfig> ReadAdapterConfig(const std::string& directory) {
  const std::string path = InFolder(directory, kAdapterConfigFile);
  MORES_ASSIGN_OR_RETURN(const Json json, ReadJsonFile(path));
  MORES_ASSIGN_OR_RETURN(AdapterConfig config, ParseAdapterConfig(json, path));
  MORES_ASSIGN_OR_RETURN(config.base_files, ReadBaseFiles(directory));
  return config;
}

Expected<std::unique_ptr<Adapter>> OpenPeftAdapter(const std::string& directory,
                                                   const ModelConfig& config) {
  auto adapter = std::make_unique<Adapter>();
  adapter->path = directory;
  MORES_ASSIGN_OR_RETURN(adapter->config, ReadAdapterConfig(directory));
  MORES_RETURN_IF_ERROR(CheckWeightFile(directory));
  MORES_ASSIGN_OR_RETURN(const auto places,
                         PlacesOf(adapter->config, config, InFolder(directory, kAdapterConfigFile),
                                  UnusedTargets::kAllowed));
  MORES_RETURN_IF_ERROR(PeftReader(directory, config, *adapter).Read(places));
  for (const std::string_view name : {kAdapterConfigFile, kAdapterWeightFile}) {
    MORES_ASSIGN_OR_RETURN(std::string sum, Sha256HexOfFile(InFolder(directory, name)));
    adapter->files.push_back({std::string(name), std::move(sum)});
  }
  if (const std::string judge = InFolder(directory, text::kJudgeFile); FileExists(judge)) {
    MORES_ASSIGN_OR_RETURN(std::string sum, Sha256HexOfFile(judge));
    adapter->files.push_back({text::kJudgeFile, std::move(sum)});
  }
  return adapter;
}

namespace {

// What PEFT loads: names for "all-linear", which it takes with no choice of layers.
AdapterConfig WrittenConfig(const Adapter& adapter) {
  AdapterConfig config = adapter.config;
  if (!config.all_linear) return config;
  config.all_linear = false;
  std::set<std::string> names;
  for (const auto& [module, part] : adapter.parts) {
    names.insert(module.substr(module.rfind('.') + 1));
  }
  config.targets.assign(names.begin(), names.end());
  return config;
}

}  // namespace

Status WritePeftAdapter(const Adapter& adapter, const std::string& directory) {
  MORES_RETURN_IF_ERROR(MakeDirectories(directory));
  std::vector<tensor::TensorToWrite> tensors;
  for (const auto& [module, part] : adapter.parts) {
    const std::string stem = fmt::format("{}{}", kPeftPrefix, module);
    const AdapterPlace& place = part.place;
    tensors.push_back({stem + std::string(kPeftA), {place.rank, place.in}, part.a.data()});
    tensors.push_back({stem + std::string(kPeftB), {place.out, place.rank}, part.b.data()});
    if (part.magnitude.empty()) continue;
    tensors.push_back({stem + std::string(kPeftMagnitude), {place.out}, part.magnitude.data()});
  }
  MORES_RETURN_IF_ERROR(tensor::WriteSafetensors(InFolder(directory, kAdapterWeightFile), tensors));
  const std::string base_files = InFolder(directory, kBaseFilesFile);
  if (adapter.config.base_files.is_object()) {
    const Json json = {{"version", 1}, {"files", adapter.config.base_files}};
    MORES_RETURN_IF_ERROR(WriteFileAtomically(base_files, json.dump(2) + "\n"));
  } else {
    std::error_code ignored;
    std::filesystem::remove(base_files, ignored);
  }
  return WriteFileAtomically(InFolder(directory, kAdapterConfigFile),
                             ToJson(WrittenConfig(adapter)).dump(2) + "\n");
}

}  // namespace mores::model
