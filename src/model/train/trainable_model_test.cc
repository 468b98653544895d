// Gradients by finite differences, and what of a model can be trained. Against PyTorch:
// model/golden_test.cc.
#include "model/train/trainable_model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace mores::model {
namespace {

ModelConfig SmallConfig(Family family) {
  ModelConfig config{.family = family,
                     .vocab_size = 37,
                     .hidden_dim = 20,
                     .ffn_dim = 22,
                     .layers = 2,
                     .query_heads = 4,
                     .kv_heads = 2,
                     .head_dim = 10,
                     .context_length = 40};
  LayerConfig& layer = config.every_layer;
  layer.query_key_norm = family == Family::kQwen3;
  layer.qkv_bias = layer.output_bias = family != Family::kLlama;
  return config;
}

// Far from where training starts, so that no part of the model is near a line or a zero.
void FillParameters(TrainableModel& model) {
  uint64_t stream = 0;
  for (Parameter& parameter : model.parameters()) {
    Random random(3, ++stream);
    const bool matrix = parameter.shape.size() > 1;
    const bool norm = parameter.name.ends_with("norm.weight");
    const double scale = matrix ? 1 / std::sqrt(static_cast<double>(parameter.shape[1])) : 0.3;
    for (float& value : parameter.value) {
      value = static_cast<float>((norm ? 1 : 0) + scale * random.Normal());
    }
  }
  model.ParametersChanged();
}

TrainBatch TwoSequences(int vocab_size) {
  TrainBatch batch{.offsets = {0, 9, 40}};
  Random random(5);
  const auto token = [&] {
    return static_cast<int32_t>(random.Below(static_cast<uint64_t>(vocab_size)));
  };
  for (int i = 0; i < 40; ++i) {
    batch.tokens.push_back(token());
    const int32_t next = token();
    if (i % 4 > 0) {
      batch.predictions.push_back(
          {.row = i, .token = next, .weight = static_cast<float>(i % 4) * 0.5f});
    }
  }
  return batch;
}

class FiniteDifferences : public testing::TestWithParam<Family> {};

// Along a direction of each parameter that the gradient itself is most of, so that the difference
// of two float32 losses has digits enough.
TEST_P(FiniteDifferences, EveryGradient) {
  ThreadPool pool(2);
  const auto model = TrainableModel::Random(SmallConfig(GetParam()), 1, pool);
  FillParameters(*model);
  const TrainBatch batch = TwoSequences(model->config().vocab_size);
  model->ZeroGradients();
  model->ForwardBackward(batch, {.precision = tensor::DType::kF32});
  const auto loss = [&] {
    model->ParametersChanged();
    return model->Evaluate(batch, {.precision = tensor::DType::kF32}).weighted_nll;
  };
  for (Parameter& parameter : model->parameters()) {
    double square = 0;
    for (const float g : parameter.gradient) square += double{g} * double{g};
    ASSERT_GT(square, 0) << parameter.name;
    Random random(7, HashBytes(parameter.name));
    std::vector<double> direction;
    double slope = 0;
    for (const float g : parameter.gradient) {
      const double part = g / std::sqrt(square) * (0.5 + random.Uniform());
      direction.push_back(part);
      slope += part * g;
    }
    const std::vector<float> kept = parameter.value;
    const auto at = [&](double step) {
      for (size_t i = 0; i < kept.size(); ++i) {
        parameter.value[i] = static_cast<float>(kept[i] + step * direction[i]);
      }
      return loss();
    };
    const double step = 0.02 / std::max(1.0, std::sqrt(slope));
    // Of fourth order: what is left of the difference is rounding.
    const double measured =
        (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    parameter.value = kept;
    EXPECT_NEAR(measured / slope, 1, 2e-3) << parameter.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Families, FiniteDifferences,
                         testing::Values(Family::kLlama, Family::kQwen3, Family::kInternLm2),
                         [](const auto& family) {
                           return std::string(ArchitectureName(family.param));
                         });

TEST(LongestTrainable, IsTheContextOrWhatNeedsNoMoreThanFullAttention) {
  ModelConfig config = SmallConfig(Family::kLlama);
  EXPECT_EQ(LongestTrainable(config).positions, 40);
  EXPECT_EQ(LongestTrainable(config).limit, "");
  config.each_layer.resize(2);
  config.each_layer[1].window = 64;
  EXPECT_EQ(LongestTrainable(config).positions, 40);
  config.each_layer[1].window = 12;
  EXPECT_EQ(LongestTrainable(config).positions, 12);
  EXPECT_EQ(LongestTrainable(config).limit, "sliding windows");
  config.each_layer.clear();
  config.every_layer.rope.scaling = {
      .kind = ops::RopeScaling::Kind::kDynamic, .factor = 2, .trained_context = 20};
  EXPECT_EQ(LongestTrainable(config).positions, 20);
  EXPECT_EQ(LongestTrainable(config).limit, "dynamic rotary scaling");
  // The least of the layers that stretch, whichever they are.
  config.each_layer.assign(2, config.every_layer);
  config.each_layer[0].rope.scaling = {.trained_context = 10};
  EXPECT_EQ(LongestTrainable(config).positions, 20);
  config.each_layer[0].rope.scaling = {
      .kind = ops::RopeScaling::Kind::kDynamic, .factor = 2, .trained_context = 30};
  EXPECT_EQ(LongestTrainable(config).positions, 20);
  EXPECT_EQ(LongestTrainable(config).limit, "dynamic rotary scaling");
  config.each_layer.clear();
  config.every_layer.rope.scaling.kind = ops::RopeScaling::Kind::kLlama3;
  EXPECT_EQ(LongestTrainable(config).positions, 40);
}

TEST(TrainableModelDeathTest, RandomRequiresWhatCanBeTrained) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  ThreadPool pool(1);
  ModelConfig config = SmallConfig(Family::kLlama);
  config.each_layer.assign(2, config.every_layer);
  config.each_layer[1].rope.theta = 1e6;
  EXPECT_DEATH(TrainableModel::Random(config, 1, pool), "check failed: RequireOneRotation");
  config.each_layer[1] = config.every_layer;
  config.each_layer[1].score_cap = 30;
  EXPECT_DEATH(TrainableModel::Random(config, 1, pool), "check failed: RequireComputable");
}

}  // namespace
}  // namespace mores::model
