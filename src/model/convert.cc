#include "model/convert.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "model/weights.h"
#include "tensor/safetensors.h"

namespace mores::model {
namespace {

using tensor::DType;
using tensor::TensorEntry;

struct Tensor {
  TensorEntry entry;
  tensor::TensorView view;
  int64_t bytes() const { return tensor::BytesOf(entry.dtype, entry.elements()); }
};

// In the order of the model, then whatever else the files hold, by name.
Expected<std::vector<Tensor>> Collect(const ModelSource& source,
                                      const std::optional<DType>& dtype) {
  std::vector<Tensor> tensors;
  std::set<std::string> known;
  const auto add = [&](const std::string& name, const tensor::TensorView& view) {
    tensors.push_back({{name, view.shape, dtype.value_or(view.dtype)}, view});
    known.insert(name);
  };
  for (const WeightShape& weight : WeightShapes(source.config())) {
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source.Find(weight));
    add(weight.name, view);
  }
  for (const std::string& name : source.TensorNames()) {
    if (known.contains(name)) continue;
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source.FindAny(name));
    add(name, view);
  }
  return tensors;
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

Status WriteTensor(const Tensor& tensor, tensor::SafetensorsWriter& writer) {
  if (tensor.entry.dtype == tensor.view.dtype) return writer.WriteBytes(tensor.view.bytes);
  constexpr int64_t kSlice = 1 << 20;
  std::vector<float> slice;
  for (int64_t first = 0; first < tensor.entry.elements(); first += kSlice) {
    const int64_t count = std::min(kSlice, tensor.entry.elements() - first);
    slice.resize(static_cast<size_t>(count));
    tensor.view.Copy(first, count, slice.data());
    MORES_RETURN_IF_ERROR(writer.Write(slice.data(), count, tensor.entry.dtype));
  }
  return {};
}

Status CopyOthers(const ModelSource& from, const std::string& to) {
  MORES_ASSIGN_OR_RETURN(const auto files, from.OtherFiles());
  for (const auto& [name, bytes] : files) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(to + "/" + name, bytes));
  }
  return {};
}

Status WriteConfig(const ModelSource& from, const std::string& to,
                   const std::optional<DType>& dtype) {
  MORES_ASSIGN_OR_RETURN(Json config, from.ConfigJson());
  if (dtype) {
    const char* name = *dtype == DType::kF32 ? "float32" : "bfloat16";
    // transformers 5 writes `dtype`, earlier ones `torch_dtype`.
    config[config.contains("dtype") ? "dtype" : "torch_dtype"] = name;
    if (config.contains("torch_dtype")) config["torch_dtype"] = name;
  }
  return WriteFileAtomically(to + "/config.json",
                             config.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

Status CheckEmpty(const std::string& to) {
  std::error_code error;
  if (!std::filesystem::exists(to, error)) return MakeDirectories(to);
  if (!std::filesystem::is_directory(to, error) || !std::filesystem::is_empty(to, error)) {
    return MakeError(ErrorKind::kUsage, "-o {}: must be a new or an empty folder", to);
  }
  return {};
}

}  // namespace

Expected<ConvertSummary> ConvertModel(const ModelSource& from, const std::string& to,
                                      const ConvertOptions& options,
                                      const std::function<void(int64_t, int64_t)>& seen) {
  MORES_ASSIGN_OR_RETURN(const std::vector<Tensor> tensors, Collect(from, options.dtype));
  MORES_RETURN_IF_ERROR(CheckEmpty(to));
  const std::vector<size_t> ends = CutShards(tensors, options.shard_bytes);
  int64_t total = 0;
  for (const Tensor& tensor : tensors) total += tensor.bytes();
  ConvertSummary summary = {.tensors = static_cast<int64_t>(tensors.size()),
                            .files = static_cast<int64_t>(ends.size())};
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
    for (size_t i = begin; i < ends[shard]; ++i) {
      MORES_RETURN_IF_ERROR(options.stop.Check());
      MORES_RETURN_IF_ERROR(WriteTensor(tensors[i], writer));
      from.Release(tensors[i].entry.name);
      summary.bytes += tensors[i].bytes();
      if (seen) seen(summary.bytes, total);
    }
    MORES_RETURN_IF_ERROR(writer.Commit());
  }
  if (ends.size() > 1) {
    const Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", weight_map}};
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(to + "/model.safetensors.index.json", index.dump(2) + "\n"));
  }
  MORES_RETURN_IF_ERROR(CopyOthers(from, to));
  MORES_RETURN_IF_ERROR(WriteConfig(from, to, options.dtype));
  return summary;
}

}  // namespace mores::model
