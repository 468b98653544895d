#include <algorithm>
#include <cstdint>

#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_names.h"

namespace mores::model {
namespace {

uint32_t WholeNumber(int64_t value) { return static_cast<uint32_t>(value); }

}  // namespace

Expected<GgufWrittenKeys> GgufConfigKeys(const ModelConfig& config, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const int window,
                         RequireAlike(config, {.where = where, .name = "a GGUF file"}));
  const std::string architecture(GgufArchitecture(config.family));
  GgufWrittenKeys keys = {{"general.architecture", architecture}};
  const auto add = [&](std::string_view name, tensor::GgufWrittenValue value) {
    keys.emplace_back(architecture + "." + std::string(name), std::move(value));
  };
  using Kind = ops::RopeScaling::Kind;
  const RopeConfig& rope = config.layer(0).rope;
  const bool dynamic = rope.scaling.kind == Kind::kDynamic;
  add("vocab_size", WholeNumber(config.vocab_size));
  add("context_length",
      WholeNumber(dynamic ? rope.scaling.trained_context : config.context_length));
  add("embedding_length", WholeNumber(config.hidden_dim));
  add("block_count", WholeNumber(config.layers));
  add("feed_forward_length", WholeNumber(config.ffn_dim));
  add("attention.head_count", WholeNumber(config.query_heads));
  add("attention.head_count_kv", WholeNumber(config.kv_heads));
  add("attention.key_length", WholeNumber(config.head_dim));
  add("attention.value_length", WholeNumber(config.head_dim));
  add("attention.layer_norm_rms_epsilon", config.final_norm.epsilon);
  add("rope.dimension_count", WholeNumber(config.head_dim));
  add("rope.freq_base", static_cast<float>(rope.theta));
  if (rope.scaling.kind == Kind::kLinear) {
    add("rope.scaling.type", std::string("linear"));
    add("rope.scaling.factor", static_cast<float>(rope.scaling.factor));
  }
  if (dynamic) {
    keys.emplace_back(kDynamicFactorKey, static_cast<float>(rope.scaling.factor));
  }
  if (window > 0) {
    add("attention.sliding_window", WholeNumber(window));
    tensor::GgufIntegers pattern;
    for (int i = 0; i < config.layers; ++i) {
      pattern.values.push_back(config.layer(i).window > 0 ? 1 : 0);
    }
    if (!config.each_layer.empty()) add("attention.sliding_window_pattern", std::move(pattern));
  }
  if (config.family == Family::kMistral && window == 0) {
    keys.emplace_back(kArchitectureKey, std::string(ArchitectureName(config.family)));
  }
  return keys;
}

}  // namespace mores::model
