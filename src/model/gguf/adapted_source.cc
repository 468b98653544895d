#include "model/gguf/adapted_source.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "base/hash.h"
#include "model/gguf/gguf_source.h"

namespace mores::model {
namespace {

using tensor::TensorView;

constexpr std::string_view kA = ".lora_a", kB = ".lora_b";
constexpr std::string_view kEmbeddingWeight = "token_embd.weight";

std::vector<float> AllOf(const TensorView& view) {
  std::vector<float> values(static_cast<size_t>(view.elements()));
  view.CopyTo(values.data());
  return values;
}

}  // namespace

AdaptedSource::AdaptedSource(std::unique_ptr<const ModelSource> base,
                             std::unique_ptr<tensor::GgufFile> file)
    : ModelSource(base->path(), base->config()), base_(std::move(base)), file_(std::move(file)) {}

Expected<std::unique_ptr<const ModelSource>> AdaptedSource::Open(
    std::unique_ptr<const ModelSource> base, const std::string& adapter) {
  MORES_ASSIGN_OR_RETURN(auto file, tensor::GgufFile::Open(adapter));
  std::unique_ptr<AdaptedSource> source(new AdaptedSource(std::move(base), std::move(file)));
  MORES_RETURN_IF_ERROR(source->ReadKeys());
  MORES_RETURN_IF_ERROR(source->ReadTensors());
  return source;
}

Status AdaptedSource::ReadKeys() {
  const tensor::GgufKeys& keys = file_->keys();
  const auto refuse = [&](std::string_view key, std::string_view why) {
    return MakeError(ErrorKind::kUnsupported, "{}: {}: {}", keys.where(), key, why);
  };
  MORES_ASSIGN_OR_RETURN(const auto type, keys.String("general.type"));
  if (type.value_or("model") != "adapter") {
    return refuse("general.type", fmt::format("'{}' is no adapter", type.value_or("model")));
  }
  MORES_ASSIGN_OR_RETURN(const auto kind, keys.String("adapter.type"));
  if (kind.value_or("") != "lora") {
    return refuse("adapter.type", fmt::format("'{}' is not supported; lora is", kind.value_or("")));
  }
  MORES_ASSIGN_OR_RETURN(const auto architecture, keys.String("general.architecture"));
  const std::string_view wanted = GgufArchitecture(config().family);
  if (architecture.value_or("") != wanted) {
    return refuse("general.architecture", fmt::format("it adapts '{}', and {} is '{}'",
                                                      architecture.value_or(""), path(), wanted));
  }
  constexpr std::string_view kPrefix = "adapter.";
  const auto& all = keys.values();
  for (auto at = all.lower_bound(kPrefix); at != all.end() && at->first.starts_with(kPrefix);
       ++at) {
    const std::string_view name = std::string_view(at->first).substr(kPrefix.size());
    if (name != "type" && name != "lora.alpha" && name != "lora.task_name" &&
        name != "lora.prompt_prefix") {
      return refuse(at->first, "is not known here, and may change what the model computes");
    }
  }
  MORES_ASSIGN_OR_RETURN(const auto alpha, keys.Float("adapter.lora.alpha"));
  alpha_ = static_cast<float>(alpha.value_or(0));
  if (std::isfinite(alpha_)) return {};
  return MakeError(ErrorKind::kCorrupt, "{}: adapter.lora.alpha: is no finite number",
                   keys.where());
}

Status AdaptedSource::ReadTensors() {
  std::map<std::string, GgufTensor> places;
  for (GgufTensor& tensor : GgufTensors(config())) {
    if (tensor.shape.size() == 2) places.emplace(tensor.name, tensor);
  }
  const auto refuse = [&](const std::string& name, std::string_view why) {
    return MakeError(ErrorKind::kUnsupported, "{}: tensor '{}' {}", file_->keys().where(), name,
                     why);
  };
  for (const auto& [name, view] : file_->tensors()) {
    const bool is_a = name.ends_with(kA);
    if (!is_a && !name.ends_with(kB)) return refuse(name, "is no part of a LoRA adapter");
    const std::string stem = name.substr(0, name.size() - kA.size());
    const auto place = places.find(stem);
    if (place == places.end()) {
      return refuse(name, fmt::format("has no place in {}", path()));
    }
    if (stem == kEmbeddingWeight && config().tied_head) {
      return refuse(name, "changes an embedding that is the head, too, which is not supported");
    }
    const auto other = file_->tensors().find(stem + std::string(is_a ? kB : kA));
    if (other == file_->tensors().end()) {
      return MakeError(ErrorKind::kCorrupt, "{}: tensor '{}' is without its other half",
                       file_->keys().where(), name);
    }
    if (!is_a) continue;
    Change change = {place->second, view, other->second};
    MORES_RETURN_IF_ERROR(CheckShapes(change));
    changes_[place->second.checkpoint].push_back(std::move(change));
  }
  if (!changes_.empty()) return {};
  return MakeError(ErrorKind::kCorrupt, "{}: changes no tensor", file_->keys().where());
}

Status AdaptedSource::CheckShapes(const Change& change) const {
  const auto& a = change.a.shape;
  const auto& b = change.b.shape;
  // [rank, columns] and [rows, rank]; an embedding's are [rows, rank] and [columns, rank].
  const bool flipped = change.tensor.name == kEmbeddingWeight;
  const int64_t rows = change.tensor.shape[0], columns = change.tensor.shape[1];
  const bool fits = a.size() == 2 && b.size() == 2 &&
                    (flipped ? a[0] == rows && b[0] == columns && a[1] == b[1]
                             : a[1] == columns && b[0] == rows && a[0] == b[1]);
  if (fits) return {};
  return MakeError(ErrorKind::kCorrupt,
                   "{}: tensors '{}{}' [{}] and '{}' [{}] don't make up [{}, {}], as {} has it",
                   file_->keys().where(), change.tensor.name, kA, fmt::join(a, ", "), kB,
                   fmt::join(b, ", "), rows, columns, path());
}

void AdaptedSource::Apply(const Change& change, int64_t columns, float* weight) const {
  std::vector<float> a = AllOf(change.a), b = AllOf(change.b);
  const int64_t rank = change.b.shape[1];
  if (change.tensor.name == kEmbeddingWeight) {
    // What its rows are multiplied by stands in a.
    std::vector<float> turned(b.size());
    for (int64_t column = 0; column < columns; ++column) {
      for (int64_t r = 0; r < rank; ++r) {
        turned[static_cast<size_t>(r * columns + column)] =
            b[static_cast<size_t>(column * rank + r)];
      }
    }
    b = std::move(a);
    a = std::move(turned);
  }
  const float scale = alpha_ == 0 ? 1.0f : alpha_ / static_cast<float>(rank);
  std::vector<float> sum(static_cast<size_t>(columns));
  const std::vector<int64_t> to = CheckpointRows(change.tensor, config());
  for (size_t row = 0; row < to.size(); ++row) {
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (int64_t r = 0; r < rank; ++r) {
      const float factor = b[row * static_cast<size_t>(rank) + static_cast<size_t>(r)];
      const float* from = a.data() + r * columns;
      for (int64_t column = 0; column < columns; ++column) {
        sum[static_cast<size_t>(column)] += factor * from[column];
      }
    }
    float* out = weight + to[row] * columns;
    for (int64_t column = 0; column < columns; ++column) {
      out[column] += scale * sum[static_cast<size_t>(column)];
    }
  }
}

Expected<TensorView> AdaptedSource::Find(const WeightShape& weight) const {
  if (!changes_.contains(weight.name)) return base_->Find(weight);
  MORES_RETURN_IF_ERROR(base_->Find(weight));
  return FindAny(weight.name);
}

Expected<TensorView> AdaptedSource::FindAny(const std::string& name) const {
  MORES_ASSIGN_OR_RETURN(const TensorView view, base_->FindAny(name));
  const auto changes = changes_.find(name);
  if (changes == changes_.end()) return view;
  const auto values = std::make_shared<std::vector<float>>(AllOf(view));
  for (const Change& change : changes->second) Apply(change, view.shape[1], values->data());
  return TensorView{.dtype = tensor::DType::kF32,
                    .shape = view.shape,
                    .bytes = {reinterpret_cast<const char*>(values->data()), values->size() * 4},
                    .owner = values};
}

Expected<std::vector<ModelSource::HashedFile>> AdaptedSource::HashFiles() const {
  MORES_ASSIGN_OR_RETURN(std::vector<HashedFile> files, base_->HashFiles());
  for (const std::string& path : file_->paths()) {
    MORES_ASSIGN_OR_RETURN(std::string sha256, Sha256HexOfFile(path));
    files.push_back({std::filesystem::path(path).filename().string(), std::move(sha256)});
  }
  std::sort(files.begin(), files.end(),
            [](const HashedFile& one, const HashedFile& other) { return one.name < other.name; });
  return files;
}

std::string AdaptedSource::Stem() const {
  return fmt::format("{}+{}", base_->Stem(), GgufStem(file_->paths().front()));
}

}  // namespace mores::model
