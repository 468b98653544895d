#include "model/gguf/gguf_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "model/weights.h"

namespace mores::model {
namespace {

using ::testing::ElementsAre;

ModelConfig NamesConfig(Family family) {
  return {.family = family,
          .vocab_size = 50,
          .hidden_dim = 32,
          .ffn_dim = 64,
          .layers = 2,
          .query_heads = 4,
          .kv_heads = 2,
          .head_dim = 6,
          .every_layer = {.qkv_bias = true, .output_bias = true}};
}

GgufTensor Named(const std::string& name, const ModelConfig& config) {
  for (GgufTensor& tensor : GgufTensors(config)) {
    if (tensor.name == name) return std::move(tensor);
  }
  ADD_FAILURE() << name;
  return {};
}

// Written out: head 0 of three pairs, and the beginning of head 1.
TEST(GgufNamesTest, PairsTheRowsThatRotateTogether) {
  for (const Family family : {Family::kLlama, Family::kMistral}) {
    const ModelConfig config = NamesConfig(family);
    for (const char* name : {"blk.1.attn_q.weight", "blk.1.attn_k.bias"}) {
      std::vector<int64_t> rows = CheckpointRows(Named(name, config), config);
      rows.resize(8);
      EXPECT_THAT(rows, ElementsAre(0, 3, 1, 4, 2, 5, 6, 9)) << name;
    }
    const std::vector<int64_t> values = CheckpointRows(Named("blk.1.attn_v.bias", config), config);
    EXPECT_TRUE(std::is_sorted(values.begin(), values.end()));
  }
  for (const Family family : {Family::kQwen2, Family::kQwen3}) {
    const ModelConfig config = NamesConfig(family);
    const std::vector<int64_t> rows = CheckpointRows(Named("blk.1.attn_q.weight", config), config);
    EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  }
}

// A group of two queries, a key, a value, each of six rows.
TEST(GgufNamesTest, TakesFusedTensorsApart) {
  const ModelConfig config = NamesConfig(Family::kInternLm2);
  const auto first_of_heads = [&](const std::string& name) {
    const std::vector<int64_t> rows = CheckpointRows(Named(name, config), config);
    std::vector<int64_t> firsts;
    for (size_t i = 0; i < rows.size(); i += 6) firsts.push_back(rows[i]);
    return firsts;
  };
  EXPECT_THAT(first_of_heads("blk.0.attn_q.weight"), ElementsAre(0, 6, 24, 30));
  EXPECT_THAT(first_of_heads("blk.0.attn_k.weight"), ElementsAre(12, 36));
  EXPECT_THAT(first_of_heads("blk.0.attn_v.weight"), ElementsAre(18, 42));
  EXPECT_EQ(CheckpointRows(Named("blk.0.attn_k.bias", config), config)[1], 15);
  EXPECT_EQ(CheckpointRows(Named("blk.0.attn_v.bias", config), config)[1], 19);
  std::set<int64_t> all;
  for (const char* name : {"blk.0.attn_q.weight", "blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
    const std::vector<int64_t> rows = CheckpointRows(Named(name, config), config);
    all.insert(rows.begin(), rows.end());
  }
  EXPECT_EQ(all.size(), 48u);
  EXPECT_EQ(*all.rbegin(), 47);
}

TEST(GgufNamesTest, EveryTensorOfACheckpointHasItsPlace) {
  for (const Family family :
       {Family::kLlama, Family::kMistral, Family::kQwen2, Family::kQwen3, Family::kInternLm2}) {
    ModelConfig config = NamesConfig(family);
    config.tied_head = family == Family::kQwen3;
    config.every_layer.query_key_norm = family == Family::kQwen3;
    config.every_layer.ffn_bias = family == Family::kLlama;
    std::set<std::string> expected, found, names;
    for (const WeightShape& weight : WeightShapes(config)) expected.insert(weight.name);
    for (const GgufTensor& tensor : GgufTensors(config)) {
      found.insert(tensor.checkpoint);
      EXPECT_TRUE(names.insert(tensor.name).second) << tensor.name;
    }
    EXPECT_EQ(found, expected);
  }
  EXPECT_EQ(Named("blk.1.ffn_norm.weight", NamesConfig(Family::kLlama)).checkpoint,
            "model.layers.1.post_attention_layernorm.weight");
  EXPECT_EQ(Named("blk.0.ffn_up.weight", NamesConfig(Family::kInternLm2)).checkpoint,
            "model.layers.0.feed_forward.w3.weight");
}

}  // namespace
}  // namespace mores::model
