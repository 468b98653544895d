#include "model/gguf/write_gguf.h"

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "model/copy_tensor.h"
#include "model/gguf/gguf_names.h"
#include "model/gguf/gguf_recipe.h"
#include "model/gguf/gguf_rope.h"
#include "model/gguf/gguf_source.h"
#include "model/gguf/gguf_written_keys.h"
#include "model/weights.h"
#include "tensor/gguf.h"

namespace mores::model {
namespace {

using tensor::DType;
using tensor::GgufWriter;

// A tensor of the file, and where its elements come from.
struct WrittenTensor {
  GgufWriter::Tensor entry;
  // What is merged is made when it is written.
  std::function<Expected<tensor::TensorView>()> view;
  std::vector<int64_t> rows;      // as TensorCopy has them
  std::function<void()> release;  // lets the pages of the view go

  int64_t bytes() const {
    int64_t count = 1;
    for (const int64_t dim : entry.shape) count *= dim;
    return tensor::BytesOf(entry.dtype, count);
  }
};

struct WrittenModel {
  std::vector<WrittenTensor> tensors;
  GgufWrittenKeys keys;
};

bool IsInBlocks(DType dtype) { return tensor::BlockElements(dtype) > 1; }

// Beside the file's own tensors, those that an adapter changes: by their names in it.
std::map<std::string, GgufTensor> ChangedTensors(const ModelSource& source) {
  std::map<std::string, GgufTensor> changed;
  for (GgufTensor& tensor : GgufTensors(source.config())) {
    if (source.Changes(tensor.checkpoint)) changed.emplace(tensor.name, std::move(tensor));
  }
  return changed;
}

// `source`: the file's, or one that an adapter is merged into.
Expected<WrittenModel> FromGgufSource(const ModelSource& source, const GgufSource& file,
                                      const std::optional<WeightFormat>& format) {
  WrittenModel model;
  const auto& stored = file.file().tensors();
  const GgufRecipe recipe(format,
                          {source.config().layers, !stored.contains(std::string("output.weight"))});
  const std::map<std::string, GgufTensor> changed = ChangedTensors(source);
  const bool blocks_asked = format && !ElementsOf(*format);
  for (const std::string& name : file.file().order()) {
    const tensor::TensorView& view = stored.at(name);
    DType dtype = recipe.TypeOf(name, view.shape, view.dtype);
    const auto release = [&file, &view] { file.file().Release(view); };
    if (const auto at = changed.find(name); at != changed.end()) {
      const GgufTensor& tensor = at->second;
      if (!format && IsInBlocks(view.dtype)) dtype = DType::kQ8_0;
      model.tensors.push_back(
          {{name, view.shape, dtype},
           [&source, checkpoint = tensor.checkpoint] { return source.FindAny(checkpoint); },
           CheckpointRows(tensor, source.config()),
           release});
      continue;
    }
    if (!changed.empty() && blocks_asked && IsInBlocks(view.dtype)) dtype = view.dtype;
    const auto own = [&view]() -> Expected<tensor::TensorView> { return view; };
    model.tensors.push_back({{name, view.shape, dtype}, own, {}, release});
  }
  const bool kept = !format && changed.empty();
  MORES_ASSIGN_OR_RETURN(
      model.keys,
      KeysOfGgufSource(source, file, kept ? WrittenTypes::kKept : WrittenTypes::kChanged));
  return model;
}

// Divisors of the rotary frequencies, where the format says a scaling by them.
void AddRopeDivisors(const ModelConfig& config, WrittenModel& model) {
  const auto divisors = std::make_shared<const std::vector<float>>(
      RopeDivisors(config.layer(0).rope, config.head_dim));
  if (divisors->empty()) return;
  const std::vector<int64_t> shape = {static_cast<int64_t>(divisors->size())};
  const std::string_view bytes(reinterpret_cast<const char*>(divisors->data()),
                               divisors->size() * sizeof(float));
  const tensor::TensorView view = {DType::kF32, shape, bytes, divisors};
  model.tensors.push_back({{std::string(kRopeDivisors), shape, DType::kF32},
                           [view]() -> Expected<tensor::TensorView> { return view; },
                           {},
                           [] {}});
}

Expected<WrittenModel> FromCheckpoint(const ModelSource& source,
                                      const std::optional<WeightFormat>& format) {
  WrittenModel model;
  const ModelConfig& config = source.config();
  std::map<std::string, WeightShape> weights;
  for (WeightShape& weight : WeightShapes(config)) weights[weight.name] = std::move(weight);
  const GgufRecipe recipe(format, {config.layers, config.tied_head});
  AddRopeDivisors(config, model);
  std::optional<DType> common;  // the element type of all
  bool alike = true;
  for (const GgufTensor& tensor : GgufTensors(config)) {
    const WeightShape& weight = weights.at(tensor.checkpoint);
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source.Container().Find(weight));
    alike = alike && common.value_or(view.dtype) == view.dtype;
    common = view.dtype;
    const DType dtype = recipe.TypeOf(tensor.name, tensor.shape, view.dtype);
    std::vector<int64_t> rows;
    if (tensor.rows != GgufRows::kAll) rows = CheckpointRows(tensor, config);
    model.tensors.push_back({{tensor.name, tensor.shape, dtype},
                             [&source, name = tensor.checkpoint] { return source.FindAny(name); },
                             std::move(rows),
                             [&source, name = tensor.checkpoint] { source.Release(name); }});
  }
  MORES_ASSIGN_OR_RETURN(model.keys, KeysOfCheckpoint(source, alike ? common : std::nullopt));
  return model;
}

Expected<WrittenModel> ModelToWrite(const ModelSource& from,
                                    const std::optional<WeightFormat>& format) {
  if (const auto* file = dynamic_cast<const GgufSource*>(&from.Container())) {
    return FromGgufSource(from, *file, format);
  }
  return FromCheckpoint(from, format);
}

}  // namespace

Expected<ConvertSummary> WriteGguf(const ModelSource& from, const std::string& to,
                                   const ConvertOptions& options, const ConvertSeen& seen) {
  MORES_ASSIGN_OR_RETURN(WrittenModel model, ModelToWrite(from, options.format));
  std::vector<GgufWriter::Tensor> entries;
  ConvertSummary summary = {.files = 1};
  int64_t total = 0;
  for (const WrittenTensor& tensor : model.tensors) {
    entries.push_back(tensor.entry);
    summary.Count(tensor.entry.dtype);
    total += tensor.bytes();
  }
  MORES_RETURN_IF_ERROR(CheckFreeSpace(to, total));
  PutTypes(GgufFileType(options.format, entries), model.keys);
  MORES_ASSIGN_OR_RETURN(GgufWriter writer, GgufWriter::Create(to, model.keys, entries));
  ThreadPool pool(options.threads);
  for (WrittenTensor& tensor : model.tensors) {
    const auto sink = [&](std::string_view bytes) -> Status {
      MORES_RETURN_IF_ERROR(options.stop.Check());
      MORES_RETURN_IF_ERROR(writer.WriteBytes(bytes));
      summary.bytes += static_cast<int64_t>(bytes.size());
      if (seen) seen(summary.bytes, total);
      return {};
    };
    MORES_ASSIGN_OR_RETURN(tensor::TensorView view, tensor.view());
    const TensorCopy copy = {.what = fmt::format("{}: tensor '{}'", from.path(), tensor.entry.name),
                             .view = std::move(view),
                             .rows = std::move(tensor.rows),
                             .dtype = tensor.entry.dtype};
    MORES_RETURN_IF_ERROR(CopyTensor(copy, pool, sink));
    tensor.release();
  }
  MORES_RETURN_IF_ERROR(writer.Commit());
  return summary;
}

}  // namespace mores::model
