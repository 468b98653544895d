#include "train/adamw.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/random.h"

namespace mores::train {
namespace {

model::Parameter MakeParameter(size_t size, bool decay) {
  model::Parameter parameter;
  parameter.shape = {static_cast<int64_t>(size)};
  parameter.value.resize(size);
  parameter.gradient.resize(size);
  parameter.decay = decay;
  return parameter;
}

// The same sequence as in the script whose results are below.
float Generated(int i, int k, int a, int b) {
  return static_cast<float>((i * a + k * b) % 101) / 50.0f - 1.0f;
}

double RelativeError(const std::vector<float>& got, const std::vector<float>& want) {
  double difference = 0;
  double norm = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    difference += std::pow(static_cast<double>(got[i]) - want[i], 2);
    norm += std::pow(static_cast<double>(want[i]), 2);
  }
  return std::sqrt(difference / norm);
}

// Values from PyTorch 2.14: AdamW(lr 1e-2 (s+1)/10, betas (0.9, 0.95), eps 1e-8), weight decay 0.1
// on the first tensor and 0 on the second, clip_grad_norm_ at 1, ten steps.
TEST(AdamW, TenStepsAgreeWithTorch) {
  ThreadPool pool(1);
  std::vector<model::Parameter> parameters{MakeParameter(12, true), MakeParameter(5, false)};
  for (int i = 0; i < 12; ++i) parameters[0].value[i] = Generated(i, 0, 37, 11);
  for (int i = 0; i < 5; ++i) parameters[1].value[i] = Generated(i, 0, 29, 7);
  AdamWState state = ZeroAdamWState(parameters);
  const AdamWOptions options{.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-8, .weight_decay = 0.1};
  double norm = 0;
  for (int step = 0; step < 10; ++step) {
    for (int i = 0; i < 12; ++i) {
      parameters[0].gradient[i] = 3 * Generated(i, step + 1, 53, 17);
    }
    for (int i = 0; i < 5; ++i) parameters[1].gradient[i] = 3 * Generated(i, step + 1, 31, 13);
    norm = GradientNorm(parameters, pool);
    AdamWStep(options,
              {.learning_rate = 1e-2 * (step + 1) / 10, .gradient_factor = ClipFactor(norm, 1.0)},
              parameters, state, pool);
  }
  EXPECT_NEAR(norm, 6.4423909, 1e-5);
  EXPECT_LT(RelativeError(parameters[0].value,
                          {-0.977414191f, -0.254149556f, 0.484874785f, -0.799281955f,
                           -0.0623316281f, 0.664497554f, -0.609236538f, 0.153171867f, 0.874092519f,
                           -0.391930163f, 0.327023566f, -0.937544525f}),
            1e-6);
  EXPECT_LT(RelativeError(parameters[1].value, {-0.984837174f, -0.430441678f, 0.164623126f,
                                                0.755795658f, -0.693810463f}),
            1e-6);
}

TEST(AdamW, SameBitsForAnyNumberOfThreads) {
  std::vector<std::vector<float>> results;
  std::vector<double> norms;
  for (const int threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    std::vector<model::Parameter> parameters{MakeParameter(100003, true), MakeParameter(7, false)};
    Random random(5);
    for (model::Parameter& parameter : parameters) {
      for (float& x : parameter.value) x = static_cast<float>(random.Normal());
      for (float& x : parameter.gradient) x = static_cast<float>(random.Normal());
    }
    AdamWState state = ZeroAdamWState(parameters);
    norms.push_back(GradientNorm(parameters, pool));
    for (int step = 0; step < 3; ++step) {
      AdamWStep({}, {.learning_rate = 1e-3, .gradient_factor = 0.5}, parameters, state, pool);
    }
    results.push_back(parameters[0].value);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(norms[0], norms[2]);
  EXPECT_NEAR(norms[0], std::sqrt(100010.0), 2);
}

TEST(AdamW, ClipsOnlyAboveTheBound) {
  EXPECT_EQ(ClipFactor(0.5, 1), 1);
  EXPECT_NEAR(ClipFactor(4, 1), 0.25, 1e-6);
  EXPECT_EQ(ClipFactor(4, 0), 1);
}

}  // namespace
}  // namespace mores::train
