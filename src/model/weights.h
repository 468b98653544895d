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

// "model.layers.3.self_attn.q_proj.weight" for (3, "self_attn.q_proj.weight").
std::string LayerWeightName(int layer, std::string_view rest);

// model.safetensors, or the shards that model.safetensors.index.json names.
class WeightFiles {
 public:
  static Expected<WeightFiles> Open(const std::string& model_directory);
  // Float32 values of one tensor; kCorrupt if absent or of another shape.
  Expected<std::vector<float>> Read(const WeightShape& weight) const;

 private:
  std::vector<std::unique_ptr<tensor::SafetensorsFile>> files_;
  std::map<std::string, const tensor::SafetensorsFile*> file_of_;
  std::string directory_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_WEIGHTS_H_
