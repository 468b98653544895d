// The decoder family against PyTorch and transformers (tests/golden), in both precisions and at
// each instruction set level that this machine has.
#include <gtest/gtest.h>

#include <cstring>
#include <iostream>

#include "support/model/golden_case.h"

namespace mores::model {
namespace {

using tensor::DType;

const std::string kRoot = std::string(MORES_SOURCE_DIR) + "/tests/golden";

class Golden : public testing::TestWithParam<GoldenSetting> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(SetIsaLevel(GetParam().isa));
    auto golden = ReadGoldenCase(kRoot, GetParam().name);
    ASSERT_TRUE(golden) << golden.error().message;
    golden_ = std::move(*golden);
    auto model = TrainableModel::Load(golden_.model_directory, pool_);
    ASSERT_TRUE(model) << model.error().message;
    model_ = std::move(*model);
  }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }

  // The whole log-softmax of each position, [tokens][vocab], one position a sequence at a time.
  std::vector<float> AllLogProbabilities() {
    const TrainBatch& batch = golden_.batch;
    const int vocab = model_->config().vocab_size;
    std::vector<int32_t> ids(vocab);
    for (int i = 0; i < vocab; ++i) ids[i] = i;
    std::vector<float> all(batch.tokens.size() * vocab);
    const size_t sequences = batch.offsets.size() - 1;
    int longest = 0;
    for (size_t s = 0; s < sequences; ++s) {
      longest = std::max(longest, batch.offsets[s + 1] - batch.offsets[s]);
    }
    for (int step = 0; step < longest; ++step) {
      std::vector<int32_t> positions(sequences);
      for (size_t s = 0; s < sequences; ++s) {
        positions[s] = std::min(batch.offsets[s] + step, batch.offsets[s + 1] - 1);
      }
      const auto rows = model_->LogProbabilities(batch, positions, ids, GetParam().precision);
      for (size_t s = 0; s < sequences; ++s) {
        std::copy(rows[s].begin(), rows[s].end(),
                  all.begin() + static_cast<int64_t>(positions[s]) * vocab);
      }
    }
    return all;
  }

  std::vector<float> GoldenLogProbabilities() const {
    std::vector<float> rows = golden_.tensors.at("logits");
    const size_t vocab = rows.size() / golden_.batch.tokens.size();
    for (size_t begin = 0; begin < rows.size(); begin += vocab) {
      double sum = 0;
      for (size_t i = 0; i < vocab; ++i) sum += std::exp(double{rows[begin + i]});
      const double log_sum = std::log(sum);
      for (size_t i = 0; i < vocab; ++i) {
        rows[begin + i] = static_cast<float>(rows[begin + i] - log_sum);
      }
    }
    return rows;
  }

  TrainStepOptions MeanLoss() const {
    return {.precision = GetParam().precision,
            .loss_scale = static_cast<float>(1.0 / golden_.total_weight())};
  }

  ThreadPool pool_{2};
  GoldenCase golden_;
  std::unique_ptr<TrainableModel> model_;
};

class GoldenF32 : public Golden {};

TEST_P(Golden, LogitsAndLoss) {
  const double tolerance = LogitTolerance(model_->config(), GetParam().precision);
  WorstError worst;
  worst.Add("log-probabilities", RelativeNormError(AllLogProbabilities(), GoldenLogProbabilities()),
            tolerance);
  BatchFigures figures;
  const LossSum loss =
      model_->Evaluate(golden_.batch, {.precision = GetParam().precision}, &figures);
  EXPECT_NEAR(loss.weight, golden_.total_weight(), 1e-9);
  worst.Add("loss", std::abs(loss.weighted_nll / loss.weight - golden_.loss) / golden_.loss,
            tolerance);
  ASSERT_EQ(figures.nll.size(), golden_.batch.predictions.size());
  double sum = 0;
  for (size_t i = 0; i < figures.nll.size(); ++i) {
    sum += double{golden_.batch.predictions[i].weight} * double{figures.nll[i]};
  }
  EXPECT_NEAR(sum, loss.weighted_nll, 1e-5 * loss.weighted_nll);
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

TEST_P(Golden, EveryGradient) {
  model_->ZeroGradients();
  const LossSum loss = model_->ForwardBackward(golden_.batch, MeanLoss());
  EXPECT_LE(std::abs(loss.weighted_nll / loss.weight - golden_.loss) / golden_.loss,
            LogitTolerance(model_->config(), GetParam().precision));
  WorstError worst;
  size_t compared = 0;
  for (const Parameter& parameter : model_->parameters()) {
    const auto golden = golden_.tensors.find("grad." + parameter.name);
    ASSERT_NE(golden, golden_.tensors.end()) << parameter.name;
    worst.Add(parameter.name, RelativeNormError(parameter.gradient, golden->second),
              GradientTolerance(model_->config(), GetParam().precision,
                                static_cast<int64_t>(golden_.batch.tokens.size()), parameter.name));
    ++compared;
  }
  const size_t expected = (golden_.tensors.size() - 1) / 2;  // logits, and two a parameter
  EXPECT_EQ(compared, expected);
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

// Gradients add up over calls, and a batch of several sequences is the sum of its sequences.
TEST_P(Golden, GradientsOfSequencesAddUp) {
  model_->ZeroGradients();
  const TrainBatch& whole = golden_.batch;
  for (size_t s = 0; s + 1 < whole.offsets.size(); ++s) {
    const int32_t begin = whole.offsets[s], end = whole.offsets[s + 1];
    TrainBatch one;
    one.offsets = {0, end - begin};
    one.tokens.assign(whole.tokens.begin() + begin, whole.tokens.begin() + end);
    for (Prediction prediction : whole.predictions) {
      if (prediction.row < begin || prediction.row >= end) continue;
      prediction.row -= begin;
      one.predictions.push_back(prediction);
    }
    model_->ForwardBackward(one, MeanLoss());
  }
  WorstError worst;
  for (const Parameter& parameter : model_->parameters()) {
    worst.Add(parameter.name,
              RelativeNormError(parameter.gradient, golden_.tensors.at("grad." + parameter.name)),
              GradientTolerance(model_->config(), GetParam().precision,
                                static_cast<int64_t>(whole.tokens.size()), parameter.name));
  }
  EXPECT_TRUE(worst.within()) << worst.text();
}

// Guards the guard: a weight that is off by a hundredth, or a norm or bias left out, is seen.
// In f32 alone, whose tolerance is the sharper one.
TEST_P(GoldenF32, ComparisonSeesEveryParameter) {
  const double tolerance = LogitTolerance(model_->config(), DType::kF32);
  const std::vector<float> log_probabilities = GoldenLogProbabilities();
  // Every row predicts something.
  TrainBatch batch = golden_.batch;
  batch.predictions.clear();
  std::vector<float> golden;
  const size_t vocab = log_probabilities.size() / batch.tokens.size();
  for (size_t i = 0; i < batch.tokens.size(); ++i) {
    const size_t token = 7 * i % vocab;
    batch.predictions.push_back(
        {.row = static_cast<int32_t>(i), .token = static_cast<int32_t>(token)});
    golden.push_back(-log_probabilities[i * vocab + token]);
  }
  const auto nll = [&] {
    BatchFigures figures;
    model_->Evaluate(batch, {.precision = DType::kF32}, &figures);
    return figures.nll;
  };
  EXPECT_LE(RelativeNormError(nll(), golden), tolerance);
  for (Parameter& parameter : model_->parameters()) {
    const std::vector<float> kept = parameter.value;
    for (size_t i = 0; i < kept.size(); i += 2) parameter.value[i] *= 1.01f;
    model_->ParametersChanged();
    EXPECT_GT(RelativeNormError(nll(), golden), tolerance) << parameter.name;
    parameter.value = kept;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Golden,
                         testing::ValuesIn(GoldenSettings({DType::kF32, DType::kBf16})), NameOf);
INSTANTIATE_TEST_SUITE_P(All, GoldenF32, testing::ValuesIn(GoldenSettings({DType::kF32})), NameOf);

TEST(Tolerance, IsTightInF32AndFollowsDepthAndLength) {
  const auto f32 = [](int64_t reduction, int products) {
    return RelativeTolerance({.reduction = reduction, .products = products});
  };
  EXPECT_LE(f32(1 << 20, 1000), 1e-4);
  EXPECT_LT(f32(64, 10), 2e-5);
  EXPECT_GT(f32(256, 10), f32(64, 10));
  EXPECT_GT(f32(64, 40), f32(64, 10));
  const double bf16 =
      RelativeTolerance({.precision = DType::kBf16, .reduction = 64, .products = 26});
  EXPECT_GT(bf16, 0.02);
  EXPECT_LT(bf16, 0.1);
}

TEST(RelativeNormErrorTest, SeesWrongSizesAndNonFiniteValues) {
  const std::vector<float> golden = {3, 4};
  EXPECT_DOUBLE_EQ(RelativeNormError(std::vector<float>{3, 4}, golden), 0);
  EXPECT_DOUBLE_EQ(RelativeNormError(std::vector<float>{3, 9}, golden), 1);
  EXPECT_TRUE(std::isinf(RelativeNormError(std::vector<float>{3}, golden)));
  EXPECT_TRUE(std::isinf(RelativeNormError(std::vector<float>{3, NAN}, golden)));
}

}  // namespace
}  // namespace mores::model
