#include "model/config.h"

#include <gtest/gtest.h>

namespace mores::model {
namespace {

Json Llama() {
  return Json::parse(R"({"architectures":["LlamaForCausalLM"],"vocab_size":100,"hidden_size":32,
    "intermediate_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,
    "max_position_embeddings":128,"rms_norm_eps":1e-5,"hidden_act":"silu"})");
}

std::string ErrorOf(const Json& json) {
  const auto config = ParseModelConfig(json, "config.json");
  return config ? "none" : config.error().message;
}

TEST(ModelConfig, ReadsBothPlacesOfTheRotaryBase) {
  Json json = Llama();
  EXPECT_EQ(ParseModelConfig(json, "c")->every_layer.rope.theta, 10000.0);
  json["rope_theta"] = 500000.0;
  EXPECT_EQ(ParseModelConfig(json, "c")->every_layer.rope.theta, 500000.0);
  json.erase("rope_theta");
  json["rope_parameters"] = {{"rope_theta", 1e6}, {"rope_type", "default"}};
  EXPECT_EQ(ParseModelConfig(json, "c")->every_layer.rope.theta, 1e6);
}

TEST(ModelConfig, KnowsFamiliesAndDefaults) {
  Json json = Llama();
  const auto llama = ParseModelConfig(json, "c");
  EXPECT_FALSE(llama->every_layer.qkv_bias);
  EXPECT_EQ(llama->head_dim, 8);
  json["architectures"] = {"Qwen2ForCausalLM"};
  json["head_dim"] = 16;
  json["eos_token_id"] = {7, 8};
  json["bos_token_id"] = nullptr;
  const auto qwen = ParseModelConfig(json, "c");
  EXPECT_TRUE(qwen->every_layer.qkv_bias);
  EXPECT_FALSE(qwen->every_layer.output_bias);
  EXPECT_EQ(qwen->head_dim, 16);
  EXPECT_EQ(qwen->eos_id, 7);
  EXPECT_EQ(qwen->bos_id, -1);
}

TEST(ModelConfig, ReadsScaledPositions) {
  using Kind = ops::RopeScaling::Kind;
  Json json = Llama();
  json["rope_scaling"] = {{"rope_type", "llama3"},
                          {"factor", 8.0},
                          {"low_freq_factor", 1.0},
                          {"high_freq_factor", 4.0},
                          {"original_max_position_embeddings", 64}};
  const auto llama3 = ParseModelConfig(json, "c");
  ASSERT_TRUE(llama3) << llama3.error().message;
  EXPECT_EQ(llama3->every_layer.rope.scaling.kind, Kind::kLlama3);
  EXPECT_EQ(llama3->every_layer.rope.scaling.trained_context, 64);
  EXPECT_EQ(llama3->context_length, 128);
  EXPECT_EQ(llama3->RopeBound(128), 0);

  json["architectures"] = {"InternLM2ForCausalLM"};
  json["rope_scaling"] = {{"type", "dynamic"}, {"factor", 2.0}};
  const auto dynamic = ParseModelConfig(json, "c");
  ASSERT_TRUE(dynamic) << dynamic.error().message;
  EXPECT_EQ(dynamic->every_layer.rope.scaling.kind, Kind::kDynamic);
  EXPECT_EQ(dynamic->context_length, 256);  // as far as the stretched base is meant for
  EXPECT_EQ(dynamic->RopeBound(128), 0);
  EXPECT_EQ(dynamic->RopeBound(129), 129);
}

TEST(ModelConfig, ReadsSlidingWindows) {
  Json json = Llama();
  json["architectures"] = {"MistralForCausalLM"};
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(0).window, 4096);  // as the reference has it
  json["sliding_window"] = nullptr;
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(0).window, 0);
  json["sliding_window"] = 16;
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(1).window, 16);
  json["architectures"] = {"Qwen2ForCausalLM"};
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(1).window, 0);
  json["use_sliding_window"] = true;
  json["max_window_layers"] = 1;
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(0).window, 0);
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(1).window, 16);
  json["layer_types"] = {"sliding_attention", "full_attention"};
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(0).window, 16);
  EXPECT_EQ(ParseModelConfig(json, "c")->layer(1).window, 0);
  json["layer_types"] = {"full_attention"};
  EXPECT_NE(ErrorOf(json).find("layer_types"), std::string::npos);
}

TEST(ModelConfig, SeveralTokensMayEndAReply) {
  Json json = Llama();
  json["eos_token_id"] = {7, 8};
  const auto config = ParseModelConfig(json, "c");
  EXPECT_TRUE(config->EndsReply(7));
  EXPECT_TRUE(config->EndsReply(8));
  EXPECT_FALSE(config->EndsReply(2));
}

TEST(ModelConfig, WritesWhatItReads) {
  auto config = *ParseModelConfig(Llama(), "c");
  LayerConfig& layer = config.every_layer;
  layer.qkv_bias = layer.output_bias = layer.ffn_bias = config.tied_head = true;
  config.eos_id = -1;
  const auto again = ParseModelConfig(ToJson(config, "float32"), "c");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(ToJson(*again, "float32"), ToJson(config, "float32"));
  EXPECT_EQ(again->ParameterCount(), config.ParameterCount());
}

TEST(ModelConfig, WritesNoTokenAsNull) {
  ModelConfig config{.bos_id = -1, .eos_id = 7, .further_eos_ids = {8}};
  Json json = Json::object();
  PutTokenIds(config, json);
  EXPECT_EQ(json, Json::parse(R"({"bos_token_id": null, "eos_token_id": [7, 8]})"));
  config = {.bos_id = 3, .eos_id = -1};
  PutTokenIds(config, json);
  EXPECT_EQ(json, Json::parse(R"({"bos_token_id": 3, "eos_token_id": null})"));
}

TEST(ModelConfig, RefusesToWriteWhatTheFormatCannotSay) {
  const ModelConfig plain = *ParseModelConfig(Llama(), "c");
  ModelConfig mistral = plain;
  mistral.family = Family::kMistral;
  const auto refusal = [](const ModelConfig& config) {
    const Status status = RequireWritable(config, "m");
    return status ? "none" : status.error().message;
  };
  const auto with = [&](ModelConfig config, const auto& change) {
    config.each_layer.assign(static_cast<size_t>(config.layers), config.every_layer);
    change(config);
    return refusal(config);
  };
  EXPECT_EQ(refusal(plain), "none");
  EXPECT_EQ(with(mistral, [](auto& c) { c.each_layer[1].window = 4; }), "none");
  EXPECT_EQ(with(plain, [](auto& c) { c.each_layer[1].window = 4; }),
            "m: config.json of LlamaForCausalLM can't say that layers have windows");
  EXPECT_NE(with(mistral,
                 [](auto& c) {
                   c.each_layer[0].window = 4;
                   c.each_layer[1].window = 8;
                 })
                .find("windows of different widths"),
            std::string::npos);
  EXPECT_NE(with(plain, [](auto& c) { c.each_layer[1].rope.theta = 5; }).find("differ in more"),
            std::string::npos);
  EXPECT_NE(with(plain, [](auto& c) { c.final_norm.epsilon = 0.5f; }).find("that norms differ"),
            std::string::npos);
  EXPECT_NE(with(plain, [](auto& c) { c.each_layer[1].score_cap = 5; }).find("soft caps"),
            std::string::npos);
  EXPECT_NE(with(plain, [](auto& c) { c.each_layer[1].attention_scale = 5; }).find("scaled"),
            std::string::npos);
  const auto all = [&](ModelConfig config, const auto& change) {
    change(config.every_layer);
    return refusal(config);
  };
  EXPECT_NE(all(plain, [](auto& l) { l.query_key_norm = true; }).find("queries and keys"),
            std::string::npos);
  EXPECT_NE(all(plain, [](auto& l) { l.qkv_bias = true; }).find("biases"), std::string::npos);
  EXPECT_NE(all(mistral, [](auto& l) { l.ffn_bias = true; }).find("biases"), std::string::npos);
}

TEST(ModelConfig, WritesEveryFamily) {
  for (const char* name :
       {"MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "InternLM2ForCausalLM"}) {
    Json json = Llama();
    json["architectures"] = {name};
    json["sliding_window"] = 16;
    json["use_sliding_window"] = true;
    json["max_window_layers"] = 1;
    json["rope_scaling"] = {{"type", "dynamic"}, {"factor", 2.0}};
    json["eos_token_id"] = {7, 8};
    const auto config = ParseModelConfig(json, "c");
    ASSERT_TRUE(config) << config.error().message;
    const auto again = ParseModelConfig(ToJson(*config, "bfloat16"), "c");
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(ToJson(*again, "bfloat16"), ToJson(*config, "bfloat16"));
    for (int i = 0; i < config->layers; ++i) EXPECT_EQ(again->layer(i), config->layer(i)) << i;
    EXPECT_EQ(again->context_length, config->context_length);
  }
}

TEST(ModelConfig, RequiresEveryLayerToBeComputable) {
  ModelConfig config = *ParseModelConfig(Llama(), "c");
  EXPECT_TRUE(RequireComputable(config, "m"));
  config.each_layer.assign(static_cast<size_t>(config.layers), config.every_layer);
  config.each_layer[1].score_cap = 50;
  const Status status = RequireComputable(config, "m");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "m: layer 1: soft caps of attention scores are not supported");
}

TEST(ModelConfig, WritesSmallNumbersAsTheyWere) {
  Json json = Llama();
  for (const double epsilon : {1e-5, 1e-6, 1e-12, 3.7e-30}) {
    json["rms_norm_eps"] = epsilon;
    EXPECT_EQ(ToJson(*ParseModelConfig(json, "c"), "float32")["rms_norm_eps"], epsilon);
  }
}

TEST(ModelConfig, RefusesByFieldWhatItCannotRun) {
  const auto with = [](const char* name, Json value) {
    Json json = Llama();
    json[name] = std::move(value);
    return ErrorOf(json);
  };
  EXPECT_NE(with("architectures", {"MixtralForCausalLM"}).find("architectures"), std::string::npos);
  EXPECT_NE(with("quantization_config", Json::object()).find("quantized"), std::string::npos);
  EXPECT_NE(with("rope_scaling", {{"type", "linear"}}).find("rope_scaling"), std::string::npos);
  EXPECT_NE(with("hidden_act", "gelu").find("hidden_act"), std::string::npos);
  EXPECT_NE(with("attn_logit_softcapping", 50.0).find("attn_logit_softcapping"), std::string::npos);
  EXPECT_NE(with("hidden_size", "32").find("hidden_size"), std::string::npos);
  EXPECT_NE(with("num_hidden_layers", 0).find("out of range"), std::string::npos);
  EXPECT_NE(with("num_key_value_heads", 3).find("num_key_value_heads"), std::string::npos);
  EXPECT_NE(with("head_dim", 7).find("even"), std::string::npos);
  EXPECT_NE(with("rms_norm_eps", -1).find("rms_norm_eps"), std::string::npos);
  EXPECT_NE(with("rope_theta", 0.5).find("rope_theta"), std::string::npos);
  EXPECT_NE(with("rope_parameters", {{"rope_theta", 0.5}}).find("rope_theta"), std::string::npos);
  EXPECT_NE(with("rms_norm_eps", 1e-50).find("rms_norm_eps"), std::string::npos);
  EXPECT_NE(ErrorOf(Json::array()).find("not a JSON object"), std::string::npos);
  EXPECT_NE(with("num_local_experts", 8).find("num_local_experts"), std::string::npos);
  EXPECT_NE(with("partial_rotary_factor", 0.5).find("partial_rotary_factor"), std::string::npos);
  EXPECT_NE(with("rope_scaling", {{"rope_type", "yarn"}, {"factor", 4.0}}).find("'yarn'"),
            std::string::npos);
  EXPECT_NE(with("rope_scaling", {{"rope_type", "linear"}, {"factor", 1e9}}).find("factor"),
            std::string::npos);
  EXPECT_NE(with("eos_token_id", Json::array({1, "2"})).find("eos_token_id"), std::string::npos);
}

}  // namespace
}  // namespace mores::model
