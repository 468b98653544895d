// Every preference loss against PyTorch (tests/golden/preference), of a whole model and of LoRA,
// rsLoRA and DoRA: values, gradients, ten steps. Prompts are computed once here and once for each
// completion there.
#include "support/train/preference_golden.h"

#include <gtest/gtest.h>

#include <iostream>

#include "model/adapter/adapter.h"
#include "model/train/trainable_model.h"
#include "support/model/golden_case.h"
#include "train/adamw.h"
#include "train/preference/preference_loss.h"

namespace mores::train {
namespace {

using model::CompletionBatch;
using tensor::DType;

const PreferenceGolden& Golden() {
  static const PreferenceGolden golden = [] {
    auto read = ReadPreferenceGolden(std::string(MORES_SOURCE_DIR) + "/tests/golden/preference");
    if (!read) throw std::runtime_error(read.error().message);
    return std::move(*read);
  }();
  return golden;
}

struct PreferenceSetting {
  std::string case_name, kind;
  IsaLevel isa;
};

std::vector<PreferenceSetting> PreferenceSettings() {
  std::vector<PreferenceSetting> all;
  for (const auto& [case_name, entry] : Golden().cases) {
    for (const auto& [kind, figures] : entry.kinds) {
      for (const IsaLevel isa : SupportedIsaLevels()) all.push_back({case_name, kind, isa});
    }
  }
  return all;
}

std::string NameOfSetting(const testing::TestParamInfo<PreferenceSetting>& info) {
  return fmt::format("{}_{}_{}", info.param.case_name, info.param.kind, Name(info.param.isa));
}

constexpr double kTolerance = model::kLargestF32Tolerance;

class PreferenceAgainstTorch : public testing::TestWithParam<PreferenceSetting> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(SetIsaLevel(GetParam().isa));
    const PreferenceGolden& golden = Golden();
    loss_ = golden.cases.at(GetParam().case_name).loss;
    expected_ = golden.cases.at(GetParam().case_name).kinds.at(GetParam().kind);
    ASSERT_FALSE(loss_.terms.empty());
    examples_ = loss_.Unpaired() ? golden.singles : golden.pairs;
    auto base = model::OpenModel(golden.directory + "/model");
    ASSERT_TRUE(base) << base.error().message;
    base_ = std::move(*base);
    auto reference = model::TrainableModel::Load(*base_, pool_);
    ASSERT_TRUE(reference) << reference.error().message;
    reference_ = std::move(*reference);
    OpenPolicy();
  }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }

  void OpenPolicy() {
    const std::string directory = Golden().directory;
    if (GetParam().kind != "full") {
      const auto adapter = model::OpenAdapter(directory + "/" + GetParam().kind, base_->config());
      ASSERT_TRUE(adapter) << adapter.error().message;
      auto opened = model::TrainableModel::Adapt(base_, **adapter, pool_);
      ASSERT_TRUE(opened) << opened.error().message;
      policy_ = std::move(*opened);
      return;
    }
    auto opened = model::TrainableModel::Load(*base_, pool_);
    ASSERT_TRUE(opened) << opened.error().message;
    policy_ = std::move(*opened);
    const auto values = model::ReadGoldenTensors(directory + "/full.safetensors");
    ASSERT_TRUE(values) << values.error().message;
    for (model::Parameter& parameter : policy_->parameters()) {
      ASSERT_TRUE(values->contains(parameter.name)) << parameter.name;
      parameter.value = values->at(parameter.name);
    }
    policy_->ParametersChanged();
  }

  // Log-probabilities of the tokens of completions in order.
  std::vector<float> Logps(model::TrainableModel& model,
                           const std::vector<model::PromptAndCompletions>& examples) {
    const CompletionBatch made = model::SharedPrompts(examples);
    model::BatchFigures figures;
    model.Evaluate(made.batch, {.precision = DType::kF32}, &figures);
    std::vector<float> logps = made.InOrder(figures.nll);
    for (float& logp : logps) logp = -logp;
    return logps;
  }

  StepFigures Figures() {
    StepFigures figures{.pairs = static_cast<double>(examples_.size())};
    for (const model::PromptAndCompletions& example : examples_) {
      figures.chosen_tokens += static_cast<double>(example.completions[0].size());
    }
    if (!loss_.Unpaired()) return figures;
    const std::vector<float> policy = Logps(*policy_, Golden().mismatched);
    const std::vector<float> reference = Logps(*reference_, Golden().mismatched);
    for (size_t i = 0; i < policy.size(); ++i) {
      figures.kl += (double{policy[i]} - double{reference[i]}) / figures.pairs;
    }
    return figures;
  }

  // Adds the gradients of a step over everything; its loss.
  double Step() {
    const StepFigures figures = Figures();
    const std::vector<float> reference = Logps(*reference_, examples_);
    const CompletionBatch made = model::SharedPrompts(examples_);
    double total = 0;
    const auto weigh = [&](const model::BatchFigures& found, std::span<float> weights) {
      std::vector<float> policy = made.InOrder(found.nll);
      for (float& logp : policy) logp = -logp;
      const std::vector<float> squares =
          loss_.weighted ? made.InOrder(found.log_square_sum) : std::vector<float>();
      std::vector<CompletionLogps> completions;
      size_t begin = 0;
      for (size_t i = 0; i < made.at.size(); ++i) {
        const size_t count = made.at[i].size();
        CompletionLogps one{.policy = std::span<const float>(policy).subspan(begin, count)};
        if (loss_.Unpaired()) one.wanted = Golden().wanted[i];
        if (loss_.NeedsReference()) {
          one.reference = std::span<const float>(reference).subspan(begin, count);
        }
        if (loss_.weighted) {
          one.log_square_sums = std::span<const float>(squares).subspan(begin, count);
        }
        completions.push_back(one);
        begin += count;
      }
      std::vector<float> gradients(policy.size());
      for (const PairFigures& pair : PreferenceLossOf(loss_, figures, completions, gradients)) {
        total += pair.loss;
      }
      for (float& gradient : gradients) gradient = -gradient;  // of log-probabilities
      made.SetByPrediction(gradients, weights);
    };
    policy_->ForwardBackward(made.batch,
                             {.precision = DType::kF32, .weigh = weigh, .figures = loss_.weighted});
    return total;
  }

  ThreadPool pool_{2};
  PreferenceLoss loss_;
  PreferenceGolden::Kind expected_;
  std::vector<model::PromptAndCompletions> examples_;
  std::shared_ptr<const model::ModelSource> base_;
  std::unique_ptr<model::TrainableModel> reference_, policy_;
};

TEST_P(PreferenceAgainstTorch, ValueGradientsAndTenSteps) {
  const PreferenceGolden& golden = Golden();
  ASSERT_TRUE(CheckPreferenceLoss(loss_));
  std::vector<model::Parameter>& parameters = policy_->parameters();
  ASSERT_EQ(parameters.size(), golden.layout.at(GetParam().kind).size());
  AdamWState state = ZeroAdamWState(parameters);
  model::WorstError worst;
  ASSERT_EQ(static_cast<int>(expected_.adamw_losses.size()), golden.adamw.steps);
  for (int step = 0; step < golden.adamw.steps; ++step) {
    if (loss_.Unpaired() && step == 0) {
      EXPECT_NEAR(Figures().kl, expected_.kl, 1e-4);
    }
    policy_->ZeroGradients();
    const double loss = Step();
    const double wanted = expected_.adamw_losses[static_cast<size_t>(step)];
    // A loss that has come to nothing has no relative error.
    worst.Add(fmt::format("loss of step {}", step),
              std::abs(loss - wanted) / (std::abs(wanted) + 1e-3 * std::abs(expected_.value)),
              kTolerance);
    for (const model::Parameter& parameter : parameters) {
      if (step > 0) break;
      worst.Add("gradient of " + parameter.name,
                model::RelativeNormError(
                    parameter.gradient,
                    golden.Part(GetParam().case_name, GetParam().kind, "grad", parameter.name)),
                kTolerance);
    }
    AdamWStep({.beta1 = golden.adamw.beta1,
               .beta2 = golden.adamw.beta2,
               .epsilon = golden.adamw.epsilon,
               .weight_decay = golden.adamw.weight_decay},
              {.learning_rate = golden.adamw.learning_rate}, parameters, state, pool_);
    policy_->ParametersChanged();
  }
  for (const model::Parameter& parameter : parameters) {
    worst.Add(
        "after ten steps " + parameter.name,
        model::RelativeNormError(parameter.value, golden.Part(GetParam().case_name, GetParam().kind,
                                                              "adamw", parameter.name)),
        kTolerance);
  }
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

INSTANTIATE_TEST_SUITE_P(All, PreferenceAgainstTorch, testing::ValuesIn(PreferenceSettings()),
                         NameOfSetting);

// What the losses start from.
TEST(PreferenceGoldens, SumsOfLogProbabilities) {
  const PreferenceGolden& golden = Golden();
  ThreadPool pool(2);
  auto base = model::OpenModel(golden.directory + "/model");
  ASSERT_TRUE(base) << base.error().message;
  const std::shared_ptr<const model::ModelSource> shared = std::move(*base);
  for (const auto& [kind, sums] : golden.logps) {
    if (kind == "full") continue;
    auto opened = model::TrainableModel::Load(*shared, pool);
    if (kind != "reference") {
      const auto adapter = model::OpenAdapter(golden.directory + "/" + kind, shared->config());
      ASSERT_TRUE(adapter) << adapter.error().message;
      opened = model::TrainableModel::Adapt(shared, **adapter, pool);
    }
    ASSERT_TRUE(opened) << opened.error().message;
    const CompletionBatch made = model::SharedPrompts(golden.pairs);
    model::BatchFigures figures;
    (*opened)->Evaluate(made.batch, {.precision = DType::kF32}, &figures);
    for (size_t i = 0; i < made.at.size(); ++i) {
      double sum = 0;
      for (const int32_t at : made.at[i]) sum -= double{figures.nll[static_cast<size_t>(at)]};
      EXPECT_NEAR(sum, sums[i % 2][i / 2], 1e-4 * std::abs(sum)) << kind << " " << i;
    }
  }
}

}  // namespace
}  // namespace mores::train
