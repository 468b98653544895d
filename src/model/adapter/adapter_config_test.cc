#include "model/adapter/adapter_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/json.h"

namespace mores::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Expected<AdapterConfig> Parse(const std::string& text) {
  const auto json = ParseJson(text, "test");
  EXPECT_TRUE(json) << json.error().message;
  return ParseAdapterConfig(*json, "adapter_config.json");
}

// With further fields, that of a LoRA adapter of queries.
std::string With(const std::string& fields) {
  return R"({"peft_type": "LORA", "target_modules": ["q_proj"])" +
         (fields.empty() ? "" : ", " + fields) + "}";
}

std::string Refusal(const std::string& fields) {
  const auto config = Parse(With(fields));
  return config ? "read" : config.error().message;
}

ModelConfig Small(Family family = Family::kLlama) {
  ModelConfig config;
  config.family = family;
  config.vocab_size = 50;
  config.hidden_dim = 16;
  config.ffn_dim = 24;
  config.layers = 12;
  config.query_heads = 4;
  config.kv_heads = 2;
  config.head_dim = 4;
  return config;
}

std::vector<std::string> Names(const AdapterConfig& adapter, const ModelConfig& model) {
  const auto places = PlacesOf(adapter, model, "test");
  if (!places) return {places.error().message};
  std::vector<std::string> names;
  for (const AdapterPlace& place : *places) names.push_back(place.module);
  return names;
}

TEST(AdapterConfigTest, ReadsWhatPeftWrites) {
  const auto config = Parse(R"({
    "alora_invocation_tokens": null, "alpha_pattern": {"layers.1.mlp.down_proj": 4.5},
    "arrow_config": null, "auto_mapping": {"base_model_class": "X"},
    "base_model_name_or_path": "org/name", "bias": "none", "corda_config": null,
    "ensure_weight_tying": false, "eva_config": null, "exclude_modules": "model\\.layers\\.3\\..*",
    "fan_in_fan_out": false, "inference_mode": true, "init_lora_weights": "gaussian",
    "layer_replication": null, "layers_pattern": "layers", "layers_to_transform": [0, 2],
    "loftq_config": {}, "lora_alpha": 32, "lora_bias": false, "lora_dropout": 0.05,
    "megatron_config": null, "megatron_core": "megatron.core", "modules_to_save": null,
    "peft_type": "LORA", "peft_version": "0.21.2", "qalora_group_size": 16, "r": 16,
    "rank_pattern": {"^model.layers.0.self_attn.q_proj": 2}, "revision": "main",
    "target_modules": ["q_proj", "down_proj"], "target_parameters": null,
    "task_type": "CAUSAL_LM", "trainable_token_indices": null, "use_bdlora": null,
    "use_dora": true, "use_qalora": false, "use_rslora": true})");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->rank, 16);
  EXPECT_EQ(config->alpha, 32);
  EXPECT_EQ(config->dropout, 0.05);
  EXPECT_TRUE(config->rank_stabilized && config->dora);
  EXPECT_THAT(config->targets, ElementsAre("q_proj", "down_proj"));
  EXPECT_EQ(config->exclude_pattern, "model\\.layers\\.3\\..*");
  EXPECT_THAT(config->layers_to_transform, ElementsAre(0, 2));
  EXPECT_EQ(config->base, "org/name");
  EXPECT_EQ(config->base_revision, "main");
  // What is read is written, and read again.
  const auto again = ParseAdapterConfig(ToJson(*config), "again");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(ToJson(*again), ToJson(*config));
  EXPECT_EQ(again->rank_pattern, config->rank_pattern);
  EXPECT_EQ(again->alpha_pattern, config->alpha_pattern);
}

TEST(AdapterConfigTest, WritesNothingThatSaysNothing) {
  AdapterConfig config;
  config.all_linear = true;
  const Json json = ToJson(config);
  EXPECT_EQ(json["target_modules"], "all-linear");
  EXPECT_EQ(json["lora_alpha"].dump(), "8");
  for (const char* field : {"use_dora", "use_rslora", "exclude_modules", "rank_pattern",
                            "alpha_pattern", "layers_to_transform", "base_files"}) {
    EXPECT_FALSE(json.contains(field)) << field;
  }
}

TEST(AdapterConfigTest, RefusesByNameWhatWouldChangeNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("modules_to_save": ["lm_head"])", "'modules_to_save': whole modules"},
      {R"("bias": "all")", "'bias': 'all': trained biases"},
      {R"("bias": "lora_only")", "'bias': 'lora_only'"},
      {R"("lora_bias": true)", "'lora_bias': biases of an adapter's own"},
      {R"("init_lora_weights": "pissa")", "'init_lora_weights': 'pissa'"},
      {R"("init_lora_weights": "pissa_niter_4")", "'pissa_niter_4'"},
      {R"("init_lora_weights": "loftq")", "'loftq'"},
      {R"("init_lora_weights": "olora")", "'olora'"},
      {R"("init_lora_weights": "corda")", "'corda'"},
      {R"("init_lora_weights": "eva")", "'eva'"},
      {R"("layer_replication": [[0, 2], [1, 3]])", "'layer_replication': repeated"},
      {R"("trainable_token_indices": [1])", "'trainable_token_indices': trained tokens"},
      {R"("trainable_token_indices": {"embed_tokens": [1]})", "'trainable_token_indices'"},
      {R"("target_parameters": ["mlp.experts"])", "'target_parameters'"},
      {R"("alora_invocation_tokens": [5])", "'alora_invocation_tokens'"},
      {R"("use_qalora": true)", "'use_qalora': QA-LoRA"},
      {R"("fan_in_fan_out": true)", "'fan_in_fan_out'"},
      {R"("megatron_config": {"a": 1})", "'megatron_config'"},
      {R"("loftq_config": {"loftq_bits": 4})", "'loftq_config'"},
      {R"("eva_config": {"rho": 2})", "'eva_config'"},
      {R"("task_type": "SEQ_CLS")", "'task_type': 'SEQ_CLS' is not supported"},
      {R"("use_bdlora": {"nblocks": 2})", "'use_bdlora': is not known here"},
      {R"("what_comes_next": 7)", "'what_comes_next': is not known here"},
  };
  for (const auto& [fields, expected] : cases) {
    EXPECT_THAT(Refusal(fields), HasSubstr(expected)) << fields;
    EXPECT_THAT(Refusal(fields), HasSubstr("adapter_config.json: field ")) << fields;
    EXPECT_EQ(Parse(With(fields)).error().kind, ErrorKind::kUnsupported) << fields;
  }
  EXPECT_EQ(Refusal(R"("what_comes_next": null, "more": false, "most": [], "all": "", "any": {})"),
            "read");
  EXPECT_THAT(Parse(R"({"peft_type": "IA3"})").error().message,
              HasSubstr("'peft_type': 'IA3' is not supported; LORA is"));
}

TEST(AdapterConfigTest, RefusesWhatMakesNoSense) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("r": 0)", "field 'r': must be a whole number"},
      {R"("r": -8)", "field 'r'"},
      {R"("r": 2.5)", "field 'r'"},
      {R"("r": 1e300)", "field 'r'"},
      {R"("lora_alpha": "16")", "field 'lora_alpha': must be a number, not string"},
      {R"("lora_dropout": 1.5)", "field 'lora_dropout'"},
      {R"("layers_to_transform": [-1])", "'layers_to_transform': must be numbers of layers"},
      {R"("layers_to_transform": "all")", "'layers_to_transform'"},
      {R"("rank_pattern": [4])", "'rank_pattern': must be an object"},
      {R"("rank_pattern": {"q_proj": 0})", "'rank_pattern': 'q_proj' must be a whole number"},
      {R"("alpha_pattern": {"q_proj": "x"})", "'alpha_pattern'"},
      {R"("layers_to_transform": [0], "layers_pattern": "blocks")", "'layers_pattern': finds no"},
      {R"("exclude_modules": 4)", "'exclude_modules': must be a list of names or a regular"},
  };
  for (const auto& [fields, expected] : cases) {
    EXPECT_THAT(Refusal(fields), HasSubstr(expected)) << fields;
  }
  EXPECT_THAT(Parse(R"({"peft_type": "LORA"})").error().message,
              HasSubstr("field 'target_modules': missing"));
  EXPECT_THAT(Parse(R"({"peft_type": "LORA", "target_modules": []})").error().message,
              HasSubstr("field 'target_modules': is empty"));
  EXPECT_THAT(Parse(R"({"target_modules": ["q_proj"]})").error().message,
              HasSubstr("'peft_type': missing"));
  EXPECT_FALSE(Parse("[]"));
}

TEST(AdapterPlacesTest, ListsNameTheLastPartsOfNames) {
  AdapterConfig adapter;
  adapter.targets = {"self_attn.q_proj", "model.layers.1.mlp.down_proj", "lm_head"};
  adapter.layers_to_transform = {0, 11};
  // A whole name counts whatever its layer.
  EXPECT_THAT(Names(adapter, Small()),
              ElementsAre("model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj",
                          "model.layers.11.self_attn.q_proj", "lm_head"));
  const auto places = PlacesOf(adapter, Small(), "test");
  ASSERT_TRUE(places);
  EXPECT_EQ((*places)[1].in, 24);
  EXPECT_EQ((*places)[1].out, 16);
  EXPECT_EQ(places->back().out, 50);
  // Parts are whole.
  adapter.targets = {"proj"};
  EXPECT_THAT(Names(adapter, Small()),
              ElementsAre(HasSubstr("target 'proj' names no layer of the model; it has q_proj, "
                                    "k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, "
                                    "lm_head")));
}

TEST(AdapterPlacesTest, ExpressionsNameWholeNames) {
  AdapterConfig adapter;
  adapter.target_pattern = R"(.*\.(1|10)\.(self_attn\.[qv]|mlp\.up)_proj)";
  adapter.exclude = {"v_proj"};
  EXPECT_THAT(Names(adapter, Small()),
              ElementsAre("model.layers.1.self_attn.q_proj", "model.layers.1.mlp.up_proj",
                          "model.layers.10.self_attn.q_proj", "model.layers.10.mlp.up_proj"));
  adapter.target_pattern = "q_proj";
  EXPECT_THAT(Names(adapter, Small()),
              ElementsAre(HasSubstr("'q_proj' is a regular expression for whole names")));
  for (const char* pattern : {"(", "a)(b", "\\Qx\\E", "*", "(*ACCEPT)", "(?R)", "[", "\\"}) {
    adapter.target_pattern = pattern;
    EXPECT_THAT(Names(adapter, Small()), ElementsAre(HasSubstr("is no regular expression")))
        << pattern;
  }
  adapter.target_pattern = "(([a-z._0-9]+)+)+[^a-z._0-9]";
  EXPECT_THAT(Names(adapter, Small()), ElementsAre(HasSubstr("backtracks without end")));
}

TEST(AdapterPlacesTest, AllLinearIsAllButTheHead) {
  AdapterConfig adapter;
  adapter.all_linear = true;
  EXPECT_EQ(Names(adapter, Small()).size(), 12 * 7u);
  adapter.exclude_pattern = R"(.*\.mlp\..*)";
  EXPECT_EQ(Names(adapter, Small()).size(), 12 * 4u);
  adapter.layers_to_transform = {3};
  EXPECT_EQ(Names(adapter, Small()).size(), 4u);
  AdapterConfig fused;
  fused.all_linear = true;
  fused.layers_to_transform = {0};
  EXPECT_THAT(Names(fused, Small(Family::kInternLm2)),
              ElementsAre("model.layers.0.attention.wqkv", "model.layers.0.attention.wo",
                          "model.layers.0.feed_forward.w1", "model.layers.0.feed_forward.w3",
                          "model.layers.0.feed_forward.w2"));
}

TEST(AdapterPlacesTest, PatternsSayRanksAndAlphas) {
  AdapterConfig adapter;
  adapter.targets = {"q_proj", "k_proj", "v_proj"};
  adapter.rank = 4;
  adapter.alpha = 8;
  adapter.layers_to_transform = {1, 11};
  adapter.rank_pattern = {{"layers.1.self_attn.q_proj", 2}, {"q_proj", 16}, {"1", 3}};
  adapter.alpha_pattern = {{".*[qk]_proj", 1}, {"^v_proj", 100}};
  const auto places = PlacesOf(adapter, Small(), "test");
  ASSERT_TRUE(places) << places.error().message;
  std::vector<int64_t> ranks;
  std::vector<double> scales;
  for (const AdapterPlace& place : *places) {
    ranks.push_back(place.rank);
    scales.push_back(place.scale);
  }
  EXPECT_THAT(ranks, ElementsAre(2, 4, 4, 16, 4, 4));
  EXPECT_THAT(scales, ElementsAre(0.5, 0.25, 2, 1.0 / 16, 0.25, 2));
  adapter.rank_stabilized = true;
  EXPECT_EQ(PlacesOf(adapter, Small(), "test")->front().scale, 1 / std::sqrt(2.0));
}

TEST(AdapterPlacesTest, RefusesWhatIsNoProduct) {
  AdapterConfig adapter;
  ModelConfig tied = Small();
  tied.tied_head = true;
  const auto refusal = [&](const char* target, const ModelConfig& model) {
    adapter.targets = {target};
    return Names(adapter, model).front();
  };
  EXPECT_THAT(refusal("embed_tokens", Small()), HasSubstr("is an embedding"));
  EXPECT_THAT(refusal("input_layernorm", Small()), HasSubstr("is a norm"));
  EXPECT_THAT(refusal("lm_head", tied), HasSubstr("'lm_head' is the embedding of this model"));
  EXPECT_THAT(refusal("mlp", Small()), HasSubstr("target 'mlp' names no layer"));
  EXPECT_EQ(refusal("lm_head", Small()), "lm_head");
  adapter.targets = {"q_proj"};
  adapter.layers_to_transform = {12};
  EXPECT_THAT(Names(adapter, Small()).front(),
              HasSubstr("layer 12 is none of the model's; it has 0 to 11"));
  // Trainers write names for families that the model isn't of.
  adapter.layers_to_transform = {};
  adapter.targets = {"q_proj", "query_key_value"};
  EXPECT_THAT(Names(adapter, Small()).front(), HasSubstr("target 'query_key_value' names no"));
  EXPECT_EQ(PlacesOf(adapter, Small(), "test", UnusedTargets::kAllowed)->size(), 12u);
}

}  // namespace
}  // namespace mores::model
