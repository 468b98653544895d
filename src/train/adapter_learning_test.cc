// An adapter learns: from nothing to a known loss, by heart, over a base that stays as it is.
#include <gtest/gtest.h>

#include <cmath>
#include <iostream>

#include "model/adapter/adapter.h"
#include "model/train/trainable_model.h"
#include "support/model/completion_batch.h"
#include "train/adamw.h"
#include "train/preference/preference_loss.h"

namespace mores::train {
namespace {

using model::CompletionBatch;
using tensor::DType;

struct LearningSetting {
  const char* base;
  bool dora;
  DType precision;
};

std::string NameOfLearning(const testing::TestParamInfo<LearningSetting>& info) {
  return fmt::format("{}_{}_{}", info.param.base, info.param.dora ? "dora" : "lora",
                     Name(info.param.precision));
}

class AdapterLearning : public testing::TestWithParam<LearningSetting> {
 protected:
  void SetUp() override {
    auto base = model::OpenModel(std::string(MORES_SOURCE_DIR) + "/tests/golden/" +
                                 GetParam().base + "/model");
    ASSERT_TRUE(base) << base.error().message;
    base_ = std::move(*base);
    const model::AdapterConfig config{
        .rank = 8, .alpha = 16, .dora = GetParam().dora, .all_linear = true};
    const auto adapter = model::NewAdapter(config, *base_, 3);
    ASSERT_TRUE(adapter) << adapter.error().message;
    auto opened = model::TrainableModel::Adapt(base_, **adapter, pool_);
    ASSERT_TRUE(opened) << opened.error().message;
    model_ = std::move(*opened);
    state_ = ZeroAdamWState(model_->parameters());
  }

  void Update(double learning_rate) {
    AdamWStep({.weight_decay = 0}, {.learning_rate = learning_rate}, model_->parameters(), state_,
              pool_);
    model_->ParametersChanged();
  }

  // Prompts that differ, and for each two completions that nothing in them tells apart.
  static std::vector<model::PromptAndCompletions> Examples() {
    std::vector<model::PromptAndCompletions> examples;
    for (int32_t i = 0; i < 4; ++i) {
      examples.push_back({{3 + i, 20, 21 + i}, {{30 + i, 9 + i, 2}, {40 + i, 14 - i, 7, 2}}});
    }
    return examples;
  }

  ThreadPool pool_{2};
  std::shared_ptr<const model::ModelSource> base_;
  std::unique_ptr<model::TrainableModel> model_;
  AdamWState state_;
};

TEST_P(AdapterLearning, LearnsCompletionsByHeart) {
  std::vector<model::PromptAndCompletions> examples = Examples();
  for (auto& example : examples) example.completions.resize(1);
  const model::TrainBatch batch = model::SharedPrompts(examples).batch;
  // An adapter that has learned nothing changes nothing.
  auto plain = model::TrainableModel::Load(*base_, pool_);
  ASSERT_TRUE(plain);
  const double start = (*plain)->Evaluate(batch, {.precision = DType::kF32}).weighted_nll;
  EXPECT_NEAR(model_->Evaluate(batch, {.precision = DType::kF32}).weighted_nll, start,
              1e-5 * start);
  double loss = 0;
  for (int step = 0; step < 150; ++step) {
    model_->ZeroGradients();
    const model::LossSum sum = model_->ForwardBackward(
        batch, {.precision = GetParam().precision,
                .loss_scale = 1 / static_cast<float>(batch.predictions.size())});
    loss = sum.weighted_nll / sum.weight;
    Update(1e-2);
  }
  std::cout << "loss per token: " << start / static_cast<double>(batch.predictions.size()) << " to "
            << loss << "\n";
  EXPECT_GT(start / static_cast<double>(batch.predictions.size()), 3);
  EXPECT_LT(loss, 0.05);
  // The base is what it was.
  plain = model::TrainableModel::Load(*base_, pool_);
  ASSERT_TRUE(plain);
  EXPECT_EQ((*plain)->Evaluate(batch, {.precision = DType::kF32}).weighted_nll, start);
}

TEST_P(AdapterLearning, LearnsPreferencesFromLnTwo) {
  const CompletionBatch made = model::SharedPrompts(Examples());
  const PreferenceLoss loss;
  std::vector<float> reference;
  double value = 0;
  std::vector<PairFigures> pairs;
  for (int step = 0; step < 60; ++step) {
    const auto weigh = [&](const model::BatchFigures& found, std::span<float> weights) {
      std::vector<float> policy = made.InOrder(found.nll);
      for (float& logp : policy) logp = -logp;
      if (reference.empty()) reference = policy;
      std::vector<CompletionLogps> completions;
      size_t begin = 0;
      for (const std::vector<int32_t>& at : made.at) {
        completions.push_back(
            {.policy = std::span<const float>(policy).subspan(begin, at.size()),
             .reference = std::span<const float>(reference).subspan(begin, at.size())});
        begin += at.size();
      }
      std::vector<float> gradients(policy.size());
      pairs = PreferenceLossOf(loss, {.pairs = static_cast<double>(made.at.size()) / 2},
                               completions, gradients);
      for (float& gradient : gradients) gradient = -gradient;
      made.SetByPrediction(gradients, weights);
    };
    model_->ZeroGradients();
    model_->ForwardBackward(made.batch, {.precision = GetParam().precision, .weigh = weigh});
    value = 0;
    for (const PairFigures& pair : pairs) value += pair.loss;
    if (step == 0) {
      EXPECT_NEAR(value, std::log(2.0), 1e-6);
    }
    Update(1e-2);
  }
  std::cout << "loss: " << value << "\n";
  EXPECT_LT(value, 0.05);
  for (const PairFigures& pair : pairs) EXPECT_GT(pair.chosen_reward, pair.rejected_reward);
}

INSTANTIATE_TEST_SUITE_P(All, AdapterLearning,
                         testing::Values(LearningSetting{"qwen2_tied", false, DType::kF32},
                                         LearningSetting{"qwen2_tied", false, DType::kBf16},
                                         LearningSetting{"llama_bias_tied", true, DType::kF32},
                                         LearningSetting{"llama_bias_tied", true, DType::kBf16},
                                         LearningSetting{"internlm2", false, DType::kBf16}),
                         NameOfLearning);

}  // namespace
}  // namespace mores::train
