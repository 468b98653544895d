#include "model/gguf/gguf_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace mores::model {
namespace {

using tensor::GgufKeys;
using tensor::GgufValue;
using ::testing::HasSubstr;

std::map<std::string, GgufValue, std::less<>> PlainKeys(const std::string& architecture) {
  const std::string a = architecture + ".";
  return {{"general.architecture", std::string_view(architecture == "qwen3"       ? "qwen3"
                                                    : architecture == "qwen2"     ? "qwen2"
                                                    : architecture == "internlm2" ? "internlm2"
                                                                                  : "llama")},
          {a + "block_count", int64_t{3}},
          {a + "context_length", int64_t{64}},
          {a + "embedding_length", int64_t{32}},
          {a + "feed_forward_length", int64_t{48}},
          {a + "attention.head_count", int64_t{4}},
          {a + "attention.head_count_kv", int64_t{2}},
          {a + "attention.layer_norm_rms_epsilon", double{1e-5f}},
          {a + "rope.freq_base", double{500000}}};
}

std::map<std::string, tensor::TensorView> PlainTensors() {
  return {{"token_embd.weight", {.shape = {50, 32}}}, {"output.weight", {.shape = {50, 32}}}};
}

Expected<ModelConfig> Read(const std::map<std::string, GgufValue, std::less<>>& values) {
  return ReadGgufConfig(GgufKeys(values, "m.gguf"), PlainTensors(), {.bos = 1, .eos = 2});
}

// What reading says where `key` is this; "" where nothing is wrong.
std::string With(const std::string& key, GgufValue value,
                 const std::string& architecture = "llama") {
  auto keys = PlainKeys(architecture);
  keys[key] = value;
  const auto config = Read(keys);
  return config ? "" : config.error().message;
}

tensor::GgufArray Flags(std::string_view bytes) {
  return {.kind = tensor::GgufArray::Kind::kBool, .type = 7, .count = bytes.size(), .bytes = bytes};
}

TEST(GgufConfigTest, ReadsWhatTheKeysSay) {
  const auto config = Read(PlainKeys("llama"));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->family, Family::kLlama);
  EXPECT_EQ(config->vocab_size, 50);
  EXPECT_EQ(config->hidden_dim, 32);
  EXPECT_EQ(config->ffn_dim, 48);
  EXPECT_EQ(config->layers, 3);
  EXPECT_EQ(config->query_heads, 4);
  EXPECT_EQ(config->kv_heads, 2);
  EXPECT_EQ(config->head_dim, 8);
  EXPECT_EQ(config->context_length, 64);
  EXPECT_EQ(config->final_norm.epsilon, 1e-5f);
  EXPECT_EQ(config->every_layer.rope.theta, 500000.0);
  EXPECT_FALSE(config->tied_head);
  EXPECT_EQ(config->bos_id, 1);
  EXPECT_EQ(config->eos_id, 2);
  EXPECT_EQ(ToJson(*config, "float32")["rms_norm_eps"].dump(), "1e-05");
}

TEST(GgufConfigTest, ReadsDefaultsAndOverrides) {
  auto keys = PlainKeys("qwen3");
  keys.erase("qwen3.rope.freq_base");
  keys.erase("qwen3.attention.head_count_kv");
  keys["qwen3.attention.key_length"] = int64_t{16};
  keys["qwen3.attention.value_length"] = int64_t{16};
  const auto config = Read(keys);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->every_layer.rope.theta, 10000.0);
  EXPECT_EQ(config->kv_heads, 4);
  EXPECT_EQ(config->head_dim, 16);
  EXPECT_TRUE(config->every_layer.query_key_norm);
}

TEST(GgufConfigTest, ReadsScaling) {
  using Kind = ops::RopeScaling::Kind;
  auto keys = PlainKeys("llama");
  const auto scaling = [&] { return Read(keys)->every_layer.rope.scaling; };
  keys["llama.rope.scaling.factor"] = double{4};
  EXPECT_EQ(scaling().kind, Kind::kLinear);  // the type where none is said
  EXPECT_EQ(scaling().factor, 4);
  keys["llama.rope.scaling.type"] = std::string_view("linear");
  EXPECT_EQ(scaling().kind, Kind::kLinear);
  keys["llama.rope.scaling.type"] = std::string_view("none");
  EXPECT_EQ(scaling().kind, Kind::kNone);
  keys = PlainKeys("llama");
  keys["llama.rope.scale_linear"] = double{2};
  EXPECT_EQ(scaling().factor, 2);
  keys = PlainKeys("internlm2");
  keys["mores.rope.dynamic_factor"] = double{3};
  EXPECT_EQ(scaling().kind, Kind::kDynamic);
  EXPECT_EQ(scaling().trained_context, 64);
  EXPECT_EQ(Read(keys)->context_length, 192);
}

TEST(GgufConfigTest, ReadsWindows) {
  auto keys = PlainKeys("llama");
  keys["llama.attention.sliding_window"] = int64_t{16};
  EXPECT_EQ(Read(keys)->family, Family::kMistral);
  const auto windows = [&] {
    const auto config = Read(keys);
    EXPECT_TRUE(config) << config.error().message;
    std::vector<int> all;
    for (int i = 0; i < 3; ++i) all.push_back(config->layer(i).window);
    return all;
  };
  EXPECT_EQ(windows(), (std::vector<int>{16, 16, 16}));
  keys["llama.attention.sliding_window_pattern"] = int64_t{2};
  EXPECT_EQ(windows(), (std::vector<int>{16, 0, 16}));
  keys["llama.attention.sliding_window_pattern"] = Flags(std::string_view("\0\0\1", 3));
  EXPECT_EQ(windows(), (std::vector<int>{0, 0, 16}));
  keys["llama.attention.sliding_window"] = int64_t{0};
  EXPECT_EQ(windows(), (std::vector<int>{0, 0, 0}));
  EXPECT_EQ(Read(keys)->family, Family::kLlama);
  EXPECT_THAT(With("internlm2.attention.sliding_window", int64_t{16}, "internlm2"),
              HasSubstr("internlm2.attention.sliding_window: windows"));
}

// Each of these changes the numbers.
TEST(GgufConfigTest, RefusesByNameWhatIsNotComputed) {
  const std::vector<std::pair<std::string, GgufValue>> refused = {
      {"rope.scaling.type", std::string_view("yarn")},
      {"rope.scaling.type", std::string_view("longrope")},
      {"rope.scaling.attn_factor", double{1.5}},
      {"rope.scaling.yarn_ext_factor", double{1}},
      {"rope.dimension_count", int64_t{4}},
      {"rope.freq_base_swa", double{10000}},
      {"attention.value_length", int64_t{4}},
      {"attention.scale", double{0.5}},
      {"attention.temperature_scale", double{0.5}},
      {"attention.causal", false},
      {"attention.clamp_kqv", double{8}},
      {"attn_logit_softcapping", double{50}},
      {"final_logit_softcapping", double{30}},
      {"embedding_scale", double{12}},
      {"residual_scale", double{0.5}},
      {"logit_scale", double{8}},
      {"expert_count", int64_t{8}},
      {"expert_used_count", int64_t{2}},
      {"pooling_type", int64_t{4}},
      {"tensor_data_layout", std::string_view("other")},
      {"use_parallel_residual", true},
      {"nobody.knows", int64_t{7}},
  };
  for (const auto& [name, value] : refused) {
    EXPECT_THAT(With("llama." + name, value), HasSubstr("m.gguf: llama." + name + ": ")) << name;
  }
  EXPECT_THAT(With("classifier.output_labels", Flags("ab")), HasSubstr("a classifier"));
  EXPECT_THAT(With("general.quantization_version", int64_t{1}), HasSubstr("1 is not supported"));
  EXPECT_EQ(With("general.architecture", std::string_view("gemma2")),
            "m.gguf: general.architecture: 'gemma2' is not supported; these are: llama, qwen2, "
            "qwen3, internlm2");
  EXPECT_THAT(With("general.type", std::string_view("mmproj")), HasSubstr("'mmproj' is no model"));
  // What a file says stays in the one line.
  const std::string hostile = "a\n\x1b[2J" + std::string(100'000, 'x');
  for (const char* key : {"general.type", "general.architecture", "llama.rope.scaling.type",
                          "llama.tensor_data_layout"}) {
    const std::string message = With(key, std::string_view(hostile));
    EXPECT_THAT(message, HasSubstr("'a  [2Jxxx"));
    EXPECT_LT(message.size(), 200u);
  }
}

TEST(GgufConfigTest, PassesOverWhatChangesNothing) {
  const std::vector<std::pair<std::string, GgufValue>> harmless = {
      {"vocab_size", int64_t{7}},
      {"rope.dimension_count", int64_t{8}},
      {"rope.scaling.factor", double{1}},
      {"rope.scaling.type", std::string_view("none")},
      {"rope.scaling.finetuned", true},
      {"rope.scaling.original_context_length", int64_t{32}},
      {"rope.freq_base_swa", double{500000}},
      {"attention.scale", double{1 / std::sqrt(8.0f)}},
      {"attention.causal", true},
      {"attention.max_alibi_bias", double{0}},
      {"logit_scale", double{1}},
      {"expert_count", int64_t{0}},
      {"pooling_type", int64_t{0}},
      {"use_parallel_residual", false},
      {"tensor_data_layout", std::string_view("Meta AI original pth")},
  };
  for (const auto& [name, value] : harmless) EXPECT_EQ(With("llama." + name, value), "") << name;
  EXPECT_EQ(With("other.expert_count", int64_t{8}), "");
  EXPECT_EQ(With("general.quantization_version", int64_t{2}), "");
}

TEST(GgufConfigTest, RefusesWhatMakesNoSense) {
  for (const char* name : {"block_count", "context_length", "embedding_length",
                           "feed_forward_length", "attention.head_count"}) {
    auto keys = PlainKeys("llama");
    keys.erase(std::string("llama.") + name);
    EXPECT_THAT(Read(keys).error().message, HasSubstr(std::string(name) + ": is missing"));
    EXPECT_THAT(With(std::string("llama.") + name, int64_t{0}), HasSubstr("is below 1"));
    EXPECT_NE(With(std::string("llama.") + name, INT64_MAX), "") << name;
    EXPECT_NE(With(std::string("llama.") + name, std::string_view("x")), "") << name;
  }
  auto keys = PlainKeys("llama");
  keys.erase("llama.attention.layer_norm_rms_epsilon");
  EXPECT_THAT(Read(keys).error().message, HasSubstr("rms_epsilon: is missing"));
  EXPECT_NE(With("llama.attention.head_count_kv", int64_t{3}), "");
  EXPECT_NE(With("llama.attention.head_count_kv", int64_t{0}), "");
  EXPECT_NE(With("llama.attention.head_count", int64_t{5}), "");
  EXPECT_NE(With("llama.attention.key_length", int64_t{0}), "");
  EXPECT_NE(With("llama.attention.key_length", int64_t{7}), "");
  EXPECT_NE(With("llama.rope.freq_base", double{NAN}), "");
  EXPECT_NE(With("llama.rope.freq_base", double{0}), "");
  EXPECT_NE(With("llama.attention.layer_norm_rms_epsilon", double{INFINITY}), "");
  EXPECT_NE(With("llama.attention.sliding_window", int64_t{-1}), "");
  EXPECT_NE(With("llama.attention.sliding_window_pattern", Flags("ab")), "");
  keys = PlainKeys("llama");
  keys.erase("general.architecture");
  EXPECT_THAT(Read(keys).error().message, HasSubstr("general.architecture: is missing"));
  EXPECT_THAT(ReadGgufConfig(GgufKeys(PlainKeys("llama"), "m"), PlainTensors(), {.bos = 50})
                  .error()
                  .message,
              HasSubstr("bos_token_id: 50 is none of 50 tokens"));
}

// Numbers that all layers share may stand there once a layer.
TEST(GgufConfigTest, ReadsListsOfEqualNumbers) {
  const std::string equal("\4\0\0\0\4\0\0\0\4\0\0\0", 12), other("\4\0\0\0\4\0\0\0\2\0\0\0", 12);
  const auto list = [](std::string_view bytes) {
    return tensor::GgufArray{
        .kind = tensor::GgufArray::Kind::kInteger, .type = 4, .count = 3, .bytes = bytes};
  };
  EXPECT_EQ(With("llama.attention.head_count", list(equal)), "");
  EXPECT_THAT(With("llama.attention.head_count", list(other)), HasSubstr("layers that differ"));
}

TEST(GgufConfigTest, RefusesToWriteWhatNoKeySays) {
  ModelConfig config = *Read(PlainKeys("qwen2"));
  const auto refusal = [&](const ModelConfig& c) {
    const auto keys = GgufConfigKeys(c, "m");
    return keys ? "" : keys.error().message;
  };
  EXPECT_EQ(refusal(config), "");
  ModelConfig other = config;
  other.each_layer.assign(3, other.every_layer);
  other.each_layer[0].window = 8;
  EXPECT_EQ(refusal(other), "");
  other.each_layer[1].window = 9;
  EXPECT_THAT(refusal(other), HasSubstr("windows of different widths"));
  other.each_layer[1] = other.every_layer;
  other.each_layer[1].rope.theta = 7;
  EXPECT_THAT(refusal(other), HasSubstr("differ in more than their windows"));
  other = config;
  other.every_layer.score_cap = 3;
  EXPECT_THAT(refusal(other), HasSubstr("soft caps"));
  other = config;
  other.every_layer.query_key_norm = true;
  EXPECT_THAT(refusal(other), HasSubstr("whether queries and keys are normed"));
  other = config;
  other.final_norm.epsilon = 1;
  EXPECT_THAT(refusal(other), HasSubstr("that norms differ"));
}

}  // namespace
}  // namespace mores::model
