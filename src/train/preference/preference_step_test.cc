// One step of preferences is the same however many micro-batches it is computed in.
#include "train/preference/preference_step.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/model/golden_case.h"
#include "support/train/preference_golden.h"
#include "train/trainable.h"

namespace mores::train {
namespace {

// Another's answers, and how many rows it was asked at once.
class CountedRows : public Trainable {
 public:
  explicit CountedRows(std::unique_ptr<Trainable> model) : model_(std::move(model)) {}
  int64_t most_rows = 0;

  const model::ModelConfig& config() const override { return model_->config(); }
  const model::LongestSequence& longest_sequence() const override {
    return model_->longest_sequence();
  }
  std::vector<model::Parameter>& parameters() override { return model_->parameters(); }
  void ParametersChanged() override { model_->ParametersChanged(); }
  void ZeroGradients() override { model_->ZeroGradients(); }
  model::LossSum ForwardBackward(const model::TrainBatch& batch,
                                 const model::TrainStepOptions& options,
                                 model::BatchFigures* figures) override {
    most_rows = std::max(most_rows, static_cast<int64_t>(batch.rows()));
    return model_->ForwardBackward(batch, options, figures);
  }
  model::LossSum Evaluate(const model::TrainBatch& batch, const model::TrainStepOptions& options,
                          model::BatchFigures* figures) override {
    most_rows = std::max(most_rows, static_cast<int64_t>(batch.rows()));
    return model_->Evaluate(batch, options, figures);
  }
  std::vector<std::vector<float>> LogProbabilities(const model::TrainBatch& batch,
                                                   std::span<const int32_t> positions,
                                                   std::span<const int32_t> token_ids,
                                                   tensor::DType precision) override {
    return model_->LogProbabilities(batch, positions, token_ids, precision);
  }
  Status Save(const std::string& directory, tensor::DType dtype) const override {
    return model_->Save(directory, dtype);
  }
  Expected<std::unique_ptr<Trainable>> Reopen(const std::string& directory) const override {
    return model_->Reopen(directory);
  }

 private:
  std::unique_ptr<Trainable> model_;
};

struct StepOutcome {
  double loss = 0;
  std::vector<std::optional<double>> measures;
  std::vector<std::vector<float>> gradients;
};

class PreferenceStepTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string directory = std::string(MORES_SOURCE_DIR) + "/tests/golden/preference";
    auto golden = ReadPreferenceGolden(directory);
    ASSERT_TRUE(golden) << golden.error().message;
    golden_ = std::move(*golden);
    const auto base = model::OpenModel(directory + "/model");
    ASSERT_TRUE(base) << base.error().message;
    auto model = model::TrainableModel::Load(**base, pool_);
    ASSERT_TRUE(model) << model.error().message;
    model_ = std::make_unique<CountedRows>(TrainEveryWeight(std::move(*model), pool_));
  }

  // What the model says, and a little more or less of each.
  std::vector<std::vector<float>> References(const std::vector<PreferenceExample>& examples) {
    const PreferenceBatch batch = BuildPreferenceBatch(examples, AllOf(examples.size()));
    model::BatchFigures figures;
    model_->Evaluate(batch.batch, {.precision = tensor::DType::kF32}, &figures);
    std::vector<std::vector<float>> references = LogpsByCompletion(batch, figures.nll);
    size_t at = 0;
    for (std::vector<float>& of_completion : references) {
      for (float& logp : of_completion) logp += 0.1f * static_cast<float>(++at * 7 % 11) - 0.45f;
    }
    return references;
  }

  static std::vector<PreferenceExample> Examples(
      const std::vector<model::PromptAndCompletions>& golden) {
    std::vector<PreferenceExample> examples;
    for (const model::PromptAndCompletions& one : golden) {
      PreferenceExample example{.prompt = one.prompt, .completions = one.completions};
      for (const auto& completion : one.completions) {
        example.learned.emplace_back(completion.size(), uint8_t{1});
      }
      example.weight = 1 + 0.25f * static_cast<float>(examples.size() % 3);
      examples.push_back(std::move(example));
    }
    return examples;
  }

  ReferredSet Data(const PreferenceLoss& loss) {
    ReferredSet data;
    data.set.examples = Examples(loss.Unpaired() ? golden_.singles : golden_.pairs);
    if (loss.NeedsReference()) data.references = References(data.set.examples);
    if (!loss.Unpaired()) return data;
    for (size_t i = 0; i < golden_.wanted.size(); ++i) {
      data.set.examples[i].wanted = golden_.wanted[i];
    }
    data.mismatched = Examples(golden_.mismatched);
    data.mismatched_references = References(data.mismatched);
    return data;
  }

  static MicroBatch AllOf(size_t count) {
    MicroBatch all(count);
    std::iota(all.begin(), all.end(), 0);
    return all;
  }

  StepOutcome Step(const PreferenceLoss& loss, const ReferredSet& data,
                   const std::vector<MicroBatch>& micro_batches,
                   int64_t micro_batch_tokens = 4096) {
    PreferenceStep step(loss, data, micro_batches, tensor::DType::kF32, micro_batch_tokens);
    model_->ZeroGradients();
    for (size_t i = 0; step.looks() && i < micro_batches.size(); ++i) step.Look(*model_, i);
    StepSums sums;
    sums.others.resize(11);
    for (size_t i = 0; i < micro_batches.size(); ++i) {
      step.Add(*model_, i, {.precision = tensor::DType::kF32}, sums);
    }
    StepOutcome outcome{.loss = sums.loss};
    for (const MeanSum& other : sums.others) outcome.measures.push_back(other.mean());
    for (const model::Parameter& parameter : model_->parameters()) {
      outcome.gradients.emplace_back(parameter.gradient.begin(), parameter.gradient.end());
    }
    return outcome;
  }

  void ExpectNear(const StepOutcome& one, const StepOutcome& other) {
    constexpr double kTolerance = 1e-5;
    EXPECT_NEAR(one.loss, other.loss, kTolerance * std::abs(other.loss));
    ASSERT_EQ(one.measures.size(), other.measures.size());
    for (size_t i = 0; i < one.measures.size(); ++i) {
      ASSERT_EQ(one.measures[i].has_value(), other.measures[i].has_value()) << i;
      const double wanted = other.measures[i].value_or(0);
      EXPECT_NEAR(one.measures[i].value_or(0), wanted, kTolerance * (1 + std::abs(wanted))) << i;
    }
    for (size_t i = 0; i < one.gradients.size(); ++i) {
      EXPECT_LE(model::RelativeNormError(one.gradients[i], other.gradients[i]), kTolerance)
          << model_->parameters()[i].name;
    }
  }

  ThreadPool pool_{2};
  PreferenceGolden golden_;
  std::unique_ptr<CountedRows> model_;
};

TEST_F(PreferenceStepTest, IsTheSameInAnyNumberOfMicroBatches) {
  using Kind = PreferenceLossKind;
  const std::vector<std::pair<const char*, PreferenceLoss>> losses = {
      {"aot", {.terms = {{Kind::kAot}}, .label_smoothing = 0.1}},
      {"aot_unpaired", {.terms = {{Kind::kAotUnpaired}}}},
      {"kto", {.terms = {{Kind::kKto}}, .undesirable_weight = 0.7}},
      {"sigmoid and sft", {.terms = {{Kind::kSigmoid}, {Kind::kSft, 0.5}}}}};
  for (const auto& [name, loss] : losses) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(CheckPreferenceLoss(loss));
    const ReferredSet data = Data(loss);
    const size_t count = data.set.examples.size();
    ASSERT_GE(count, 3U);
    const StepOutcome whole = Step(loss, data, {AllOf(count)});
    ASSERT_TRUE(std::isfinite(whole.loss));
    // Each by itself, and two of unlike size out of order.
    std::vector<MicroBatch> single, uneven(2);
    for (const int32_t i : AllOf(count)) {
      single.push_back({i});
      MicroBatch& part = uneven[i % 3 == 1 ? 0 : 1];
      part.insert(part.begin(), i);
    }
    ExpectNear(Step(loss, data, single), whole);
    ExpectNear(Step(loss, data, uneven), whole);
  }
}

TEST_F(PreferenceStepTest, MismatchedPairsAreBoundedByTheirOwnRows) {
  const PreferenceLoss loss{.terms = {{PreferenceLossKind::kKto}}};
  ReferredSet data = Data(loss);
  const MicroBatch all = AllOf(data.set.examples.size());
  // Twice as long as what the micro-batch was packed by.
  for (PreferenceExample& example : data.mismatched) {
    const std::vector<int32_t> prompt = example.prompt;
    while (example.rows() < 2 * data.set.examples[0].rows()) {
      example.prompt.insert(example.prompt.end(), prompt.begin(), prompt.end());
    }
  }
  data.mismatched_references = References(data.mismatched);
  int64_t rows = 0, mismatched_rows = 0;
  for (const PreferenceExample& example : data.set.examples) rows += example.rows();
  for (const PreferenceExample& example : data.mismatched) mismatched_rows += example.rows();
  ASSERT_GT(mismatched_rows, rows);
  model_->most_rows = 0;
  const StepOutcome at_once = Step(loss, data, {all});
  EXPECT_EQ(model_->most_rows, mismatched_rows);
  model_->most_rows = 0;
  const StepOutcome bounded = Step(loss, data, {all}, rows);
  EXPECT_EQ(model_->most_rows, rows);
  ExpectNear(bounded, at_once);
}

}  // namespace
}  // namespace mores::train
