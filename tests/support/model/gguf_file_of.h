// For tests: a GGUF file of a model, its tensors in their own element types.
#ifndef MORES_SUPPORT_MODEL_GGUF_FILE_OF_H_
#define MORES_SUPPORT_MODEL_GGUF_FILE_OF_H_

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_names.h"
#include "model/gguf/gguf_rope.h"
#include "model/model_source.h"
#include "tensor/gguf.h"

namespace mores::model {

struct StoredTensor {
  std::vector<int64_t> shape;
  tensor::DType dtype = tensor::DType::kF32;
  std::string bytes;
};

// What a file is about to hold, for tests to change.
struct GgufDraft {
  GgufWrittenKeys keys;
  std::map<std::string, StoredTensor> tensors;

  void Set(const std::string& key, tensor::GgufWrittenValue value) {
    const auto at = std::find_if(keys.begin(), keys.end(),
                                 [&](const auto& entry) { return entry.first == key; });
    if (at != keys.end()) {
      at->second = std::move(value);
    } else {
      keys.emplace_back(key, std::move(value));
    }
  }
  void Drop(const std::string& key) {
    std::erase_if(keys, [&](const auto& entry) { return entry.first == key; });
  }
  void SetFloats(const std::string& name, const std::vector<float>& values) {
    tensors[name] = {{static_cast<int64_t>(values.size())},
                     tensor::DType::kF32,
                     std::string(reinterpret_cast<const char*>(values.data()), values.size() * 4)};
  }
};

inline Expected<GgufDraft> DraftGguf(const ModelSource& source) {
  const ModelConfig& config = source.config();
  GgufDraft draft;
  MORES_ASSIGN_OR_RETURN(draft.keys, GgufConfigKeys(config, source.path()));
  if (config.bos_id >= 0) {
    draft.Set("tokenizer.ggml.bos_token_id", static_cast<uint32_t>(config.bos_id));
  }
  if (config.eos_id >= 0) {
    draft.Set("tokenizer.ggml.eos_token_id", static_cast<uint32_t>(config.eos_id));
  }
  for (const GgufTensor& tensor : GgufTensors(config)) {
    MORES_ASSIGN_OR_RETURN(const tensor::TensorView view, source.FindAny(tensor.checkpoint));
    StoredTensor stored = {tensor.shape, view.dtype, ""};
    const int64_t columns = tensor.shape.size() > 1 ? tensor.shape[1] : 1;
    const auto row_bytes = static_cast<size_t>(tensor::BytesOf(view.dtype, columns));
    for (const int64_t row : CheckpointRows(tensor, config)) {
      stored.bytes += view.bytes.substr(static_cast<size_t>(row) * row_bytes, row_bytes);
    }
    draft.tensors[tensor.name] = std::move(stored);
  }
  const std::vector<float> divisors = RopeDivisors(config.layer(0).rope, config.head_dim);
  if (!divisors.empty()) draft.SetFloats(std::string(kRopeDivisors), divisors);
  return draft;
}

inline Status WriteGguf(const GgufDraft& draft, const std::string& path) {
  std::vector<tensor::GgufWriter::Tensor> tensors;
  for (const auto& [name, stored] : draft.tensors) {
    tensors.push_back({name, stored.shape, stored.dtype});
  }
  MORES_ASSIGN_OR_RETURN(auto writer, tensor::GgufWriter::Create(path, draft.keys, tensors));
  for (const auto& [name, stored] : draft.tensors) {
    MORES_RETURN_IF_ERROR(writer.WriteBytes(stored.bytes));
  }
  return writer.Commit();
}

}  // namespace mores::model

#endif  // MORES_SUPPORT_MODEL_GGUF_FILE_OF_H_
