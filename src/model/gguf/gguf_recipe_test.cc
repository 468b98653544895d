#include "model/gguf/gguf_recipe.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace mores::model {
namespace {

using tensor::DType;

std::map<DType, int> TypesOf(const GgufRecipe& recipe, int layers, int64_t hidden, int64_t ffn) {
  std::map<DType, int> counts;
  const auto count = [&](const std::string& name, std::vector<int64_t> shape) {
    ++counts[recipe.TypeOf(name, shape, DType::kBf16)];
  };
  for (int i = 0; i < layers; ++i) {
    const std::string at = "blk." + std::to_string(i) + ".";
    count(at + "attn_norm.weight", {hidden});
    for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up"}) {
      count(at + name + ".weight", {64, hidden});
    }
    count(at + "ffn_down.weight", {hidden, ffn});
  }
  count("token_embd.weight", {1000, hidden});
  count("output.weight", {1000, hidden});
  return counts;
}

// The counts of llama-quantize for models of these shapes.
TEST(GgufRecipeTest, TheCommonMix) {
  const GgufRecipe recipe(WeightFormat::kQ4KM, {24, false});
  const std::map<DType, int> narrow = TypesOf(recipe, 24, 896, 4864);
  EXPECT_EQ(narrow, (std::map<DType, int>{{DType::kF32, 24},
                                          {DType::kQ5_0, 24 * 5 + 12 + 1},
                                          {DType::kQ8_0, 12 + 1},
                                          {DType::kQ4K, 12},
                                          {DType::kQ6K, 12}}));
  const std::map<DType, int> wide =
      TypesOf(GgufRecipe(WeightFormat::kQ4KM, {28, false}), 28, 1536, 8960);
  EXPECT_EQ(wide, (std::map<DType, int>{
                      {DType::kF32, 28}, {DType::kQ4K, 28 * 7 - 28 + 1}, {DType::kQ6K, 28 + 1}}));
}

TEST(GgufRecipeTest, HeadsAndRowsThatBlocksDoNotDivide) {
  const auto type = [](WeightFormat format, const char* name, int64_t columns, bool tied) {
    return GgufRecipe(format, {8, tied}).TypeOf(name, {10, columns}, DType::kF32);
  };
  EXPECT_EQ(type(WeightFormat::kQ4_0, "output.weight", 256, false), DType::kQ6K);
  EXPECT_EQ(type(WeightFormat::kQ4_0, "output.weight", 288, false), DType::kQ8_0);
  EXPECT_EQ(type(WeightFormat::kQ4_0, "token_embd.weight", 256, true), DType::kQ6K);
  EXPECT_EQ(type(WeightFormat::kQ4_0, "token_embd.weight", 256, false), DType::kQ4_0);
  EXPECT_EQ(type(WeightFormat::kQ8_0, "output.weight", 256, false), DType::kQ8_0);
  EXPECT_EQ(type(WeightFormat::kQ8_0, "blk.0.attn_q.weight", 48, false), DType::kF16);
  EXPECT_EQ(type(WeightFormat::kQ4KM, "blk.1.attn_v.weight", 512, false), DType::kQ4K);
  EXPECT_EQ(type(WeightFormat::kQ4KM, "blk.0.attn_v.weight", 512, false), DType::kQ6K);
  EXPECT_EQ(type(WeightFormat::kQ4KM, "blk.0.attn_q.weight", 48, false), DType::kF16);
  EXPECT_EQ(type(WeightFormat::kBf16, "output.weight", 48, false), DType::kBf16);
}

TEST(GgufRecipeTest, WithoutAFormatMatricesStayAsTheyAre) {
  const GgufRecipe recipe(std::nullopt, {8, false});
  EXPECT_EQ(recipe.TypeOf("blk.0.attn_q.weight", {8, 256}, DType::kIq4Xs), DType::kIq4Xs);
  EXPECT_EQ(recipe.TypeOf("blk.0.attn_q.bias", {8}, DType::kF16), DType::kF32);
}

TEST(GgufRecipeTest, FileTypes) {
  const auto type = [](std::optional<WeightFormat> format, DType dtype) {
    return GgufFileType(format, {{"a", {8, 256}, dtype}, {"b", {8}, DType::kF32}});
  };
  EXPECT_EQ(type(WeightFormat::kQ4KM, DType::kQ5_0), 15u);
  EXPECT_EQ(type(WeightFormat::kQ4_0, DType::kQ6K), 2u);
  EXPECT_EQ(type(WeightFormat::kQ8_0, DType::kF16), 7u);
  EXPECT_EQ(type(std::nullopt, DType::kF16), 1u);
  EXPECT_EQ(type(std::nullopt, DType::kBf16), 32u);
  EXPECT_EQ(type(std::nullopt, DType::kF32), 0u);
}

}  // namespace
}  // namespace mores::model
