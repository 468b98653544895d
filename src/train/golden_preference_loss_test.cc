// Every loss, divergence and option against PyTorch's autograd
// (tools/goldens/make_preference_losses.py), as a recipe asks for it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "train/preference/preference_loss.h"
#include "train/preference/preference_recipe.h"

namespace mores::train {
namespace {

constexpr double kTolerance = 1e-6;

struct GoldenStep {
  struct Completion {
    std::vector<float> policy, reference, log_square_sums;
    bool wanted;
    double weight;
  };
  std::vector<Completion> completions;
  double kl = 0;
};

std::vector<float> FloatsOf(const Json& numbers) { return numbers.get<std::vector<float>>(); }

GoldenStep StepOf(const Json& json) {
  GoldenStep step{.kl = json.at("kl").get<double>()};
  for (const Json& completion : json.at("completions")) {
    step.completions.push_back({.policy = FloatsOf(completion.at("policy")),
                                .reference = FloatsOf(completion.at("reference")),
                                .log_square_sums = FloatsOf(completion.at("log_square_sums")),
                                .wanted = completion.at("wanted").get<bool>(),
                                .weight = completion.value("weight", 1.0)});
  }
  return step;
}

// Values of JSON that stand in TOML as they do there.
PreferenceLoss LossOf(const Json& options) {
  std::string text = "[preference]\n";
  for (const auto& [key, value] : options.items()) text += key + " = " + DumpJson(value) + "\n";
  TomlFields file = TomlFields::Parse(text, "golden").value();
  TomlFields fields = file.Table("preference");
  PreferenceLoss loss;
  std::vector<std::string> told;
  ReadPreferenceLoss(fields, loss, told);
  fields.Finish();
  const Status status = file.status();
  EXPECT_TRUE(status) << status.error().message;
  EXPECT_TRUE(told.empty()) << told.front();
  return loss;
}

double NormOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum);
}

struct GoldenErrors {
  double loss = 0;
  double gradients = 0;
};

GoldenErrors ErrorsOf(const PreferenceLoss& loss, const GoldenStep& golden, const Json& expected) {
  StepFigures step{.kl = golden.kl};
  std::vector<CompletionLogps> completions;
  size_t tokens = 0;
  for (size_t i = 0; i < golden.completions.size(); ++i) {
    const GoldenStep::Completion& completion = golden.completions[i];
    completions.push_back({.policy = completion.policy,
                           .reference = completion.reference,
                           .log_square_sums = completion.log_square_sums,
                           .wanted = completion.wanted,
                           .weight = completion.weight});
    tokens += completion.policy.size();
    if (!loss.Unpaired() && i % 2 == 1) continue;
    step.pairs += completion.weight;
    step.chosen_tokens += completion.weight * static_cast<double>(completion.policy.size());
  }
  std::vector<float> gradients(tokens);
  double sum = 0;
  for (const PairFigures& figures : PreferenceLossOf(loss, step, completions, gradients)) {
    sum += figures.loss;
  }
  const double value = expected.at("loss").get<double>();
  const auto slopes = expected.at("gradients").get<std::vector<double>>();
  EXPECT_EQ(slopes.size(), tokens);
  std::vector<double> differences(tokens);
  for (size_t i = 0; i < tokens; ++i) differences[i] = gradients[i] - slopes[i];
  return {.loss = std::abs(sum - value) / std::max(1.0, std::abs(value)),
          .gradients = NormOf(differences) / std::max(1e-6, NormOf(slopes))};
}

TEST(GoldenPreferenceLoss, AgreesWithAutograd) {
  const auto text =
      ReadFile(std::string(MORES_SOURCE_DIR) + "/tests/golden/preference_losses.json");
  ASSERT_TRUE(text) << text.error().message;
  const auto golden = ParseJson(*text, "golden");
  ASSERT_TRUE(golden) << golden.error().message;
  std::set<PreferenceLossKind> seen;
  GoldenErrors worst;
  for (const Json& one : golden->at("cases")) {
    const std::string what = DumpJson(one.at("options")) + " on " + DumpJson(one.at("step"));
    const PreferenceLoss loss = LossOf(one.at("options"));
    for (const PreferenceLossTerm& term : loss.terms) seen.insert(term.kind);
    const GoldenStep step = StepOf(golden->at("steps").at(one.at("step").get<std::string>()));
    const GoldenErrors errors = ErrorsOf(loss, step, one);
    EXPECT_LE(errors.loss, kTolerance) << what;
    EXPECT_LE(errors.gradients, kTolerance) << what;
    worst.loss = std::max(worst.loss, errors.loss);
    worst.gradients = std::max(worst.gradients, errors.gradients);
  }
  std::cout << golden->at("cases").size() << " cases, worst: loss " << worst.loss << ", gradients "
            << worst.gradients << "\n";
  EXPECT_EQ(seen.size(), PreferenceLossKinds().size());
}

}  // namespace
}  // namespace mores::train
