// Ten steps of AdamW on the golden cases against torch.optim.AdamW (tests/golden), in both
// precisions and at each instruction set level that this machine has.
#include <gtest/gtest.h>

#include <iostream>

#include "support/model/golden_case.h"
#include "train/adamw.h"

namespace mores::train {
namespace {

using model::GoldenCase;
using tensor::DType;

std::vector<float> Difference(const std::vector<float>& a, const std::vector<float>& b) {
  std::vector<float> difference(a.size());
  for (size_t i = 0; i < a.size(); ++i) difference[i] = a[i] - b[i];
  return difference;
}

class GoldenAdamW : public testing::TestWithParam<model::GoldenSetting> {
 protected:
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }
};

TEST_P(GoldenAdamW, TenSteps) {
  const DType precision = GetParam().precision;
  ASSERT_TRUE(SetIsaLevel(GetParam().isa));
  const auto read =
      model::ReadGoldenCase(std::string(MORES_SOURCE_DIR) + "/tests/golden", GetParam().name);
  ASSERT_TRUE(read) << read.error().message;
  const GoldenCase& golden = *read;
  ThreadPool pool(2);
  auto loaded = model::TrainableModel::Load(golden.model_directory, pool);
  ASSERT_TRUE(loaded) << loaded.error().message;
  model::TrainableModel& trained = **loaded;
  std::vector<model::Parameter>& parameters = trained.parameters();
  std::vector<std::vector<float>> start;
  for (const model::Parameter& parameter : parameters) start.push_back(parameter.value);

  const AdamWOptions options{.beta1 = golden.adamw.beta1,
                             .beta2 = golden.adamw.beta2,
                             .epsilon = golden.adamw.epsilon,
                             .weight_decay = golden.adamw.weight_decay};
  AdamWState state = ZeroAdamWState(parameters);
  ASSERT_EQ(static_cast<int>(golden.adamw_losses.size()), golden.adamw.steps);
  model::WorstError worst;
  const double loss_tolerance = model::LogitTolerance(trained.config(), precision);
  for (int step = 0; step < golden.adamw.steps; ++step) {
    trained.ZeroGradients();
    const model::LossSum loss = trained.ForwardBackward(
        golden.batch,
        {.precision = precision, .loss_scale = static_cast<float>(1.0 / golden.total_weight())});
    const double expected = golden.adamw_losses[static_cast<size_t>(step)];
    worst.Add(fmt::format("loss of step {}", step),
              std::abs(loss.weighted_nll / loss.weight - expected) / expected, loss_tolerance);
    AdamWStep(options, {.learning_rate = golden.adamw.learning_rate}, parameters, state, pool);
    trained.ParametersChanged();
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const model::Parameter& parameter = parameters[i];
    const std::vector<float>& expected = golden.tensors.at("adamw." + parameter.name);
    const double gradient_tolerance =
        model::GradientTolerance(trained.config(), precision,
                                 static_cast<int64_t>(golden.batch.tokens.size()), parameter.name);
    worst.Add("change of " + parameter.name,
              model::RelativeNormError(Difference(parameter.value, start[i]),
                                       Difference(expected, start[i])),
              model::AdamUpdateTolerance(gradient_tolerance));
    if (precision == DType::kF32) {
      worst.Add(parameter.name, model::RelativeNormError(parameter.value, expected),
                model::kLargestF32Tolerance);
    }
  }
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

INSTANTIATE_TEST_SUITE_P(All, GoldenAdamW,
                         testing::ValuesIn(model::GoldenSettings({DType::kF32, DType::kBf16})),
                         model::NameOf);

}  // namespace
}  // namespace mores::train
