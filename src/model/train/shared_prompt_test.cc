// A prompt that several completions share is computed once, forward and backward: with the same
// log-probabilities to the bit and the same gradients as one prompt for each completion.
#include <gtest/gtest.h>

#include <iostream>

#include "model/adapter/adapter.h"
#include "model/train/trainable_model.h"
#include "support/model/adapter_golden.h"
#include "support/model/completion_batch.h"
#include "support/model/golden_case.h"

namespace mores::model {
namespace {

using tensor::DType;

const std::string kSharedGoldens = std::string(MORES_SOURCE_DIR) + "/tests/golden";

// Of lengths that end in, at and behind a tile of sixteen; single tokens; three completions.
std::vector<PromptAndCompletions> ExamplesOf(int vocab) {
  uint32_t state = 17;
  const auto tokens = [&state, vocab](size_t count) {
    std::vector<int32_t> all(count);
    for (int32_t& token : all) {
      state = state * 1664525 + 1013904223;
      token = static_cast<int32_t>((state >> 8) % static_cast<uint32_t>(vocab));
    }
    return all;
  };
  std::vector<PromptAndCompletions> examples;
  examples.push_back({tokens(11), {tokens(5), tokens(9)}});
  examples.push_back({tokens(1), {tokens(7), tokens(1)}});
  examples.push_back({tokens(16), {tokens(2), tokens(13)}});
  examples.push_back({tokens(5), {tokens(1), tokens(1)}});
  examples.push_back({tokens(9), {tokens(4)}});
  examples.push_back({tokens(7), {tokens(6), tokens(3), tokens(8)}});
  return examples;
}

// Weights of either sign, as preferences have them.
void SetWeights(CompletionBatch& made) {
  std::vector<float> in_order(made.batch.predictions.size());
  for (size_t i = 0; i < in_order.size(); ++i) {
    in_order[i] = (i % 3 == 0 ? -0.5f : 0.25f) * static_cast<float>(1 + i % 5);
  }
  std::vector<float> weights(in_order.size());
  made.SetByPrediction(in_order, weights);
  for (size_t i = 0; i < weights.size(); ++i) made.batch.predictions[i].weight = weights[i];
}

class SharedPrompt : public testing::TestWithParam<GoldenSetting> {
 protected:
  void SetUp() override { ASSERT_TRUE(SetIsaLevel(GetParam().isa)); }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }

  // Of the case: every weight, or an adapter.
  static std::unique_ptr<TrainableModel> Open(ThreadPool& pool) {
    const std::string& name = GetParam().name;
    if (!name.starts_with("adapter_")) {
      auto model = TrainableModel::Load(kSharedGoldens + "/" + name + "/model", pool);
      EXPECT_TRUE(model) << model.error().message;
      return model ? std::move(*model) : nullptr;
    }
    const auto golden = ReadAdapterGolden(kSharedGoldens, name.substr(std::strlen("adapter_")));
    EXPECT_TRUE(golden) << golden.error().message;
    auto base = OpenModel(golden->base_directory);
    EXPECT_TRUE(base) << base.error().message;
    const std::shared_ptr<const ModelSource> shared = std::move(*base);
    const auto adapter = OpenAdapter(golden->adapter_directory, shared->config());
    EXPECT_TRUE(adapter) << adapter.error().message;
    auto model = TrainableModel::Adapt(shared, **adapter, pool);
    EXPECT_TRUE(model) << model.error().message;
    return model ? std::move(*model) : nullptr;
  }

  struct Result {
    std::vector<float> nll, evaluated;  // of completions' tokens in order
    std::vector<std::vector<float>> gradients;
  };
  static Result Run(TrainableModel& model, CompletionBatch made) {
    SetWeights(made);
    Result result;
    BatchFigures figures;
    model.Evaluate(made.batch, {.precision = GetParam().precision}, &figures);
    result.evaluated = made.InOrder(figures.nll);
    model.ZeroGradients();
    model.ForwardBackward(made.batch, {.precision = GetParam().precision}, &figures);
    result.nll = made.InOrder(figures.nll);
    for (const Parameter& parameter : model.parameters()) {
      result.gradients.push_back(parameter.gradient);
    }
    return result;
  }
};

TEST_P(SharedPrompt, GivesTheSameAsAPromptForEach) {
  ThreadPool pool(2);
  const auto model = Open(pool);
  ASSERT_NE(model, nullptr);
  const auto examples = ExamplesOf(model->config().vocab_size);
  const CompletionBatch shared = SharedPrompts(examples), separate = SeparatePrompts(examples);
  EXPECT_LT(shared.batch.rows(), separate.batch.rows());
  const Result ours = Run(*model, shared), plain = Run(*model, separate);
  EXPECT_EQ(ours.nll, plain.nll);
  EXPECT_EQ(ours.evaluated, plain.evaluated);
  EXPECT_EQ(ours.nll, ours.evaluated);
  // In bf16 the two round at other places: what a prompt's row gets from its completions is added
  // before it is rounded, or after.
  const bool f32 = GetParam().precision == DType::kF32;
  WorstError worst;
  for (size_t i = 0; i < ours.gradients.size(); ++i) {
    const std::string& name = model->parameters()[i].name;
    const double tolerance =
        f32 ? 1e-5 : GradientTolerance(model->config(), DType::kBf16, separate.batch.rows(), name);
    worst.Add(name, RelativeNormError(ours.gradients[i], plain.gradients[i]), tolerance);
  }
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

TEST_P(SharedPrompt, HasTheSameBitsForAnyNumberOfThreads) {
  std::vector<Result> results;
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    const auto model = Open(pool);
    ASSERT_NE(model, nullptr);
    results.push_back(Run(*model, SharedPrompts(ExamplesOf(model->config().vocab_size))));
  }
  for (size_t i = 1; i < results.size(); ++i) {
    EXPECT_EQ(results[i].nll, results[0].nll);
    EXPECT_EQ(results[i].gradients, results[0].gradients);
  }
}

// Examples packed into one pass and run in one each: log-probabilities to the bit.
TEST_P(SharedPrompt, LogProbabilitiesDontDependOnTheirNeighbours) {
  ThreadPool pool(2);
  const auto model = Open(pool);
  ASSERT_NE(model, nullptr);
  const auto examples = ExamplesOf(model->config().vocab_size);
  const std::vector<float> together = Run(*model, SharedPrompts(examples)).nll;
  std::vector<float> apart;
  for (const PromptAndCompletions& example : examples) {
    const std::vector<float> one = Run(*model, SharedPrompts({example})).nll;
    apart.insert(apart.end(), one.begin(), one.end());
  }
  EXPECT_EQ(together, apart);
}

std::vector<GoldenSetting> SharedSettings() {
  std::vector<GoldenSetting> all;
  std::vector<std::string> names = GoldenCaseNames();
  for (const char* adapter : {"lora_all_linear", "dora_bias", "lora_head", "upper_layer"}) {
    names.push_back(std::string("adapter_") + adapter);
  }
  for (const std::string& name : names) {
    for (const DType precision : {DType::kF32, DType::kBf16}) {
      for (const IsaLevel isa : SupportedIsaLevels()) all.push_back({name, precision, isa});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, SharedPrompt, testing::ValuesIn(SharedSettings()), NameOf);

}  // namespace
}  // namespace mores::model
