// The decoder family: RMSNorm, rotary positions, grouped-query attention, SwiGLU, optional biases,
// query/key norm and sliding windows, tied or untied head. Read from and written to a Hugging Face
// config.json: Llama 2 and 3, Mistral, Qwen2, Qwen3 and InternLM2.
#ifndef MORES_MODEL_CONFIG_H_
#define MORES_MODEL_CONFIG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/layer_config.h"
#include "tensor/dtype.h"

namespace mores::model {

enum class Family { kLlama, kMistral, kQwen2, kQwen3, kInternLm2 };
// As `architectures` of config.json names it, "LlamaForCausalLM".
std::string_view ArchitectureName(Family family);

struct ModelConfig {
  Family family = Family::kLlama;
  int vocab_size = 0;
  int hidden_dim = 0;
  int ffn_dim = 0;
  int layers = 0;
  int query_heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int context_length = 1024;            // positions that a request may use
  LayerConfig every_layer;              // what layers are where they are alike
  std::vector<LayerConfig> each_layer;  // one a layer where they aren't, else empty
  NormConfig final_norm;
  bool tied_head = false;
  int bos_id = 1;                    // -1: none
  int eos_id = 2;                    // -1: none
  std::vector<int> further_eos_ids;  // which end a reply as well

  int query_dim() const { return query_heads * head_dim; }
  int kv_dim() const { return kv_heads * head_dim; }
  const LayerConfig& layer(int64_t i) const {
    return each_layer.empty() ? every_layer : each_layer[static_cast<size_t>(i)];
  }
  bool EndsReply(int32_t id) const;
  // Requests of equal bound have equal rotary frequencies in every layer: 0, or `positions`, the
  // most that a request may come to use, where the base of a layer depends on them.
  int64_t RopeBound(int64_t positions) const;
  int64_t ParameterCount() const;
};

// Refuses what the engine can't run with one kUnsupported line naming the field, and what makes no
// sense with kCorrupt.
Expected<ModelConfig> ParseModelConfig(const Json& config, std::string_view where);
// config.json, and what generation_config.json says of the tokens that end a reply.
Expected<ModelConfig> ReadModelConfig(const std::string& model_directory);
// What a config is written as: its name, and where, for errors.
struct WrittenForm {
  std::string_view where;
  std::string_view name;  // "config.json"
};
// The width of the windows that layers have, 0 without. kUnsupported, the property named, where
// layers differ in more than their windows, or have what no form of their family can say.
Expected<int> RequireAlike(const ModelConfig& config, const WrittenForm& form);
// kUnsupported where config.json can't say what the layers are, with `where` and the property
// named. The format knows layers that differ in their windows alone, of one width, and each
// family's own biases and norms.
Status RequireWritable(const ModelConfig& config, std::string_view where);
// How config.json calls an element type: "float16", "bfloat16", and "float32" for all others.
std::string_view TorchName(tensor::DType dtype);
// REQUIRES: RequireWritable.
Json ToJson(const ModelConfig& config, std::string_view torch_dtype);
// The tokens that begin and end texts, in `json`, as config.json and generation_config.json have
// them: null where there is none.
void PutTokenIds(const ModelConfig& config, Json& json);
// What a number that was rounded to float32 most likely was: the shortest decimal that reads back
// as x. 1e-05, not 9.999999747378752e-06.
double ShortestDecimal(float x);
// kUnsupported where the decoder can't compute a layer, or the end, with `where` and the layer
// named.
Status RequireComputable(const ModelConfig& config, std::string_view where);

}  // namespace mores::model

#endif  // MORES_MODEL_CONFIG_H_
