// The weight tensors of a Hugging Face directory: their names, their shapes, and where they lie.
#ifndef MORES_MODEL_WEIGHTS_H_
#define MORES_MODEL_WEIGHTS_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/config.h"
#include "tensor/safetensors.h"

namespace mores::model {

struct WeightShape {
  std::string name;
  std::vector<int64_t> shape;
};

// Every tensor that a checkpoint of `config` holds, in the order in which we write them.
std::vector<WeightShape> WeightShapes(const ModelConfig& config);

// How a family's checkpoints name a layer's tensors. Norms with their ".weight"; products without,
// since they may have a ".bias" too.
struct LayerNames {
  std::string attention_norm, ffn_norm, query_norm, key_norm;
  std::vector<std::string> qkv;  // queries, keys and values, or one tensor that fuses them
  std::string output, gate, up, down;
};
LayerNames NamesOfLayer(const ModelConfig& config, int layer);
// How the one that fuses them ends.
constexpr std::string_view kFusedQkv = "attention.wqkv";
// The rows of queries, then of keys, then of values in that tensor, which has for each key/value
// head the queries of its group, then its key, then its value (InternLM2, arXiv:2403.17297).
struct RowRun {
  int64_t first, count;
};
std::vector<RowRun> FusedQkvRows(const ModelConfig& config);

struct ModelNames {
  std::string embedding, final_norm;  // with ".weight"
  std::string head;                   // without; the embedding where they are tied
};
ModelNames NamesOf(const ModelConfig& config);

// model.safetensors, or the shards that model.safetensors.index.json names.
class WeightFiles {
 public:
  static Expected<WeightFiles> Open(const std::string& model_directory);
  // A view into the file; kCorrupt if absent or of another shape.
  Expected<tensor::TensorView> Find(const WeightShape& weight) const;
  Expected<tensor::TensorView> FindAny(const std::string& name) const;  // kCorrupt if absent
  std::vector<std::string> Names() const;  // of all that the files hold
  // Lets the memory of a tensor's pages go.
  void Release(const std::string& name) const;

 private:
  std::vector<std::unique_ptr<tensor::SafetensorsFile>> files_;
  std::map<std::string, const tensor::SafetensorsFile*> file_of_;
  std::string directory_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_WEIGHTS_H_
