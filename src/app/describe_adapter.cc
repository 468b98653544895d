#include "app/describe_adapter.h"

#include <map>
#include <memory>
#include <set>

#include "base/files.h"
#include "model/adapter/adapter.h"
#include "model/adapter/peft_adapter.h"
#include "tensor/gguf.h"
#include "tensor/safetensors.h"

namespace mores::app {
namespace {

using Tensors = std::map<std::string, tensor::TensorView>;

// "q_proj" of what comes before `ending` in a tensor's name, or "" where it ends otherwise.
std::string ModuleOf(std::string name, std::string_view ending) {
  if (!name.ends_with(ending)) return "";
  name.resize(name.size() - ending.size());
  return name.substr(name.rfind('.') + 1);
}

// Counts what lies in an adapter's file; `ending`: of the names of A.
void CountTensors(const Tensors& tensors, std::string_view ending, Json& json) {
  std::set<std::string> modules, dtypes;
  std::set<int64_t> ranks;
  int64_t products = 0, parameters = 0, bytes = 0;
  for (const auto& [name, view] : tensors) {
    parameters += view.elements();
    bytes += static_cast<int64_t>(view.bytes.size());
    dtypes.insert(std::string(tensor::Name(view.dtype)));
    const std::string module = ModuleOf(name, ending);
    if (module.empty() || view.shape.empty()) continue;
    ++products;
    modules.insert(module);
    ranks.insert(view.shape[0]);
  }
  json["products"] = products;
  json["modules"] = modules;
  json["ranks"] = ranks;
  json["parameters"] = parameters;
  json["bytes"] = bytes;
  json["dtypes"] = dtypes;
}

std::string KindOf(const model::AdapterConfig& config) {
  if (config.dora) return config.rank_stabilized ? "DoRA, rank-stabilized" : "DoRA";
  return config.rank_stabilized ? "rsLoRA" : "LoRA";
}

Status DescribeFolder(const std::string& path, Json& json) {
  MORES_ASSIGN_OR_RETURN(const model::AdapterConfig config, model::ReadAdapterConfig(path));
  MORES_ASSIGN_OR_RETURN(const auto file, tensor::SafetensorsFile::Open(fmt::format(
                                              "{}/{}", path, model::kAdapterWeightFile)));
  CountTensors(file->tensors(), ".lora_A.weight", json);
  json["kind"] = KindOf(config);
  json["alpha"] = config.alpha;
  if (!config.base.empty()) json["base"] = config.base;
  return {};
}

Status DescribeFile(const std::string& path, Json& json) {
  MORES_ASSIGN_OR_RETURN(const auto file, tensor::GgufFile::Open(path));
  CountTensors(file->tensors(), ".weight.lora_a", json);
  json["kind"] = "LoRA";
  MORES_ASSIGN_OR_RETURN(const auto alpha, file->keys().Float("adapter.lora.alpha"));
  if (alpha) json["alpha"] = *alpha;
  MORES_ASSIGN_OR_RETURN(const auto base, file->keys().String("general.base_model.0.name"));
  if (base) json["base"] = *base;
  return {};
}

}  // namespace

Expected<Json> DescribeAdapter(const std::string& path) {
  Json json = {{"path", path}, {"alpha", nullptr}, {"base", nullptr}};
  MORES_RETURN_IF_ERROR(DirectoryExists(path) ? DescribeFolder(path, json)
                                              : DescribeFile(path, json));
  return json;
}

}  // namespace mores::app
