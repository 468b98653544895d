// The decoder family: RMSNorm, rotary positions, grouped-query attention, SwiGLU, optional biases,
// optional query/key norm, tied or untied head. Read from and written to a Hugging Face
// config.json.
#ifndef MORES_MODEL_CONFIG_H_
#define MORES_MODEL_CONFIG_H_

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores::model {

struct ModelConfig {
  std::string architecture = "LlamaForCausalLM";  // or Qwen2ForCausalLM
  int vocab_size = 0;
  int hidden_dim = 0;
  int ffn_dim = 0;
  int layers = 0;
  int query_heads = 0;
  int kv_heads = 0;
  int head_dim = 0;
  int context_length = 1024;  // max_position_embeddings
  float rms_norm_epsilon = 1e-5f;
  double rope_theta = 10000.0;
  bool qkv_bias = false;
  bool output_bias = false;  // attention output projection
  bool ffn_bias = false;
  bool tied_head = false;
  int bos_id = 1;  // -1: none
  int eos_id = 2;  // -1: none

  int query_dim() const { return query_heads * head_dim; }
  int kv_dim() const { return kv_heads * head_dim; }
  int64_t ParameterCount() const;
};

// Refuses what the engine can't run with one kUnsupported line naming the field, and what makes no
// sense with kCorrupt.
Expected<ModelConfig> ParseModelConfig(const Json& config, std::string_view where);
Expected<ModelConfig> ReadModelConfig(const std::string& model_directory);
Json ToJson(const ModelConfig& config, std::string_view torch_dtype);

}  // namespace mores::model

#endif  // MORES_MODEL_CONFIG_H_
