// Ten steps of AdamW on adapters against PEFT and torch.optim.AdamW (tests/golden/adapters), in
// both precisions and at each instruction set level that this machine has.
#include <gtest/gtest.h>

#include <iostream>

#include "model/adapter/adapter.h"
#include "model/train/trainable_model.h"
#include "support/model/adapter_golden.h"
#include "support/model/golden_case.h"
#include "train/adamw.h"

namespace mores::train {
namespace {

using model::AdapterGolden;
using tensor::DType;

class GoldenAdapterAdamW : public testing::TestWithParam<model::GoldenSetting> {
 protected:
  void SetUp() override { ASSERT_TRUE(SetIsaLevel(GetParam().isa)); }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }
};

TEST_P(GoldenAdapterAdamW, TenSteps) {
  const DType precision = GetParam().precision;
  const auto read =
      model::ReadAdapterGolden(std::string(MORES_SOURCE_DIR) + "/tests/golden", GetParam().name);
  ASSERT_TRUE(read) << read.error().message;
  const AdapterGolden& golden = *read;
  ThreadPool pool(2);
  auto base = model::OpenModel(golden.base_directory);
  ASSERT_TRUE(base) << base.error().message;
  const std::shared_ptr<const model::ModelSource> source = std::move(*base);
  const auto adapter = model::OpenAdapter(golden.adapter_directory, source->config());
  ASSERT_TRUE(adapter) << adapter.error().message;
  auto opened = model::TrainableModel::Adapt(source, **adapter, pool);
  ASSERT_TRUE(opened) << opened.error().message;
  model::TrainableModel& trained = **opened;
  std::vector<model::Parameter>& parameters = trained.parameters();

  AdamWState state = ZeroAdamWState(parameters);
  ASSERT_EQ(static_cast<int>(golden.adamw_losses.size()), golden.adamw.steps);
  // Twice as many products as the base alone has.
  const double loss_tolerance = 2 * model::LogitTolerance(trained.config(), precision);
  model::WorstError worst;
  for (int step = 0; step < golden.adamw.steps; ++step) {
    trained.ZeroGradients();
    const model::LossSum loss = trained.ForwardBackward(
        golden.batch,
        {.precision = precision, .loss_scale = static_cast<float>(1 / golden.total_weight)});
    const double expected = golden.adamw_losses[static_cast<size_t>(step)];
    worst.Add(fmt::format("loss of step {}", step),
              std::abs(loss.weighted_nll / loss.weight - expected) / expected, loss_tolerance);
    AdamWStep({.beta1 = golden.adamw.beta1,
               .beta2 = golden.adamw.beta2,
               .epsilon = golden.adamw.epsilon,
               .weight_decay = golden.adamw.weight_decay},
              {.learning_rate = golden.adamw.learning_rate}, parameters, state, pool);
    trained.ParametersChanged();
  }
  if (precision == DType::kF32) {
    for (const model::Parameter& parameter : parameters) {
      worst.Add(
          parameter.name,
          model::RelativeNormError(parameter.value, golden.tensors.at("adamw." + parameter.name)),
          model::kLargestF32Tolerance);
    }
  }
  std::cout << "worst: " << worst.text() << "\n";
  EXPECT_TRUE(worst.within()) << worst.text();
}

std::vector<model::GoldenSetting> GoldenAdapterSettings() {
  std::vector<model::GoldenSetting> all;
  for (const std::string& name : model::AdapterGoldenNames()) {
    for (const DType precision : {DType::kF32, DType::kBf16}) {
      for (const IsaLevel isa : SupportedIsaLevels()) all.push_back({name, precision, isa});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, GoldenAdapterAdamW, testing::ValuesIn(GoldenAdapterSettings()),
                         model::NameOf);

}  // namespace
}  // namespace mores::train
