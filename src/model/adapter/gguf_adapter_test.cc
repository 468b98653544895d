#include "model/adapter/gguf_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/files.h"
#include "base/hash.h"
#include "base/random.h"
#include "model/decoder.h"
#include "support/base/test_directory.h"
#include "support/model/gguf_file_of.h"
#include "tensor/quantize.h"

namespace mores::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kRank = 3;
constexpr float kAlpha = 5.0f;

class GgufAdapterTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return directory_.path() + "/" + name; }
  std::unique_ptr<const ModelSource> Base(const std::string& name) {
    auto source = OpenModel(std::string(MORES_SOURCE_DIR) + "/tests/golden/" + name + "/model");
    EXPECT_TRUE(source) << source.error().message;
    return std::move(*source);
  }
  GgufDraft Draft(const std::string& architecture) {
    GgufDraft draft;
    draft.Set("general.architecture", architecture);
    draft.Set("general.type", std::string("adapter"));
    draft.Set("adapter.type", std::string("lora"));
    draft.Set("adapter.lora.alpha", kAlpha);
    return draft;
  }
  // Both halves for a tensor, of random numbers.
  void AddHalves(GgufDraft& draft, const std::string& name, int64_t rows, int64_t columns) {
    SetMatrix(draft, name + ".lora_a", kRank, columns);
    SetMatrix(draft, name + ".lora_b", rows, kRank);
  }
  void SetMatrix(GgufDraft& draft, const std::string& name, int64_t rows, int64_t columns) {
    mores::Random random(7, ++stream_);
    std::vector<float> values(static_cast<size_t>(rows * columns));
    for (float& value : values) value = static_cast<float>(random.Normal());
    draft.SetFloats(name, values);
    draft.tensors[name].shape = {rows, columns};
    halves_[name] = values;
  }
  Expected<std::unique_ptr<const ModelSource>> Open(const std::string& base,
                                                    const GgufDraft& draft) {
    EXPECT_TRUE(WriteGguf(draft, Path("tune.gguf")));
    auto source = Base(base);
    MORES_ASSIGN_OR_RETURN(auto adapter, OpenAdapter(Path("tune.gguf"), source->config()));
    return MergedSource(std::move(source), std::move(adapter));
  }
  std::string Refusal(const std::string& base, const GgufDraft& draft) {
    const auto source = Open(base, draft);
    return source ? "opened" : source.error().message;
  }
  static std::vector<float> Values(const ModelSource& source, const std::string& name) {
    const auto view = source.FindAny(name);
    EXPECT_TRUE(view) << view.error().message;
    std::vector<float> values(static_cast<size_t>(view->elements()));
    view->CopyTo(values.data());
    return values;
  }
  // What the adapter adds to an element, `row` as the file has it.
  float Added(const std::string& name, int64_t row, int64_t column, int64_t columns) const {
    const std::vector<float>& a = halves_.at(name + ".lora_a");
    const std::vector<float>& b = halves_.at(name + ".lora_b");
    float sum = 0;
    for (int64_t r = 0; r < kRank; ++r) {
      sum += b[static_cast<size_t>(row * kRank + r)] * a[static_cast<size_t>(r * columns + column)];
    }
    return kAlpha / static_cast<float>(kRank) * sum;
  }
  // `row_of`: where the file has a row of the checkpoint.
  void ExpectAdded(const ModelSource& adapted, const ModelSource& base, const std::string& tensor,
                   const std::string& name, const std::function<int64_t(int64_t)>& row_of) {
    const std::vector<float> before = Values(base, tensor), after = Values(adapted, tensor);
    const std::vector<int64_t> shape = base.FindAny(tensor)->shape;
    for (int64_t row = 0; row < shape[0]; ++row) {
      for (int64_t column = 0; column < shape[1]; ++column) {
        const auto at = static_cast<size_t>(row * shape[1] + column);
        ASSERT_EQ(after[at], before[at] + Added(name, row_of(row), column, shape[1]))
            << tensor << " " << row << " " << column;
      }
    }
  }

  const TestDirectory directory_;
  std::map<std::string, std::vector<float>> halves_;
  uint64_t stream_ = 0;
};

TEST_F(GgufAdapterTest, AddsToTheRowsThatAreMeant) {
  const auto base = Base("llama");
  const ModelConfig& c = base->config();
  GgufDraft draft = Draft("llama");
  AddHalves(draft, "blk.0.attn_q.weight", c.query_dim(), c.hidden_dim);
  AddHalves(draft, "blk.1.ffn_down.weight", c.hidden_dim, c.ffn_dim);
  AddHalves(draft, "output.weight", c.vocab_size, c.hidden_dim);
  const auto adapted = Open("llama", draft);
  ASSERT_TRUE(adapted) << adapted.error().message;
  const auto same = [](int64_t row) { return row; };
  ExpectAdded(**adapted, *base, "model.layers.1.mlp.down_proj.weight", "blk.1.ffn_down.weight",
              same);
  ExpectAdded(**adapted, *base, "lm_head.weight", "output.weight", same);
  // The second half of a head lies between the rows of the first.
  const int64_t dim = c.head_dim, half = dim / 2;
  ExpectAdded(**adapted, *base, "model.layers.0.self_attn.q_proj.weight", "blk.0.attn_q.weight",
              [&](int64_t row) {
                const int64_t within = row % dim;
                return row - within + (within < half ? 2 * within : 2 * (within - half) + 1);
              });
  EXPECT_EQ(Values(**adapted, "model.layers.1.self_attn.q_proj.weight"),
            Values(*base, "model.layers.1.self_attn.q_proj.weight"));
}

TEST_F(GgufAdapterTest, AddsToPartsOfFusedTensors) {
  const auto base = Base("internlm2");
  const ModelConfig& c = base->config();
  GgufDraft draft = Draft("internlm2");
  AddHalves(draft, "blk.0.attn_v.weight", c.kv_dim(), c.hidden_dim);
  const auto adapted = Open("internlm2", draft);
  ASSERT_TRUE(adapted) << adapted.error().message;
  const std::string name = "model.layers.0.attention.wqkv.weight";
  const std::vector<float> before = Values(*base, name), after = Values(**adapted, name);
  const int64_t group = c.query_heads / c.kv_heads;
  for (int64_t row = 0; row < c.query_dim() + 2 * c.kv_dim(); ++row) {
    const int64_t head = row / c.head_dim;
    const bool value = head % (group + 2) == group + 1;
    const int64_t value_row = head / (group + 2) * c.head_dim + row % c.head_dim;
    for (int64_t column = 0; column < c.hidden_dim; ++column) {
      const auto at = static_cast<size_t>(row * c.hidden_dim + column);
      const float added = value ? Added("blk.0.attn_v.weight", value_row, column, c.hidden_dim) : 0;
      ASSERT_EQ(after[at], before[at] + added) << row << " " << column;
    }
  }
}

// As converters write adapters, too.
TEST_F(GgufAdapterTest, ReadsBlocks) {
  const ModelConfig c = Base("internlm2")->config();
  GgufDraft draft = Draft("internlm2");
  AddHalves(draft, "blk.0.attn_v.weight", c.kv_dim(), c.hidden_dim);
  const std::string name = "blk.0.attn_v.weight.lora_b";
  draft.Set("adapter.lora.alpha", 32.0f);
  constexpr int64_t kWide = 32;
  SetMatrix(draft, "blk.0.attn_v.weight.lora_a", kWide, c.hidden_dim);
  SetMatrix(draft, name, c.kv_dim(), kWide);
  StoredTensor& stored = draft.tensors[name];
  std::string blocks(static_cast<size_t>(tensor::BytesOf(tensor::DType::kQ8_0, c.kv_dim() * kWide)),
                     0);
  tensor::EncodeBlocks(tensor::DType::kQ8_0, halves_[name].data(), c.kv_dim() * kWide,
                       blocks.data());
  stored.dtype = tensor::DType::kQ8_0;
  stored.bytes = blocks;
  EXPECT_TRUE(WriteGguf(draft, Path("tune.gguf")));
  const auto adapter = OpenAdapter(Path("tune.gguf"), c);
  ASSERT_TRUE(adapter) << adapter.error().message;
  const AdapterPart& part = *(*adapter)->Find("model.layers.0.attention.wqkv");
  const int64_t group = c.query_heads / c.kv_heads;
  const float* first = part.b.data() + (group + 1) * c.head_dim * kWide;
  EXPECT_NEAR(first[0], halves_[name][0], 0.05);
}

TEST_F(GgufAdapterTest, RefusesEmbeddings) {
  for (const char* base : {"qwen2_untied", "qwen2_tied"}) {
    const ModelConfig c = Base(base)->config();
    GgufDraft draft = Draft("qwen2");
    SetMatrix(draft, "token_embd.weight.lora_a", c.vocab_size, kRank);
    SetMatrix(draft, "token_embd.weight.lora_b", c.hidden_dim, kRank);
    EXPECT_THAT(Refusal(base, draft), HasSubstr("'token_embd.weight.lora_a' adapts an embedding"));
  }
}

// It is another model, with another name, that runs.
TEST_F(GgufAdapterTest, IsAModelOfItsOwn) {
  const auto base = Base("llama");
  const ModelConfig& c = base->config();
  GgufDraft draft = Draft("llama");
  AddHalves(draft, "blk.0.attn_v.weight", c.kv_dim(), c.hidden_dim);
  draft.Drop("adapter.lora.alpha");
  const auto adapted = Open("llama", draft);
  ASSERT_TRUE(adapted) << adapted.error().message;
  EXPECT_THAT(*(*adapted)->Name(), ::testing::StartsWith("model+tune@"));
  EXPECT_EQ((*adapted)->HashFiles()->size(), base->HashFiles()->size() + 1);
  EXPECT_EQ((*adapted)->HashFiles()->back().name, "tune.gguf");
  ThreadPool pool(1);
  EXPECT_TRUE(Decoder::Load(**adapted, tensor::DType::kF32, pool));
  // Without an alpha the product is added as it is.
  const std::string name = "model.layers.0.self_attn.v_proj.weight";
  const float added = Added("blk.0.attn_v.weight", 0, 0, c.hidden_dim);
  EXPECT_FLOAT_EQ(Values(**adapted, name)[0] - Values(*base, name)[0],
                  added * static_cast<float>(kRank) / kAlpha);
}

TEST_F(GgufAdapterTest, RefusesWhatDoesNotFit) {
  const ModelConfig c = Base("llama")->config();
  const GgufDraft fitting = [&] {
    GgufDraft draft = Draft("llama");
    AddHalves(draft, "blk.0.attn_v.weight", c.kv_dim(), c.hidden_dim);
    return draft;
  }();
  EXPECT_EQ(Refusal("llama", fitting), "opened");
  const auto with = [&](const std::function<void(GgufDraft&)>& change) {
    GgufDraft draft = fitting;
    change(draft);
    return Refusal("llama", draft);
  };
  EXPECT_THAT(Refusal("qwen2_tied", fitting),
              HasSubstr("general.architecture: it adapts 'llama', and "));
  EXPECT_THAT(with([](auto& d) { d.Set("general.type", std::string("model")); }),
              HasSubstr("general.type: 'model' is no adapter"));
  EXPECT_THAT(with([](auto& d) { d.Set("adapter.type", std::string("ia3")); }),
              HasSubstr("adapter.type: 'ia3' is not supported; lora is"));
  EXPECT_THAT(with([](auto& d) { d.Set("adapter.alora.invocation_tokens", 1u); }),
              HasSubstr("adapter.alora.invocation_tokens: is not known here"));
  EXPECT_THAT(with([](auto& d) { d.SetFloats("blk.0.attn_norm.weight", {1.0f}); }),
              HasSubstr("'blk.0.attn_norm.weight' is no part of a LoRA adapter"));
  EXPECT_THAT(with([&](auto& d) { AddHalves(d, "blk.9.attn_v.weight", 2, 2); }),
              HasSubstr("'blk.9.attn_v.weight.lora_a' has no place in "));
  EXPECT_THAT(with([&](auto& d) { AddHalves(d, "blk.0.attn_norm.weight", 2, 2); }),
              HasSubstr("'blk.0.attn_norm.weight.lora_a' has no place in "));
  EXPECT_THAT(with([](auto& d) { d.tensors.erase("blk.0.attn_v.weight.lora_b"); }),
              HasSubstr("'blk.0.attn_v.weight.lora_a' is without its other half"));
  EXPECT_THAT(with([&](auto& d) { AddHalves(d, "blk.0.attn_v.weight", 2, c.hidden_dim); }),
              HasSubstr("don't make up ["));
  EXPECT_THAT(Refusal("llama", Draft("llama")), HasSubstr("changes no tensor"));
}

}  // namespace
}  // namespace mores::model
