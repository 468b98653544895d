#include "model/adapter/gguf_adapter.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/hash.h"
#include "model/adapter/adapter_tensors.h"
#include "model/gguf/gguf_names.h"
#include "model/weights.h"
#include "tensor/gguf.h"

namespace mores::model {
namespace {

using tensor::TensorView;

constexpr std::string_view kGgufA = ".lora_a", kGgufB = ".lora_b";
constexpr std::string_view kGgufEmbedding = "token_embd.weight";
constexpr std::string_view kWeightEnd = ".weight";

class GgufAdapterReader {
 public:
  GgufAdapterReader(const tensor::GgufFile& file, const ModelConfig& model, Adapter& adapter)
      : file_(file), model_(model), adapter_(adapter) {}

  Status Read() {
    MORES_RETURN_IF_ERROR(ReadKeys());
    for (GgufTensor& tensor : GgufTensors(model_)) {
      if (tensor.shape.size() == 2) places_.emplace(tensor.name, std::move(tensor));
    }
    for (const auto& [name, view] : file_.tensors()) MORES_RETURN_IF_ERROR(ReadTensor(name, view));
    if (adapter_.parts.empty()) {
      return MakeError(ErrorKind::kCorrupt, "{}: changes no tensor", file_.keys().where());
    }
    SayPlaces();
    return {};
  }

 private:
  tl::unexpected<Error> RefuseKey(std::string_view key, std::string_view why) const {
    return MakeError(ErrorKind::kUnsupported, "{}: {}: {}", file_.keys().where(), key, why);
  }

  Status ReadKeys();
  Status ReadTensor(const std::string& name, const TensorView& view);
  Status Add(const GgufTensor& tensor, const TensorView& a, const TensorView& b);
  void SayPlaces();

  const tensor::GgufFile& file_;
  const ModelConfig& model_;
  Adapter& adapter_;
  float alpha_ = 0;  // 0: none
  std::map<std::string, GgufTensor> places_;
};

Status GgufAdapterReader::ReadKeys() {
  const tensor::GgufKeys& keys = file_.keys();
  MORES_ASSIGN_OR_RETURN(const auto type, keys.String("general.type"));
  if (type.value_or("model") != "adapter") {
    return RefuseKey("general.type", fmt::format("'{}' is no adapter", type.value_or("model")));
  }
  MORES_ASSIGN_OR_RETURN(const auto kind, keys.String("adapter.type"));
  if (kind.value_or("") != "lora") {
    return RefuseKey("adapter.type",
                     fmt::format("'{}' is not supported; lora is", kind.value_or("")));
  }
  MORES_ASSIGN_OR_RETURN(const auto architecture, keys.String("general.architecture"));
  const std::string_view wanted = GgufArchitecture(model_.family);
  if (architecture.value_or("") != wanted) {
    return RefuseKey("general.architecture", fmt::format("it adapts '{}', and the model is '{}'",
                                                         architecture.value_or(""), wanted));
  }
  constexpr std::string_view kPrefix = "adapter.";
  const auto& all = keys.values();
  for (auto at = all.lower_bound(kPrefix); at != all.end() && at->first.starts_with(kPrefix);
       ++at) {
    const std::string_view name = std::string_view(at->first).substr(kPrefix.size());
    if (name != "type" && name != "lora.alpha" && name != "lora.task_name" &&
        name != "lora.prompt_prefix") {
      return RefuseKey(at->first, "is not known here, and may change what the model computes");
    }
  }
  MORES_ASSIGN_OR_RETURN(const auto alpha, keys.Float("adapter.lora.alpha"));
  alpha_ = static_cast<float>(alpha.value_or(0));
  if (std::isfinite(alpha_)) return {};
  return MakeError(ErrorKind::kCorrupt, "{}: adapter.lora.alpha: is no finite number",
                   keys.where());
}

Status GgufAdapterReader::ReadTensor(const std::string& name, const TensorView& view) {
  const auto refuse = [&](std::string_view why) {
    return MakeError(ErrorKind::kUnsupported, "{}: tensor '{}' {}", file_.keys().where(), name,
                     why);
  };
  const bool is_a = name.ends_with(kGgufA);
  if (!is_a && !name.ends_with(kGgufB)) return refuse("is no part of a LoRA adapter");
  const std::string stem = name.substr(0, name.size() - kGgufA.size());
  const auto place = places_.find(stem);
  if (place == places_.end()) return refuse("has no place in the model");
  if (stem == kGgufEmbedding) return refuse("adapts an embedding, which is not supported");
  const auto other = file_.tensors().find(stem + std::string(is_a ? kGgufB : kGgufA));
  if (other == file_.tensors().end()) {
    return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' is without its other half",
                     file_.keys().where(), name);
  }
  return is_a ? Add(place->second, view, other->second) : Status();
}

// The rows of one that is part of a fused tensor have a rank of their own beside the others', with
// zeros for them.
Status GgufAdapterReader::Add(const GgufTensor& tensor, const TensorView& a_view,
                              const TensorView& b_view) {
  const int64_t rows = tensor.shape[0], columns = tensor.shape[1];
  const bool fits = a_view.shape.size() == 2 && b_view.shape.size() == 2 &&
                    a_view.shape[1] == columns && b_view.shape[0] == rows &&
                    a_view.shape[0] == b_view.shape[1] && a_view.shape[0] > 0;
  if (!fits) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: tensors '{}{}' [{}] and '{}' [{}] don't make up [{}, {}], as the model "
                     "has it",
                     file_.keys().where(), tensor.name, kGgufA, fmt::join(a_view.shape, ", "),
                     kGgufB, fmt::join(b_view.shape, ", "), rows, columns);
  }
  const auto what = [&](std::string_view half) {
    return fmt::format("{}: tensor '{}{}'", file_.keys().where(), tensor.name, half);
  };
  MORES_ASSIGN_OR_RETURN(const std::vector<float> a, AdapterNumbers(a_view, what(kGgufA)));
  MORES_ASSIGN_OR_RETURN(const std::vector<float> b, AdapterNumbers(b_view, what(kGgufB)));
  const int64_t rank = a_view.shape[0];
  const double scale = alpha_ == 0 ? 1.0 : static_cast<double>(alpha_) / static_cast<double>(rank);
  const std::string module =
      tensor.checkpoint.substr(0, tensor.checkpoint.size() - kWeightEnd.size());
  AdapterPart& part = adapter_.parts[module];
  const bool first = part.place.module.empty();
  const std::vector<int64_t> to = CheckpointRows(tensor, model_);
  const bool fused = tensor.rows == GgufRows::kFusedQueries ||
                     tensor.rows == GgufRows::kFusedKeys || tensor.rows == GgufRows::kFusedValues;
  if (first) {
    const int64_t out = fused ? model_.query_dim() + 2 * model_.kv_dim() : rows;
    part.place = {.module = module, .in = columns, .out = out, .rank = 0, .scale = scale};
  }
  const int64_t before = part.place.rank, wider = before + rank;
  const auto ratio = static_cast<float>(scale / part.place.scale);
  std::vector<float> widened(static_cast<size_t>(part.place.out * wider), 0.0f);
  for (int64_t row = 0; row < part.place.out; ++row) {
    std::copy_n(part.b.begin() + row * before, before, widened.begin() + row * wider);
  }
  for (size_t row = 0; row < to.size(); ++row) {
    float* const out = widened.data() + to[row] * wider + before;
    const float* const from = b.data() + static_cast<int64_t>(row) * rank;
    for (int64_t r = 0; r < rank; ++r) out[r] = first ? from[r] : ratio * from[r];
  }
  part.a.insert(part.a.end(), a.begin(), a.end());
  part.b = std::move(widened);
  part.place.rank = wider;
  return {};
}

// A config that names these places, of these ranks and scales, as PEFT would say it.
void GgufAdapterReader::SayPlaces() {
  AdapterConfig& config = adapter_.config;
  const AdapterPlace& first = adapter_.parts.begin()->second.place;
  const auto alpha_of = [](const AdapterPlace& place) {
    return ShortestDecimal(static_cast<float>(place.scale * static_cast<double>(place.rank)));
  };
  config.rank = first.rank;
  config.alpha = alpha_of(first);
  // How many modules have that last part of a name, in the adapter and in the model.
  const auto last = [](const std::string& module) { return module.substr(module.rfind('.') + 1); };
  std::map<std::string, int> here, all;
  for (const auto& [module, part] : adapter_.parts) {
    ++here[last(module)];
    if (part.place.rank != config.rank) config.rank_pattern.emplace_back(module, part.place.rank);
    if (alpha_of(part.place) != config.alpha) {
      config.alpha_pattern.emplace_back(module, alpha_of(part.place));
    }
  }
  for (const WeightShape& weight : WeightShapes(model_)) {
    if (weight.name.ends_with(kWeightEnd)) {
      ++all[last(weight.name.substr(0, weight.name.size() - kWeightEnd.size()))];
    }
  }
  for (const auto& [module, part] : adapter_.parts) {
    const std::string name = last(module);
    if (here[name] < all[name]) {
      config.targets.push_back(module);
    } else if (std::find(config.targets.begin(), config.targets.end(), name) ==
               config.targets.end()) {
      config.targets.push_back(name);
    }
  }
}

// What one tensor of the file gets of a part, scaled so that `alpha` / rank is its scale.
struct GgufHalves {
  std::vector<float> a, b;
};

GgufHalves HalvesOf(const AdapterPart& part, const GgufTensor& tensor, const ModelConfig& config,
                    double alpha) {
  const int64_t rank = part.place.rank;
  const double ratio = part.place.scale * static_cast<double>(rank) / alpha;
  GgufHalves halves = {.a = part.a, .b = {}};
  for (const int64_t row : CheckpointRows(tensor, config)) {
    for (int64_t r = 0; r < rank; ++r) {
      const float value = part.b[static_cast<size_t>(row * rank + r)];
      halves.b.push_back(ratio == 1 ? value : static_cast<float>(value * ratio));
    }
  }
  return halves;
}

std::string_view BytesOfNumbers(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace

Expected<std::unique_ptr<Adapter>> OpenGgufAdapter(const std::string& path,
                                                   const ModelConfig& config) {
  MORES_ASSIGN_OR_RETURN(const auto file, tensor::GgufFile::Open(path));
  auto adapter = std::make_unique<Adapter>();
  adapter->path = path;
  MORES_RETURN_IF_ERROR(GgufAdapterReader(*file, config, *adapter).Read());
  for (const std::string& part : file->paths()) {
    MORES_ASSIGN_OR_RETURN(std::string sum, Sha256HexOfFile(part));
    adapter->files.push_back({std::filesystem::path(part).filename().string(), std::move(sum)});
  }
  return adapter;
}

bool IsAdapterFile(const std::string& path) {
  if (!tensor::IsGgufFile(path)) return false;
  const auto file = tensor::GgufFile::Open(path);
  if (!file) return false;
  const auto type = (*file)->keys().String("general.type");
  return type && *type == "adapter";
}

Status WriteGgufAdapter(const Adapter& adapter, const ModelConfig& config,
                        const std::string& path) {
  if (adapter.config.dora) {
    return MakeError(
        ErrorKind::kUnsupported,
        "{}: DoRA's magnitudes have no place in a GGUF adapter; merge it into its base "
        "instead: mores model convert BASE --adapter {} -o NAME.gguf",
        adapter.path, adapter.path);
  }
  double alpha = 0;
  for (const auto& [module, part] : adapter.parts) {
    if (alpha == 0) alpha = part.place.scale * static_cast<double>(part.place.rank);
  }
  // 0 would say that there is none, which scales by 1.
  if (alpha == 0) alpha = 1;
  std::vector<std::pair<GgufTensor, const AdapterPart*>> written;
  std::vector<tensor::GgufWriter::Tensor> entries;
  for (GgufTensor& tensor : GgufTensors(config)) {
    if (tensor.shape.size() != 2 || tensor.name == kGgufEmbedding) continue;
    const AdapterPart* const part =
        adapter.Find(tensor.checkpoint.substr(0, tensor.checkpoint.size() - kWeightEnd.size()));
    if (part == nullptr) continue;
    const int64_t rank = part->place.rank;
    entries.push_back({tensor.name + std::string(kGgufA), {rank, tensor.shape[1]}});
    entries.push_back({tensor.name + std::string(kGgufB), {tensor.shape[0], rank}});
    written.emplace_back(std::move(tensor), part);
  }
  const std::vector<std::pair<std::string, tensor::GgufWrittenValue>> keys = {
      {"general.architecture", std::string(GgufArchitecture(config.family))},
      {"general.type", std::string("adapter")},
      {"general.name", std::filesystem::path(path).stem().string()},
      {"adapter.type", std::string("lora")},
      {"adapter.lora.alpha", static_cast<float>(alpha)}};
  MORES_ASSIGN_OR_RETURN(auto writer, tensor::GgufWriter::Create(path, keys, entries));
  for (const auto& [tensor, part] : written) {
    const GgufHalves halves = HalvesOf(*part, tensor, config, alpha);
    MORES_RETURN_IF_ERROR(writer.WriteBytes(BytesOfNumbers(halves.a)));
    MORES_RETURN_IF_ERROR(writer.WriteBytes(BytesOfNumbers(halves.b)));
  }
  return writer.Commit();
}

}  // namespace mores::model
