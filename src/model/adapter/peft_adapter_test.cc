#include "model/adapter/peft_adapter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "base/files.h"
#include "base/random.h"
#include "model/weights.h"
#include "support/base/test_directory.h"
#include "tensor/safetensors.h"

namespace mores::model {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kQuery[] = "model.layers.0.self_attn.q_proj";

class PeftAdapterTest : public ::testing::Test {
 protected:
  static std::unique_ptr<const ModelSource> Base(const std::string& name) {
    auto source = OpenModel(std::string(MORES_SOURCE_DIR) + "/tests/golden/" + name + "/model");
    EXPECT_TRUE(source) << source.error().message;
    return std::move(*source);
  }
  std::string Folder(const std::string& name) const { return directory_.path() + "/" + name; }
  std::string ConfigFile() const { return Folder("tune") + "/adapter_config.json"; }
  // One whose B isn't zero, as training leaves it.
  static Adapter Trained(const AdapterConfig& config, const ModelSource& base) {
    auto made = NewAdapter(config, base, 7);
    EXPECT_TRUE(made) << made.error().message;
    Adapter adapter = **made;
    for (auto& [module, part] : adapter.parts) {
      mores::Random random(3, HashBytes(module));
      for (float& value : part.b) value = static_cast<float>(random.Normal());
      for (float& value : part.magnitude) value *= 1.25f;
    }
    return adapter;
  }
  std::unique_ptr<Adapter> Reopened(const Adapter& adapter, const ModelConfig& config) {
    const Status written = WritePeftAdapter(adapter, Folder("tune"));
    EXPECT_TRUE(written) << written.error().message;
    auto read = OpenAdapter(Folder("tune"), config);
    EXPECT_TRUE(read) << read.error().message;
    return read ? std::move(*read) : nullptr;
  }
  std::string Refusal(const ModelConfig& config) const {
    const auto read = OpenAdapter(Folder("tune"), config);
    return read ? "opened" : read.error().message;
  }
  // The file's tensors, changed.
  void Rewrite(const std::function<void(std::map<std::string, std::vector<float>>&,
                                        std::map<std::string, std::vector<int64_t>>&)>& change) {
    const std::string path = Folder("tune") + "/adapter_model.safetensors";
    std::map<std::string, std::vector<float>> values;
    std::map<std::string, std::vector<int64_t>> shapes;
    {
      const auto file = tensor::SafetensorsFile::Open(path);
      ASSERT_TRUE(file);
      for (const auto& [name, view] : (*file)->tensors()) {
        shapes[name] = view.shape;
        values[name].resize(static_cast<size_t>(view.elements()));
        view.CopyTo(values[name].data());
      }
    }
    change(values, shapes);
    std::vector<tensor::TensorToWrite> tensors;
    for (const auto& [name, numbers] : values) {
      tensors.push_back({name, shapes[name], numbers.data()});
    }
    ASSERT_TRUE(tensor::WriteSafetensors(path, tensors));
  }
  static std::vector<float> Values(const ModelSource& source, const std::string& name) {
    const auto view = source.FindAny(name);
    EXPECT_TRUE(view) << view.error().message;
    std::vector<float> values(static_cast<size_t>(view->elements()));
    view->CopyTo(values.data());
    return values;
  }

  const TestDirectory directory_;
};

AdapterConfig Queries() {
  AdapterConfig config;
  config.rank = 3;
  config.alpha = 6;
  config.targets = {"q_proj"};
  return config;
}

TEST_F(PeftAdapterTest, BeginsAsPeftDoes) {
  const auto base = Base("llama");
  AdapterConfig config = Queries();
  config.dora = true;
  const auto adapter = NewAdapter(config, *base, 5);
  ASSERT_TRUE(adapter) << adapter.error().message;
  EXPECT_EQ((*adapter)->parts.size(), 2u);
  const AdapterPart& part = *(*adapter)->Find(kQuery);
  EXPECT_THAT(part.b, Each(0.0f));
  const double bound = 1 / std::sqrt(static_cast<double>(part.place.in));
  double square = 0;
  for (const float value : part.a) {
    EXPECT_LE(std::fabs(value), bound);
    square += value * value;
  }
  // Uniform: a third of the bound's square.
  EXPECT_NEAR(square / static_cast<double>(part.a.size()) / (bound * bound), 1.0 / 3, 0.08);
  const std::vector<float> weight = Values(*base, std::string(kQuery) + ".weight");
  double norm = 0;
  for (int64_t i = 0; i < part.place.in; ++i) norm += weight[i] * weight[i];
  EXPECT_NEAR(part.magnitude[0], std::sqrt(norm), 1e-6);
  EXPECT_THAT(*DoraFactors(part, *base), Each(::testing::FloatNear(1, 1e-6)));
  // By the seed and the module, whatever else there is.
  config.targets = {"q_proj", "down_proj"};
  EXPECT_EQ((*NewAdapter(config, *base, 5))->Find(kQuery)->a, part.a);
  EXPECT_NE((*NewAdapter(config, *base, 6))->Find(kQuery)->a, part.a);
}

TEST_F(PeftAdapterTest, WhatIsWrittenIsReadAgain) {
  for (const char* model : {"llama", "internlm2"}) {
    const auto base = Base(model);
    AdapterConfig config;
    config.all_linear = true;
    config.layers_to_transform = {1};
    config.rank = 2;
    config.rank_stabilized = config.dora = true;
    config.rank_pattern = {{model[0] == 'l' ? "o_proj" : "wo", 5}};
    config.base = "somewhere";
    const Adapter adapter = Trained(config, *base);
    const auto read = Reopened(adapter, base->config());
    ASSERT_TRUE(read);
    ASSERT_EQ(read->parts.size(), adapter.parts.size());
    for (const auto& [module, part] : adapter.parts) {
      const AdapterPart& other = *read->Find(module);
      EXPECT_EQ(other.a, part.a);
      EXPECT_EQ(other.b, part.b);
      EXPECT_EQ(other.magnitude, part.magnitude);
      EXPECT_EQ(other.place.scale, part.place.scale);
    }
    EXPECT_EQ(read->config.base_files, *BaseFilesOf(*base));
    EXPECT_TRUE(OpenAdapter(Folder("tune"), *base));
  }
}

TEST_F(PeftAdapterTest, MergesWithMagnitudes) {
  const auto base = Base("llama");
  AdapterConfig config = Queries();
  config.dora = true;
  const Adapter adapter = Trained(config, *base);
  const AdapterPart& part = *adapter.Find(kQuery);
  const std::string name = std::string(kQuery) + ".weight";
  const std::vector<float> before = Values(*base, name), factors = *DoraFactors(part, *base);
  const auto merged = MergedSource(Base("llama"), std::make_unique<Adapter>(adapter));
  ASSERT_TRUE(merged) << merged.error().message;
  const std::vector<float> after = Values(**merged, name);
  const int64_t in = part.place.in, rank = part.place.rank;
  for (int64_t row = 0; row < part.place.out; ++row) {
    std::vector<double> changed(static_cast<size_t>(in));
    double norm = 0;
    for (int64_t column = 0; column < in; ++column) {
      double sum = 0;
      for (int64_t r = 0; r < rank; ++r) sum += part.b[row * rank + r] * part.a[r * in + column];
      changed[column] = before[row * in + column] + 2 * sum;
      norm += changed[column] * changed[column];
    }
    const double factor = part.magnitude[row] / std::sqrt(norm);
    EXPECT_NEAR(factors[row], factor, 1e-5);
    for (int64_t column = 0; column < in; ++column) {
      EXPECT_NEAR(after[row * in + column], factor * changed[column], 1e-5);
    }
  }
  EXPECT_TRUE((*merged)->Changes(name));
  EXPECT_FALSE((*merged)->Changes("model.layers.0.self_attn.k_proj.weight"));
  EXPECT_EQ(Values(**merged, "model.norm.weight"), Values(*base, "model.norm.weight"));
}

TEST_F(PeftAdapterTest, SaysWhatTensorsAreWrong) {
  const auto base = Base("llama");
  const ModelConfig& model = base->config();
  const Adapter adapter = Trained(Queries(), *base);
  const std::string stem = std::string("base_model.model.") + kQuery;
  using Values = std::map<std::string, std::vector<float>>;
  using Shapes = std::map<std::string, std::vector<int64_t>>;
  const auto with = [&](const std::function<void(Values&, Shapes&)>& change) {
    EXPECT_TRUE(WritePeftAdapter(adapter, Folder("tune")));
    Rewrite(change);
    return Refusal(model);
  };
  EXPECT_EQ(with([](Values&, Shapes&) {}), "opened");
  EXPECT_THAT(with([&](Values& v, Shapes&) { v.erase(stem + ".lora_B.weight"); }),
              HasSubstr("no tensor '" + stem + ".lora_B.weight', and adapter_config.json names"));
  EXPECT_THAT(with([&](Values& v, Shapes&) {
                v[stem + ".lora_A.weight"][3] = std::numeric_limits<float>::quiet_NaN();
              }),
              HasSubstr(stem + ".lora_A.weight' holds numbers that aren't finite"));
  EXPECT_THAT(with([&](Values& v, Shapes& s) {
                v[stem + ".lora_A.weight"].resize(2 * static_cast<size_t>(model.hidden_dim));
                s[stem + ".lora_A.weight"] = {2, model.hidden_dim};
              }),
              HasSubstr("is of rank 2, and adapter_config.json says 3"));
  EXPECT_THAT(with([&](Values& v, Shapes& s) {
                v[stem + ".lora_B.weight"].resize(6);
                s[stem + ".lora_B.weight"] = {2, 3};
              }),
              HasSubstr("has shape [2, 3], and [40, 3] is wanted here"));
  const auto added = [&](const std::string& name, std::vector<int64_t> shape = {1}) {
    return with([&](Values& v, Shapes& s) {
      size_t size = 1;
      for (const int64_t dim : shape) size *= static_cast<size_t>(dim);
      v[name] = std::vector<float>(size, 0.5f);
      s[name] = shape;
    });
  };
  EXPECT_THAT(added("model.x.lora_A.weight"), HasSubstr("must begin with 'base_model.model.'"));
  EXPECT_THAT(added("base_model.model.model.layers.9.self_attn.q_proj.lora_A.weight"),
              HasSubstr("has no place in the model"));
  EXPECT_THAT(added("base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight"),
              HasSubstr("is of a layer that adapter_config.json doesn't name"));
  EXPECT_THAT(added(stem + ".lora_B.bias"), HasSubstr("(lora_bias)"));
  EXPECT_THAT(added(stem + ".lora_magnitude_vector"), HasSubstr("which use_dora denies"));
  EXPECT_THAT(added("base_model.model.model.embed_tokens.lora_embedding_A"),
              HasSubstr("adapts an embedding"));
  EXPECT_THAT(added("base_model.model.score.weight"), HasSubstr("is no part of a LoRA adapter"));
  EXPECT_THAT(added("base_model.model.lm_head.weight", {3, model.hidden_dim}),
              HasSubstr("resized vocabularies are not supported"));
}

// PEFT saves embedding and head beside an adapter of the head.
TEST_F(PeftAdapterTest, KnowsCopiesOfTheBasesWeights) {
  const auto base = Base("llama");
  AdapterConfig config = Queries();
  config.targets = {"lm_head"};
  const Adapter adapter = Trained(config, *base);
  ASSERT_TRUE(WritePeftAdapter(adapter, Folder("tune")));
  const ModelConfig& model = base->config();
  const auto add = [&](float difference) {
    Rewrite([&](auto& values, auto& shapes) {
      for (const char* name : {"model.embed_tokens", "lm_head"}) {
        const std::string at =
            fmt::format("base_model.model.{}{}.weight", name, name[0] == 'l' ? ".base_layer" : "");
        values[at] = Values(*base, std::string(name) + ".weight");
        shapes[at] = {model.vocab_size, model.hidden_dim};
        values[at][5] += difference;
      }
    });
    return OpenAdapter(Folder("tune"), *base);
  };
  const auto same = add(0);
  ASSERT_TRUE(same) << same.error().message;
  EXPECT_EQ((*same)->copies.size(), 2u);
  const auto refused = add(0.01f);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("weights that were trained whole"));
}

TEST_F(PeftAdapterTest, AnotherBaseIsRefused) {
  const auto base = Base("llama");
  ASSERT_TRUE(WritePeftAdapter(Trained(Queries(), *base), Folder("tune")));
  // Of the same shape, with another weight.
  namespace fs = std::filesystem;
  fs::copy(base->path(), Folder("other"));
  const std::string weights = Folder("other") + "/model.safetensors";
  auto bytes = ReadFile(weights);
  ASSERT_TRUE(bytes);
  bytes->back() = static_cast<char>(bytes->back() ^ 1);
  ASSERT_TRUE(WriteFileAtomically(weights, *bytes));
  const auto other = OpenModel(Folder("other"));
  ASSERT_TRUE(other);
  const auto refused = OpenAdapter(Folder("tune"), **other);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(refused.error().message,
              HasSubstr("an adapter of another base: its model.safetensors is none of"));
  EXPECT_THAT(refused.error().message, HasSubstr("delete " + Folder("tune") + "/base_files.json"));
  // Before a tensor that doesn't fit is told as one.
  const auto wider = OpenModel("models/mini");
  ASSERT_TRUE(wider);
  EXPECT_THAT(OpenAdapter(Folder("tune"), **wider).error().message,
              HasSubstr("an adapter of another base: its config.json is none of"));
  // By its files, wherever they lie; without their sums, by its shapes alone.
  fs::copy(base->path(), Folder("same"));
  EXPECT_TRUE(OpenAdapter(Folder("tune"), **OpenModel(Folder("same"))));
  fs::remove(Folder("tune") + "/base_files.json");
  EXPECT_TRUE(OpenAdapter(Folder("tune"), **other));
  EXPECT_THAT(OpenAdapter(Folder("tune"), **wider).error().message,
              HasSubstr("columns, and the model has 256 there: an adapter of another base?"));
}

TEST_F(PeftAdapterTest, SaysWhereAdaptersLie) {
  const auto base = Base("llama");
  const ModelConfig& model = base->config();
  const Adapter adapter = Trained(Queries(), *base);
  EXPECT_THAT(Refusal(model), HasSubstr("no such folder or GGUF file"));
  ASSERT_TRUE(WritePeftAdapter(adapter, Folder("tune") + "/second"));
  EXPECT_THAT(Refusal(model), HasSubstr("a folder in it does: give " + Folder("tune/second")));
  ASSERT_TRUE(WritePeftAdapter(adapter, Folder("tune")));
  EXPECT_EQ(Refusal(model), "opened");
  EXPECT_THAT(OpenAdapter(ConfigFile(), model).error().message, HasSubstr("give its folder"));
  std::filesystem::rename(Folder("tune") + "/adapter_model.safetensors",
                          Folder("tune") + "/adapter_model.bin");
  EXPECT_THAT(Refusal(model), HasSubstr("a pickle can run any code"));
  std::filesystem::remove(Folder("tune") + "/adapter_model.bin");
  EXPECT_THAT(Refusal(model), HasSubstr("adapter_model.safetensors: no such file"));
}

TEST(PeftAdapterConfigTest, IsARegularFileOfASensibleSize) {
  const TestDirectory folder;
  const std::string config = folder.path() + "/adapter_config.json";
  ASSERT_EQ(mkfifo(config.c_str(), 0600), 0);
  EXPECT_THAT(ReadAdapterConfig(folder.path()).error().message,
              HasSubstr("adapter_config.json: is no regular file"));
  std::filesystem::remove(config);
  std::filesystem::create_symlink("/dev/zero", config);
  EXPECT_THAT(ReadAdapterConfig(folder.path()).error().message, HasSubstr("is no regular file"));
  std::filesystem::remove(config);
  ASSERT_TRUE(WriteFileAtomically(config, ""));
  std::filesystem::resize_file(config, 200 << 20);
  EXPECT_THAT(ReadAdapterConfig(folder.path()).error().message, HasSubstr("is above 16 MiB"));
}

TEST_F(PeftAdapterTest, TextsOfItsFolderWin) {
  const auto base = Base("llama");
  ASSERT_TRUE(WritePeftAdapter(Trained(Queries(), *base), Folder("tune")));
  ASSERT_TRUE(WriteFileAtomically(Folder("tune") + "/judge.json", "{}"));
  ASSERT_TRUE(WriteFileAtomically(Folder("tune") + "/question.txt", "{response}"));
  const auto adapter = OpenAdapter(Folder("tune"), base->config());
  ASSERT_TRUE(adapter);
  const text::ModelTexts texts = AdaptedTexts(*base, **adapter);
  EXPECT_EQ((*texts.judge)->where, Folder("tune") + "/judge.json");
  EXPECT_EQ(texts.PathOf("question.txt"), Folder("tune") + "/question.txt");
  EXPECT_EQ(texts.PathOf("config.json"), base->path() + "/config.json");
  auto merged = MergedSource(Base("llama"), std::make_unique<Adapter>(**adapter));
  ASSERT_TRUE(merged);
  EXPECT_EQ((*(*merged)->JudgeJson())->text, "{}");
  EXPECT_EQ((*merged)->OtherFiles()->at("question.txt"), "{response}");
  EXPECT_FALSE((*merged)->OtherFiles()->contains("adapter_config.json"));
  EXPECT_EQ((*merged)->Stem(), "model+tune");
  std::vector<std::string> files;
  const auto hashed = (*merged)->HashFiles();
  for (const auto& file : *hashed) files.push_back(file.name);
  EXPECT_THAT(files, ElementsAre("adapter_config.json", "adapter_model.safetensors", "config.json",
                                 "judge.json", "model.safetensors"));
}

}  // namespace
}  // namespace mores::model
