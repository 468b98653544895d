// Adapters that PEFT wrote (tests/golden/adapters), merged: their logits, their files, and copies
// of the models they make.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "base/random.h"
#include "model/adapter/adapter.h"
#include "model/convert.h"
#include "model/gguf/gguf_source.h"
#include "model/train/trainable_model.h"
#include "support/base/test_directory.h"
#include "support/model/adapter_golden.h"
#include "tensor/gguf.h"

namespace mores::model {
namespace {

using tensor::DType;
using ::testing::HasSubstr;

const std::string kGoldenRoot = std::string(MORES_SOURCE_DIR) + "/tests/golden";

std::unique_ptr<const ModelSource> Opened(const std::string& path) {
  auto source = OpenModel(path);
  EXPECT_TRUE(source) << source.error().message;
  return source ? std::move(*source) : nullptr;
}

std::unique_ptr<Adapter> OpenedAdapter(const std::string& path, const ModelConfig& config) {
  auto adapter = OpenAdapter(path, config);
  EXPECT_TRUE(adapter) << adapter.error().message;
  return adapter ? std::move(*adapter) : nullptr;
}

// Log-probabilities of every token of the vocabulary, [rows][vocab].
std::vector<float> LogProbabilitiesOf(const ModelSource& source, const TrainBatch& batch) {
  ThreadPool pool(2);
  const auto model = TrainableModel::Load(source, pool);
  EXPECT_TRUE(model) << model.error().message;
  std::vector<int32_t> ids(static_cast<size_t>(source.config().vocab_size));
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i);
  std::vector<float> all;
  for (int64_t s = 0; s < batch.segments(); ++s) {
    const int32_t begin = batch.offsets[s], end = batch.offsets[s + 1];
    TrainBatch one;
    one.tokens.assign(batch.tokens.begin() + begin, batch.tokens.begin() + end);
    one.offsets = {0, end - begin};
    for (int32_t row = 0; row < end - begin; ++row) {
      const std::vector<int32_t> at = {row};
      const auto rows = (*model)->LogProbabilities(one, at, ids, DType::kF32);
      all.insert(all.end(), rows[0].begin(), rows[0].end());
    }
  }
  return all;
}

std::vector<float> LogSoftmax(std::vector<float> logits, size_t vocab) {
  for (size_t begin = 0; begin < logits.size(); begin += vocab) {
    double sum = 0;
    for (size_t i = 0; i < vocab; ++i) sum += std::exp(double{logits[begin + i]});
    for (size_t i = 0; i < vocab; ++i) logits[begin + i] -= static_cast<float>(std::log(sum));
  }
  return logits;
}

double LargestDifference(const std::vector<float>& one, const std::vector<float>& other) {
  EXPECT_EQ(one.size(), other.size());
  double largest = 0;
  for (size_t i = 0; i < std::min(one.size(), other.size()); ++i) {
    largest = std::max(largest, std::fabs(double{one[i]} - double{other[i]}));
  }
  return largest;
}

class MergedAdapterTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    auto golden = ReadAdapterGolden(kGoldenRoot, GetParam());
    ASSERT_TRUE(golden) << golden.error().message;
    golden_ = std::move(*golden);
  }
  // The model with the adapter at `path`.
  std::unique_ptr<const ModelSource> MergedFrom(const std::string& path) const {
    auto base = Opened(golden_.base_directory);
    auto adapter = OpenAdapter(path, *base);
    EXPECT_TRUE(adapter) << adapter.error().message;
    return std::move(*MergedSource(std::move(base), std::move(*adapter)));
  }

  const TestDirectory directory_;
  AdapterGolden golden_;
};

TEST_P(MergedAdapterTest, LogitsArePefts) {
  const auto merged = MergedFrom(golden_.adapter_directory);
  const std::vector<float> expected =
      LogSoftmax(golden_.tensors.at("logits"), static_cast<size_t>(merged->config().vocab_size));
  EXPECT_LT(LargestDifference(LogProbabilitiesOf(*merged, golden_.batch), expected), 1e-4);
  // The adapter does something.
  const auto base = Opened(golden_.base_directory);
  EXPECT_GT(LargestDifference(LogProbabilitiesOf(*base, golden_.batch), expected), 1e-2);
}

TEST_P(MergedAdapterTest, IsTheSameFromAFolderAndAFileOfOurs) {
  const auto base = Opened(golden_.base_directory);
  const auto adapter = OpenedAdapter(golden_.adapter_directory, base->config());
  const std::string folder = directory_.path() + "/again", file = directory_.path() + "/again.gguf";
  ASSERT_TRUE(WritePeftAdapter(*adapter, folder));
  const std::vector<float> one =
      LogProbabilitiesOf(*MergedFrom(golden_.adapter_directory), golden_.batch);
  EXPECT_EQ(LogProbabilitiesOf(*MergedFrom(folder), golden_.batch), one);
  const Status written = WriteGgufAdapter(*adapter, base->config(), file);
  if (adapter->config.dora) {
    ASSERT_FALSE(written);
    EXPECT_THAT(written.error().message, HasSubstr("merge it into its base instead"));
    return;
  }
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_TRUE(IsAdapterFile(file));
  // Scales that differ by module are in B there.
  EXPECT_LT(LargestDifference(LogProbabilitiesOf(*MergedFrom(file), golden_.batch), one), 1e-5);
  // And back: a folder whose config names the same places.
  const auto from_file = OpenedAdapter(file, base->config());
  ASSERT_TRUE(WritePeftAdapter(*from_file, folder));
  EXPECT_LT(LargestDifference(LogProbabilitiesOf(*MergedFrom(folder), golden_.batch), one), 1e-5);
}

TEST_P(MergedAdapterTest, CopiesKeepWhatItIs) {
  const auto merged = MergedFrom(golden_.adapter_directory);
  const std::vector<float> one = LogProbabilitiesOf(*merged, golden_.batch);
  for (const char* name : {"/copy", "/copy.gguf"}) {
    const std::string to = directory_.path() + name;
    const auto converted = ConvertModel(*merged, to, {.threads = 2}, {});
    ASSERT_TRUE(converted) << converted.error().message;
    // Both are float32, as the base is.
    EXPECT_EQ(LogProbabilitiesOf(*Opened(to), golden_.batch), one) << to;
  }
  EXPECT_FALSE(FileExists(directory_.path() + "/copy/adapter_config.json"));
}

INSTANTIATE_TEST_SUITE_P(Peft, MergedAdapterTest, testing::ValuesIn(AdapterGoldenNames()),
                         [](const auto& test) { return test.param; });

// A model whose rows are whole blocks, random, in `format`; and an adapter of its queries.
class MergedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ModelConfig config;
    config.vocab_size = 64;
    config.hidden_dim = 256;
    config.ffn_dim = 256;
    config.layers = 1;
    config.query_heads = config.kv_heads = 4;
    config.head_dim = 64;
    ThreadPool pool(1);
    ASSERT_TRUE(TrainableModel::Random(config, 1, pool)->Save(Path("base"), DType::kBf16));
  }
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string File(WeightFormat format) const {
    const std::string path = Path(std::string(Name(format)) + ".gguf");
    EXPECT_TRUE(ConvertModel(*Opened(Path("base")), path, {.format = format}, {}));
    return path;
  }
  // A copy of `base` with the adapter merged.
  Expected<ConvertSummary> Merge(const std::string& base, const std::string& to,
                                 const ConvertOptions& options = {}) const {
    auto source = Opened(base);
    AdapterConfig config;
    config.targets = {"q_proj"};
    auto adapter = NewAdapter(config, *source, 3);
    EXPECT_TRUE(adapter) << adapter.error().message;
    for (auto& [module, part] : (*adapter)->parts) {
      mores::Random random(9);
      for (float& value : part.b) value = static_cast<float>(random.Normal());
    }
    const auto merged = MergedSource(std::move(source), std::move(*adapter));
    return ConvertModel(**merged, to, options, {});
  }
  static std::map<std::string, DType> Types(const std::string& path) {
    std::map<std::string, DType> types;
    const auto file = tensor::GgufFile::Open(path);
    EXPECT_TRUE(file) << file.error().message;
    for (const auto& [name, view] : (*file)->tensors()) types[name] = view.dtype;
    return types;
  }
  static std::string BytesOf(const std::string& path, const std::string& name) {
    const auto file = tensor::GgufFile::Open(path);
    return std::string((*file)->tensors().at(name).bytes);
  }

  const TestDirectory directory_;
  const std::string query_ = "blk.0.attn_q.weight", key_ = "blk.0.attn_k.weight";
};

TEST_F(MergedFileTest, WhatItChangesInBlocksBecomesEightBits) {
  const std::string base = File(WeightFormat::kQ4_0), to = Path("merged.gguf");
  ASSERT_TRUE(Merge(base, to));
  auto types = Types(to);
  EXPECT_EQ(types[query_], DType::kQ8_0);
  EXPECT_EQ(types[key_], DType::kQ4_0);
  auto before = Types(base);
  before[query_] = DType::kQ8_0;
  EXPECT_EQ(types, before);
  EXPECT_EQ(BytesOf(to, key_), BytesOf(base, key_));
  EXPECT_EQ(BytesOf(to, "output.weight"), BytesOf(base, "output.weight"));
}

TEST_F(MergedFileTest, FourBitsNeedAWord) {
  const std::string base = File(WeightFormat::kQ8_0), to = Path("merged.gguf");
  const auto refused = Merge(base, to, {.format = WeightFormat::kQ4_0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("can swallow what an adapter changed"));
  EXPECT_FALSE(FileExists(to));
  ASSERT_TRUE(Merge(base, to, {.format = WeightFormat::kQ4_0, .lossy = LossyMerge::kAllowed}));
  // What no adapter changed is in blocks already.
  EXPECT_EQ(Types(to)[query_], DType::kQ4_0);
  EXPECT_EQ(BytesOf(to, key_), BytesOf(base, key_));
  // Without an adapter there is nothing to be lost.
  EXPECT_TRUE(ConvertModel(*Opened(base), Path("plain.gguf"), {.format = WeightFormat::kQ4_0}, {}));
}

TEST_F(MergedFileTest, AnAskedFormatIsThatOfAll) {
  ASSERT_TRUE(Merge(Path("base"), Path("merged.gguf"), {.format = WeightFormat::kQ8_0}));
  EXPECT_EQ(Types(Path("merged.gguf"))[query_], DType::kQ8_0);
  EXPECT_EQ(Types(Path("merged.gguf"))[key_], DType::kQ8_0);
  ASSERT_TRUE(Merge(File(WeightFormat::kQ4_0), Path("half.gguf"), {.format = WeightFormat::kF16}));
  EXPECT_EQ(Types(Path("half.gguf"))[query_], DType::kF16);
  EXPECT_EQ(Types(Path("half.gguf"))[key_], DType::kF16);
}

TEST_F(MergedFileTest, AFolderKeepsItsElementType) {
  ASSERT_TRUE(Merge(Path("base"), Path("merged")));
  const auto merged = Opened(Path("merged")), base = Opened(Path("base"));
  const std::string query = "model.layers.0.self_attn.q_proj.weight";
  const std::string key = "model.layers.0.self_attn.k_proj.weight";
  EXPECT_EQ(merged->FindAny(query)->dtype, DType::kBf16);
  EXPECT_NE(merged->FindAny(query)->bytes, base->FindAny(query)->bytes);
  EXPECT_EQ(merged->FindAny(key)->bytes, base->FindAny(key)->bytes);
  ASSERT_TRUE(Merge(Path("base"), Path("wide"), {.format = WeightFormat::kF32}));
  EXPECT_EQ(Opened(Path("wide"))->FindAny(query)->dtype, DType::kF32);
}

}  // namespace
}  // namespace mores::model
