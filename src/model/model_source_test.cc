// Models opened from a directory, and run from a source that is none: what another container needs.
#include "model/model_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "model/decoder.h"
#include "model/train/trainable_model.h"
#include "support/base/test_directory.h"

namespace mores::model {
namespace {

using tensor::DType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

ModelConfig SourceConfig() {
  return {.family = Family::kQwen2,
          .vocab_size = 50,
          .hidden_dim = 32,
          .ffn_dim = 64,
          .layers = 2,
          .query_heads = 4,
          .kv_heads = 2,
          .head_dim = 16,
          .context_length = 64,
          .every_layer = {.qkv_bias = true}};
}

// A model in memory, matrices in blocks of 8-bit numbers.
class MemorySource : public ModelSource {
 public:
  explicit MemorySource(ModelConfig config) : ModelSource("memory", std::move(config)) {
    uint64_t stream = 0;
    for (const WeightShape& weight : WeightShapes(this->config())) {
      Add(weight, mores::Random(1, ++stream));
    }
  }
  Expected<tensor::TensorView> Find(const WeightShape& weight) const override {
    return tensors_.at(weight.name);
  }
  Expected<tensor::TensorView> FindAny(const std::string& name) const override {
    return tensors_.at(name);
  }
  std::vector<std::string> TensorNames() const override {
    std::vector<std::string> names;
    for (const auto& entry : tensors_) names.push_back(entry.first);
    return names;
  }
  void Release(const std::string&) const override {}
  Expected<std::unique_ptr<text::Tokenizer>> LoadTokenizer() const override {
    return MakeError(ErrorKind::kMissing, "none");
  }
  Expected<std::optional<text::ChatTemplateText>> ChatTemplate() const override {
    return std::nullopt;
  }
  Expected<std::map<std::string, std::string>> SpecialTokens() const override { return {}; }
  Expected<Json> ConfigJson() const override { return ToJson(config(), "float32"); }
  Expected<std::optional<text::NamedText>> JudgeJson() const override { return std::nullopt; }
  std::string Folder() const override { return "memory"; }
  Expected<std::map<std::string, std::string>> OtherFiles() const override { return {}; }
  Expected<std::vector<HashedFile>> HashFiles() const override {
    return std::vector<HashedFile>{{"a", "1"}, {"b", "2"}};
  }

 private:
  void Add(const WeightShape& weight, mores::Random random) {
    const bool matrix = weight.shape.size() > 1;
    int64_t count = 1;
    for (const int64_t dim : weight.shape) count *= dim;
    std::string& bytes = bytes_[weight.name];
    for (int64_t i = 0; i < count; ++i) {
      if (matrix && i % 32 == 0) bytes += {0x00, 0x14};  // a scale of 2^-10
      if (matrix) {
        bytes += static_cast<char>(random.Below(256));
      } else {
        const float value = 1 + static_cast<float>(random.Normal()) / 8;
        bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
      }
    }
    tensors_[weight.name] = {
        .dtype = matrix ? DType::kQ8_0 : DType::kF32, .shape = weight.shape, .bytes = bytes};
  }

  std::map<std::string, std::string> bytes_;
  std::map<std::string, tensor::TensorView> tensors_;
};

class ModelSourceTest : public ::testing::Test {
 protected:
  std::vector<float> Logits(const ModelSource& source, DType precision) {
    const auto decoder = Decoder::Load(source, precision, pool_);
    EXPECT_TRUE(decoder) << decoder.error().message;
    const std::vector<int32_t> tokens = {1, 7, 49, 3, 3, 12};
    KvCache cache(**decoder, static_cast<int64_t>(tokens.size()));
    DecoderScratch scratch;
    const Chunk chunk{.tokens = tokens, .cache = &cache};
    const std::span<const float> hidden = (*decoder)->Forward({&chunk, 1}, scratch, pool_);
    std::vector<float> logits(tokens.size() * 50);
    (*decoder)->Logits(hidden.data(), static_cast<int64_t>(tokens.size()), {}, logits.data(),
                       scratch, pool_);
    return logits;
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(directory_.path() + "/" + name, text));
  }

  const TestDirectory directory_;
  ThreadPool pool_{2};
};

// Blocks run as the numbers that they stand for.
TEST_F(ModelSourceTest, RunsBlocksAsTheirNumbers) {
  const MemorySource source(SourceConfig());
  const auto trainable = TrainableModel::Load(source, pool_);
  ASSERT_TRUE(trainable) << trainable.error().message;
  ASSERT_TRUE((*trainable)->Save(directory_.path(), DType::kF32));
  const auto copy = OpenModel(directory_.path());
  ASSERT_TRUE(copy) << copy.error().message;
  for (const DType precision : {DType::kF32, DType::kBf16}) {
    const std::vector<float> logits = Logits(source, precision);
    EXPECT_TRUE(std::isfinite(logits[7]));
    EXPECT_NE(logits[7], logits[8]);
    EXPECT_EQ(logits, Logits(**copy, precision)) << Name(precision);
  }
}

TEST_F(ModelSourceTest, RefusesLayersThatAreNotComputed) {
  ModelConfig config = SourceConfig();
  config.every_layer.score_cap = 30;
  const MemorySource source(config);
  const auto decoder = Decoder::Load(source, DType::kF32, pool_);
  ASSERT_FALSE(decoder);
  EXPECT_EQ(decoder.error().kind, ErrorKind::kUnsupported);
  EXPECT_EQ(decoder.error().message,
            "memory: layer 0: soft caps of attention scores are not supported");
  EXPECT_FALSE(TrainableModel::Load(source, pool_));
}

// Other rotations in one layer change the numbers, and equal ones written out don't.
TEST_F(ModelSourceTest, RotatesEachLayerByItsOwnBase) {
  ModelConfig config = SourceConfig();
  const std::vector<float> alike = Logits(MemorySource(config), DType::kF32);
  config.each_layer.assign(2, config.every_layer);
  EXPECT_EQ(Logits(MemorySource(config), DType::kF32), alike);
  config.each_layer[1].rope.theta = 1e6;
  const std::vector<float> other = Logits(MemorySource(config), DType::kF32);
  EXPECT_NE(other, alike);
  // The first position turns by nothing, whatever the base.
  EXPECT_TRUE(std::equal(other.begin(), other.begin() + 50, alike.begin()));
}

TEST_F(ModelSourceTest, IsNamedByPathAndHashes) {
  const MemorySource source(SourceConfig());
  EXPECT_EQ(*source.Name(), "memory@" + Sha256Hex("a 1\nb 2\n").substr(0, 12));
}

TEST_F(ModelSourceTest, ADirectorySaysWhatShapesResults) {
  ASSERT_TRUE(TrainableModel::Load(MemorySource(SourceConfig()), pool_)
                  .value()
                  ->Save(directory_.path(), DType::kBf16));
  Write("tokenizer.json", "{}");
  Write("generation_config.json", R"({"eos_token_id": [2, 9]})");
  Write("notes.txt", "x");
  const auto source = OpenModel(directory_.path());
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_TRUE((*source)->config().EndsReply(9));
  const auto names = [&] {
    std::vector<std::string> found;
    const auto opened = OpenModel(directory_.path());
    const auto files = (*opened)->HashFiles();
    for (const ModelSource::HashedFile& file : *files) {
      found.push_back(file.name);
    }
    return found;
  };
  EXPECT_THAT(names(), ElementsAre("config.json", "generation_config.json", "model.safetensors",
                                   "tokenizer.json"));
  EXPECT_EQ((*source)->HashFiles()->at(3).sha256, Sha256Hex("{}"));
  // One that ends replies as config.json does shapes nothing.
  Write("generation_config.json", R"({"eos_token_id": 2})");
  EXPECT_THAT(names(), ElementsAre("config.json", "model.safetensors", "tokenizer.json"));
  EXPECT_FALSE((*source)->ChatTemplate()->has_value());
  Write("chat_template.jinja", "{{ messages }}");
  EXPECT_EQ((*source)->ChatTemplate().value()->source, "{{ messages }}");
  Write("special_tokens_map.json", R"({"bos_token": {"content": "<s>"}})");
  EXPECT_EQ((*source)->SpecialTokens()->at("bos_token"), "<s>");
  EXPECT_EQ((*source)->OtherFiles()->size(), 5u);
}

TEST_F(ModelSourceTest, NamesWhatIsMissing) {
  const auto source = OpenModel(directory_.path() + "/none");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().kind, ErrorKind::kMissing);
  EXPECT_THAT(source.error().message, HasSubstr("none: no such model directory"));
}

}  // namespace
}  // namespace mores::model
