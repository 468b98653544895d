// For tests: a model directory to train from, in the form that such models are published in, with a
// tokenizer.json and a chat template.
#ifndef MORES_SUPPORT_TRAIN_TOY_START_H_
#define MORES_SUPPORT_TRAIN_TOY_START_H_

#include <string>

#include "base/files.h"
#include "base/threads.h"
#include "model/train/trainable_model.h"

namespace mores::train {

inline Status WriteToyStart(model::Family family, const std::string& folder, uint64_t seed = 2) {
  model::ModelConfig config{.family = family,
                            .vocab_size = 720,
                            .hidden_dim = 32,
                            .ffn_dim = 48,
                            .layers = 1,
                            .query_heads = 4,
                            .kv_heads = 2,
                            .head_dim = 8,
                            .context_length = 192,
                            .eos_id = 702,
                            .further_eos_ids = {700}};
  config.every_layer.query_key_norm = family == model::Family::kQwen3;
  config.every_layer.qkv_bias = family == model::Family::kInternLm2;
  config.every_layer.output_bias = config.every_layer.qkv_bias;
  ThreadPool pool(1);
  const auto model = model::TrainableModel::Random(config, seed, pool);
  MORES_RETURN_IF_ERROR(model->Save(folder, tensor::DType::kF32));
  const std::string golden = std::string(MORES_SOURCE_DIR) + "/tests/golden/";
  const auto copy = [&](const std::string& from, const std::string& to) -> Status {
    MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(golden + from));
    return WriteFileAtomically(folder + "/" + to, bytes);
  };
  MORES_RETURN_IF_ERROR(copy("tokenizers/qwen2/tokenizer.json", "tokenizer.json"));
  MORES_RETURN_IF_ERROR(WriteFileAtomically(
      folder + "/tokenizer_config.json", R"({"eos_token": "<|im_end|>",  "odd": [1,  2]})"));
  return copy("chat_templates/chatml_like.jinja", "chat_template.jinja");
}

}  // namespace mores::train

#endif  // MORES_SUPPORT_TRAIN_TOY_START_H_
