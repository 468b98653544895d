#include "model/adapter/packed_adapter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/cpu.h"
#include "model/decoder.h"
#include "support/model/adapter_golden.h"
#include "support/model/golden_case.h"
#include "support/model/random_adapter.h"

namespace mores::model {
namespace {

using tensor::DType;
using Kind = RandomAdapterOptions::Kind;

const std::string kModels = std::string(MORES_SOURCE_DIR) + "/tests/golden/";
const std::vector<int32_t> kTokens = {5, 17, 3, 42, 42, 8, 30, 1, 55, 23, 9};

// Logits of all positions.
std::vector<float> LogitsOf(const Decoder& decoder, const PackedAdapter* adapter,
                            std::span<const int32_t> tokens, ThreadPool& pool) {
  KvCache cache(decoder, static_cast<int64_t>(tokens.size()), KvCache::Keep::kAllLayers, adapter);
  DecoderScratch scratch;
  const Chunk chunk{.tokens = tokens, .cache = &cache};
  const std::span<const float> hidden = decoder.Forward({&chunk, 1}, scratch, pool);
  const std::vector<const PackedAdapter*> adapters(tokens.size(), adapter);
  std::vector<float> logits(tokens.size() * static_cast<size_t>(decoder.config().vocab_size));
  decoder.Logits(hidden.data(), static_cast<int64_t>(tokens.size()), adapters, logits.data(),
                 scratch, pool);
  return logits;
}

class PackedAdapterTest : public testing::TestWithParam<GoldenSetting> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(SetIsaLevel(GetParam().isa));
    auto source = OpenModel(kModels + GetParam().name + "/model");
    ASSERT_TRUE(source) << source.error().message;
    source_ = std::move(*source);
  }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }

  // How far logits with the adapter unmerged lie from those of the merged model.
  void ExpectAsMerged(const RandomAdapterOptions& options) {
    const DType precision = GetParam().precision;
    const Adapter adapter = RandomAdapter(source_->config(), options);
    const auto decoder = Decoder::Load(*source_, precision, pool_);
    const auto packed = PackedAdapter::Pack(adapter, *source_, precision, pool_);
    ASSERT_TRUE(packed) << packed.error().message;
    EXPECT_GT((*packed)->bytes(), 0);
    const MergedByHand merged_source(*source_, adapter);
    const auto merged = Decoder::Load(merged_source, precision, pool_);
    ASSERT_TRUE(decoder && merged);
    const std::vector<float> expected = LogitsOf(**merged, nullptr, kTokens, pool_);
    const double tolerance = LogitTolerance(source_->config(), precision);
    EXPECT_LE(RelativeNormError(LogitsOf(**decoder, packed->get(), kTokens, pool_), expected),
              tolerance);
    if (precision == DType::kF32) {
      EXPECT_GT(RelativeNormError(LogitsOf(**decoder, nullptr, kTokens, pool_), expected),
                20 * tolerance)
          << "the adapter changes nothing";
    }
  }

  ThreadPool pool_{2};
  std::unique_ptr<const ModelSource> source_;
};

TEST_P(PackedAdapterTest, ComputesAsTheMergedModelDoes) {
  ExpectAsMerged({.seed = 1});
  ExpectAsMerged({.kind = Kind::kDora, .seed = 2});
}

class PackedAdapterF32 : public PackedAdapterTest {};

// Each product alone: what is added at a wrong place would be seen. In f32, whose tolerance is the
// sharper one.
TEST_P(PackedAdapterF32, ComputesAsTheMergedModelDoesForEachProduct) {
  for (const WeightShape& weight : WeightShapes(source_->config())) {
    if (weight.shape.size() != 2 || weight.name == NamesOf(source_->config()).embedding) continue;
    SCOPED_TRACE(weight.name);
    const auto changes = [&](const std::string& module) {
      return module + ".weight" == weight.name;
    };
    ExpectAsMerged({.rank = 1, .seed = 3, .changes = changes});
    ExpectAsMerged({.rank = 1, .kind = Kind::kDora, .seed = 4, .changes = changes});
  }
}

INSTANTIATE_TEST_SUITE_P(All, PackedAdapterTest,
                         testing::ValuesIn(GoldenSettings({DType::kF32, DType::kBf16})), NameOf);
INSTANTIATE_TEST_SUITE_P(All, PackedAdapterF32, testing::ValuesIn(GoldenSettings({DType::kF32})),
                         NameOf);

// Adapters that PEFT made and computed with, unmerged and merged.
class PeftGolden : public testing::TestWithParam<std::string> {};

TEST_P(PeftGolden, LogitsAreThoseOfPeft) {
  ThreadPool pool(2);
  const auto golden =
      ReadAdapterGolden(std::string(MORES_SOURCE_DIR) + "/tests/golden", GetParam());
  ASSERT_TRUE(golden) << golden.error().message;
  auto source = OpenModel(golden->base_directory);
  ASSERT_TRUE(source) << source.error().message;
  auto adapter = OpenAdapter(golden->adapter_directory, (*source)->config());
  ASSERT_TRUE(adapter) << adapter.error().message;
  const auto decoder = Decoder::Load(**source, DType::kF32, pool);
  const auto packed = PackedAdapter::Pack(**adapter, **source, DType::kF32, pool);
  ASSERT_TRUE(packed) << packed.error().message;
  const auto merged_source = MergedSource(std::move(*source), std::move(*adapter));
  ASSERT_TRUE(merged_source) << merged_source.error().message;
  const auto merged = Decoder::Load(**merged_source, DType::kF32, pool);
  ASSERT_TRUE(decoder && merged);
  std::vector<float> ours, of_merged, of_base;
  const std::vector<int32_t>& offsets = golden->batch.offsets;
  for (size_t s = 0; s + 1 < offsets.size(); ++s) {
    const auto tokens = std::span(golden->batch.tokens)
                            .subspan(static_cast<size_t>(offsets[s]),
                                     static_cast<size_t>(offsets[s + 1] - offsets[s]));
    const auto append = [](const std::vector<float>& logits, std::vector<float>& all) {
      all.insert(all.end(), logits.begin(), logits.end());
    };
    append(LogitsOf(**decoder, packed->get(), tokens, pool), ours);
    append(LogitsOf(**merged, nullptr, tokens, pool), of_merged);
    append(LogitsOf(**decoder, nullptr, tokens, pool), of_base);
  }
  const std::vector<float>& expected = golden->tensors.at("logits");
  EXPECT_LE(RelativeNormError(ours, expected), kLargestF32Tolerance);
  EXPECT_LE(RelativeNormError(of_merged, expected), kLargestF32Tolerance);
  EXPECT_LE(RelativeNormError(ours, of_merged), kLargestF32Tolerance);
  EXPECT_GT(RelativeNormError(of_base, expected), 20 * kLargestF32Tolerance);
}

INSTANTIATE_TEST_SUITE_P(All, PeftGolden, testing::ValuesIn(AdapterGoldenNames()),
                         [](const auto& golden_case) { return golden_case.param; });

TEST(PackedAdapter, RefusesWhatIsNoProduct) {
  ThreadPool pool(1);
  const auto source = OpenModel(kModels + "qwen2_untied/model");
  ASSERT_TRUE(source);
  Adapter adapter = RandomAdapter((*source)->config(), {});
  const auto refused = [&](const std::string& module) {
    Adapter other = adapter;
    other.parts[module] = other.parts.begin()->second;
    const auto packed = PackedAdapter::Pack(other, **source, DType::kF32, pool);
    ASSERT_FALSE(packed) << module;
    EXPECT_EQ(packed.error().kind, ErrorKind::kUnsupported);
    EXPECT_NE(packed.error().message.find(module), std::string::npos) << packed.error().message;
  };
  refused("model.embed_tokens");
  refused("model.norm");
  refused("model.layers.3.mlp.up_proj");  // there are three
}

}  // namespace
}  // namespace mores::model
