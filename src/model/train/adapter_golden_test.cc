// Adapters in training against PEFT (tests/golden/adapters), in both precisions and at each
// instruction set level that this machine has.
#include "support/model/adapter_golden.h"

#include <gtest/gtest.h>

#include <iostream>

#include "model/adapter/adapter.h"
#include "model/train/trainable_model.h"
#include "support/model/golden_case.h"

namespace mores::model {
namespace {

using tensor::DType;

const std::string kAdapterGoldens = std::string(MORES_SOURCE_DIR) + "/tests/golden";

std::vector<GoldenSetting> AdapterSettings() {
  std::vector<GoldenSetting> all;
  for (const std::string& name : AdapterGoldenNames()) {
    for (const DType precision : {DType::kF32, DType::kBf16}) {
      for (const IsaLevel isa : SupportedIsaLevels()) all.push_back({name, precision, isa});
    }
  }
  return all;
}

class AdapterAgainstPeft : public testing::TestWithParam<GoldenSetting> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(SetIsaLevel(GetParam().isa));
    auto golden = ReadAdapterGolden(kAdapterGoldens, GetParam().name);
    ASSERT_TRUE(golden) << golden.error().message;
    golden_ = std::move(*golden);
    auto base = OpenModel(golden_.base_directory);
    ASSERT_TRUE(base) << base.error().message;
    base_ = std::move(*base);
    auto adapter = OpenAdapter(golden_.adapter_directory, base_->config());
    ASSERT_TRUE(adapter) << adapter.error().message;
    auto model = TrainableModel::Adapt(base_, **adapter, pool_);
    ASSERT_TRUE(model) << model.error().message;
    model_ = std::move(*model);
  }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }

  TrainStepOptions MeanLoss() const {
    return {.precision = GetParam().precision,
            .loss_scale = static_cast<float>(1 / golden_.total_weight)};
  }
  // Negative log-likelihoods of every token of the vocabulary at every row, [rows][vocab].
  std::vector<float> EveryNll() {
    TrainBatch batch = golden_.batch;
    batch.predictions.clear();
    for (int32_t row = 0; row < batch.rows(); ++row) {
      for (int32_t token = 0; token < model_->config().vocab_size; ++token) {
        batch.predictions.push_back({.row = row, .token = token});
      }
    }
    BatchFigures figures;
    model_->Evaluate(batch, {.precision = GetParam().precision}, &figures);
    return figures.nll;
  }
  std::vector<float> NllOf(const std::string& logits) const {
    std::vector<float> rows = golden_.tensors.at(logits);
    const size_t vocab = rows.size() / golden_.batch.tokens.size();
    for (size_t begin = 0; begin < rows.size(); begin += vocab) {
      double sum = 0;
      for (size_t i = 0; i < vocab; ++i) sum += std::exp(double{rows[begin + i]});
      for (size_t i = 0; i < vocab; ++i) {
        rows[begin + i] = static_cast<float>(std::log(sum) - double{rows[begin + i]});
      }
    }
    return rows;
  }
  // Of products in sequence: an adapter's own are one more beside each of the base's.
  double Tolerance(bool backward) const {
    const int products = 2 * ForwardProducts(model_->config().layers);
    return RelativeTolerance({.precision = GetParam().precision,
                              .reduction = LongestReduction(model_->config(), golden_.batch.rows()),
                              .products = backward ? 2 * products : products});
  }

  ThreadPool pool_{2};
  AdapterGolden golden_;
  std::shared_ptr<const ModelSource> base_;
  std::unique_ptr<TrainableModel> model_;
};

TEST_P(AdapterAgainstPeft, LogitsAndLoss) {
  WorstError worst;
  worst.Add("log-probabilities", RelativeNormError(EveryNll(), NllOf("logits")), Tolerance(false));
  // Without the adapter they are another model's.
  EXPECT_GT(RelativeNormError(NllOf("base_logits"), NllOf("logits")), 0.05);
  const LossSum loss = model_->Evaluate(golden_.batch, {.precision = GetParam().precision});
  EXPECT_NEAR(loss.weight, golden_.total_weight, 1e-9);
  worst.Add("loss", std::abs(loss.weighted_nll / loss.weight - golden_.loss) / golden_.loss,
            Tolerance(false));
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

TEST_P(AdapterAgainstPeft, EveryGradient) {
  model_->ZeroGradients();
  model_->ForwardBackward(golden_.batch, MeanLoss());
  WorstError worst;
  size_t compared = 0;
  for (const Parameter& parameter : model_->parameters()) {
    const auto expected = golden_.tensors.find("grad." + parameter.name);
    ASSERT_NE(expected, golden_.tensors.end()) << parameter.name;
    worst.Add(parameter.name, RelativeNormError(parameter.gradient, expected->second),
              Tolerance(true));
    ++compared;
  }
  EXPECT_EQ(compared, (golden_.tensors.size() - 2) / 2);
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

TEST_P(AdapterAgainstPeft, GradientsAddUpAndAreWhatThreadsDontChange) {
  std::vector<std::vector<float>> once;
  model_->ZeroGradients();
  model_->ForwardBackward(golden_.batch, MeanLoss());
  for (const Parameter& parameter : model_->parameters()) once.push_back(parameter.gradient);
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    const auto adapter = OpenAdapter(golden_.adapter_directory, base_->config());
    ASSERT_TRUE(adapter);
    auto other = TrainableModel::Adapt(base_, **adapter, pool);
    ASSERT_TRUE(other) << other.error().message;
    (*other)->ZeroGradients();
    (*other)->ForwardBackward(golden_.batch, MeanLoss());
    for (size_t i = 0; i < once.size(); ++i) {
      EXPECT_EQ((*other)->parameters()[i].gradient, once[i])
          << (*other)->parameters()[i].name << " with " << threads << " threads";
    }
  }
  model_->ForwardBackward(golden_.batch, MeanLoss());
  for (size_t i = 0; i < once.size(); ++i) {
    std::vector<float> twice = once[i];
    for (float& value : twice) value *= 2;
    EXPECT_LE(RelativeNormError(model_->parameters()[i].gradient, twice), 1e-6)
        << model_->parameters()[i].name;
  }
}

// What is written is what was read, and what training would go on with.
TEST_P(AdapterAgainstPeft, CurrentAdapterIsWhatWasRead) {
  const auto read = OpenAdapter(golden_.adapter_directory, base_->config());
  ASSERT_TRUE(read);
  const Adapter current = model_->CurrentAdapter();
  ASSERT_EQ(current.parts.size(), (*read)->parts.size());
  for (const auto& [module, part] : (*read)->parts) {
    const AdapterPart* ours = current.Find(module);
    ASSERT_NE(ours, nullptr) << module;
    EXPECT_EQ(ours->a, part.a) << module;
    EXPECT_EQ(ours->b, part.b) << module;
    EXPECT_EQ(ours->magnitude, part.magnitude) << module;
    EXPECT_EQ(ours->place.scale, part.place.scale) << module;
  }
}

INSTANTIATE_TEST_SUITE_P(All, AdapterAgainstPeft, testing::ValuesIn(AdapterSettings()), NameOf);

}  // namespace
}  // namespace mores::model
