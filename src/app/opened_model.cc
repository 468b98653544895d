#include "app/opened_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/files.h"
#include "model/adapter/adapter_name.h"
#include "tensor/gguf.h"

namespace mores::app {
namespace {

namespace fs = std::filesystem;

// A path, or NAME=PATH where nothing lies at what stands there as a whole.
NamedPath ParseAdapter(const std::string& given) {
  const size_t equals = given.find('=');
  if (equals == std::string::npos || FileExists(given) || DirectoryExists(given)) {
    return {.name = "", .path = given};
  }
  return {.name = given.substr(0, equals), .path = given.substr(equals + 1)};
}

Status AddAdapter(const std::string& given, AdapterChoice choice, ModelPaths& paths) {
  const auto refuse = [&](std::string_view why) {
    return MakeError(ErrorKind::kUsage, "--adapter {}: {}", given, why);
  };
  NamedPath adapter = ParseAdapter(given);
  if (given.starts_with('=')) return refuse("has no name before '='");
  if (adapter.path.empty()) return refuse("names no file or folder");
  if (!adapter.name.empty() && choice == AdapterChoice::kOne) {
    return refuse(
        "no such file or folder, and adapters are chosen by name only in score and "
        "generate");
  }
  for (const NamedPath& other : paths.adapters) {
    if (other.name != adapter.name) continue;
    if (!adapter.name.empty()) return refuse("the name is given twice");
    return refuse(fmt::format("there is {} already{}", other.path,
                              choice == AdapterChoice::kByItem ? "; NAME=PATH are further ones"
                                                               : ", and one adapter at a time"));
  }
  paths.adapters.push_back(std::move(adapter));
  return {};
}

bool IsModelPath(const std::string& path) {
  return DirectoryExists(path) || tensor::IsGgufFile(path);
}

// What the base of an adapter's folder is called, as a path to it.
Expected<std::string> FindBase(const std::string& folder) {
  MORES_ASSIGN_OR_RETURN(const model::AdapterConfig config, model::ReadAdapterConfig(folder));
  const std::string& name = config.base;
  const std::string field =
      fmt::format("{}/adapter_config.json: field 'base_model_name_or_path'", folder);
  if (name.empty()) {
    return MakeError(ErrorKind::kMissing, "{}: names no base: --model BASE --adapter {}", field,
                     folder);
  }
  std::error_code error, ignored;
  const auto names_itself = [&] {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: names the adapter itself, '{}': --model BASE --adapter {}", field, name,
                     folder);
  };
  const fs::path plain = fs::path(name).lexically_normal();
  const bool only_here = plain == "." || plain == "./" || plain.is_absolute();
  if (only_here && fs::equivalent(fs::path(folder) / name, folder, ignored)) return names_itself();
  const fs::path whole = fs::weakly_canonical(folder, error);
  const fs::path beside = (error ? fs::path(folder) : whole).parent_path() / name;
  for (const std::string& path : {beside.string(), name}) {
    // An adapter may be called as its base is.
    if (!IsModelPath(path) || fs::equivalent(path, folder, error)) continue;
    if (!model::IsAdapterDirectory(path)) return path;
    return MakeError(ErrorKind::kUnsupported,
                     "{}: '{}' is an adapter itself: merge it into its base, and name that: mores "
                     "model convert {} -o BASE",
                     field, name, path);
  }
  if (!IsRemoteModel(name)) {
    Expected<std::string> found = FindModel(name);
    if (found && fs::equivalent(*found, folder, ignored)) return names_itself();
    if (found) return found;
    // What has to be fetched is told; names of others' hubs are unknown here.
    if (IsInCatalogue(name)) {
      return MakeError(ErrorKind::kMissing, "{}: {}", field, found.error().message);
    }
  }
  return MakeError(ErrorKind::kMissing, "{}: '{}' is not here: --model BASE --adapter {}", field,
                   name, folder);
}

}  // namespace

Expected<ModelPaths> FindModelAndAdapters(const ModelOptions& options, AdapterChoice choice) {
  ModelPaths paths;
  MORES_ASSIGN_OR_RETURN(paths.base, FindModel(options.model));
  if (model::IsAdapterFile(paths.base)) {
    return MakeError(
        ErrorKind::kUnsupported,
        "{}: is an adapter, and says no base: give its base as the model, and --adapter {}",
        paths.base, paths.base);
  }
  if (model::IsAdapterDirectory(paths.base)) {
    paths.adapters.push_back({.name = "", .path = paths.base});
    MORES_ASSIGN_OR_RETURN(paths.base, FindBase(paths.base));
  }
  for (const std::string& given : options.adapters) {
    MORES_RETURN_IF_ERROR(AddAdapter(given, choice, paths));
  }
  return paths;
}

const model::Adapter* OpenedModel::own_adapter() const {
  const auto own = std::find_if(adapters.begin(), adapters.end(),
                                [](const NamedAdapter& adapter) { return adapter.name.empty(); });
  return own == adapters.end() ? nullptr : own->adapter.get();
}

text::ModelTexts OpenedModel::Texts() const {
  const model::Adapter* own = own_adapter();
  return own == nullptr ? base->Texts() : model::AdaptedTexts(*base, *own);
}

Json OpenedModel::AdapterNames() const {
  Json names = Json::object();
  for (const NamedAdapter& adapter : adapters) {
    if (!adapter.name.empty()) names[adapter.name] = model::NameOf(*adapter.adapter);
  }
  return names;
}

Expected<OpenedModel> OpenModel(const ModelOptions& options, AdapterChoice choice) {
  MORES_ASSIGN_OR_RETURN(const ModelPaths paths, FindModelAndAdapters(options, choice));
  OpenedModel opened;
  MORES_ASSIGN_OR_RETURN(opened.base, model::OpenModel(paths.base));
  for (const NamedPath& given : paths.adapters) {
    MORES_ASSIGN_OR_RETURN(auto adapter, model::OpenAdapter(given.path, *opened.base));
    opened.adapters.push_back({.name = given.name, .adapter = std::move(adapter)});
  }
  return opened;
}

Expected<std::unique_ptr<const model::ModelSource>> OpenSource(const ModelOptions& options) {
  MORES_ASSIGN_OR_RETURN(OpenedModel opened, OpenModel(options));
  if (opened.adapters.empty()) return std::move(opened.base);
  return model::MergedSource(std::move(opened.base), std::move(opened.adapters.front().adapter));
}

Expected<std::unique_ptr<chat::LanguageModel>> LoadModel(const OpenedModel& opened,
                                                         const ModelOptions& options,
                                                         chat::TokenizerNeed tokenizer,
                                                         int blocks) {
  MORES_RETURN_IF_ERROR(SetIsa(options.isa));
  chat::LocalModelOptions loading{.precision = options.precision_or_default(),
                                  .threads = options.threads,
                                  .tokenizer = tokenizer,
                                  .engine = {.chunk_tokens = options.chunk_tokens},
                                  .adapters = {},
                                  .blocks = blocks};
  for (const OpenedModel::NamedAdapter& adapter : opened.adapters) {
    loading.adapters.push_back({.name = adapter.name, .adapter = adapter.adapter.get()});
  }
  return chat::LoadLocalModel(*opened.base, loading);
}

}  // namespace mores::app
