// Opening a model with its adapter, however they are named.
#include <filesystem>

#include "app/model.h"
#include "base/files.h"
#include "model/adapter/adapter.h"
#include "tensor/gguf.h"

namespace mores::app {
namespace {

namespace fs = std::filesystem;

// A folder with whole weights is a model, whatever else lies in it: trainers leave the config of
// the base beside an adapter, and adapters beside models.
bool IsAdapterAlone(const std::string& path) {
  return DirectoryExists(path) && model::IsAdapterDirectory(path) &&
         !FileExists(path + "/model.safetensors") &&
         !FileExists(path + "/model.safetensors.index.json");
}

bool IsModelPath(const std::string& path) {
  return DirectoryExists(path) || tensor::IsGgufFile(path);
}

// What the base of an adapter's folder is called, as a path to it.
Expected<std::string> FindBase(const std::string& folder, const std::string& name) {
  const std::string field =
      fmt::format("{}/adapter_config.json: field 'base_model_name_or_path'", folder);
  if (name.empty()) {
    return MakeError(ErrorKind::kMissing, "{}: names no base: --model BASE --adapter {}", field,
                     folder);
  }
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(folder, error);
  const fs::path beside = (error ? fs::path(folder) : whole).parent_path() / name;
  for (const std::string& path : {beside.string(), name}) {
    if (!IsModelPath(path)) continue;
    if (!IsAdapterAlone(path)) return path;
    return MakeError(ErrorKind::kUnsupported,
                     "{}: '{}' is an adapter itself: merge it into its base, and name that: mores "
                     "model convert {} -o BASE",
                     field, name, path);
  }
  if (!IsRemoteModel(name)) {
    Expected<std::string> found = FindModel(name);
    if (found) return found;
    // What has to be fetched is told; names of others' hubs are unknown here.
    if (found.error().message.find("not fetched yet") != std::string::npos) {
      return MakeError(ErrorKind::kMissing, "{}: {}", field, found.error().message);
    }
  }
  return MakeError(ErrorKind::kMissing, "{}: '{}' is not here: --model BASE --adapter {}", field,
                   name, folder);
}

}  // namespace

Expected<OpenedModel> OpenModelAndAdapter(const ModelOptions& options) {
  MORES_ASSIGN_OR_RETURN(std::string path, FindModel(options.model));
  std::string adapter = options.adapter;
  if (model::IsAdapterFile(path)) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: is an adapter, and says no base: --model BASE --adapter {}", path, path);
  }
  if (IsAdapterAlone(path)) {
    if (!adapter.empty()) {
      return MakeError(ErrorKind::kUsage,
                       "--adapter {}: {} is an adapter already; name a base with --model", adapter,
                       path);
    }
    adapter = path;
    MORES_ASSIGN_OR_RETURN(const model::AdapterConfig config, model::ReadAdapterConfig(path));
    MORES_ASSIGN_OR_RETURN(path, FindBase(adapter, config.base));
  }
  OpenedModel opened;
  MORES_ASSIGN_OR_RETURN(opened.base, model::OpenModel(path));
  if (adapter.empty()) return opened;
  MORES_ASSIGN_OR_RETURN(opened.adapter, model::OpenAdapter(adapter, opened.base->config()));
  MORES_RETURN_IF_ERROR(model::CheckBase(*opened.adapter, *opened.base));
  return opened;
}

Expected<std::unique_ptr<const model::ModelSource>> OpenSource(const ModelOptions& options) {
  MORES_ASSIGN_OR_RETURN(OpenedModel opened, OpenModelAndAdapter(options));
  if (!opened.adapter) return std::move(opened.base);
  return model::MergedSource(std::move(opened.base), std::move(opened.adapter));
}

}  // namespace mores::app
