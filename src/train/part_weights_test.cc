// What an example's parts count in a judge's loss, against numbers that this file computes by
// itself from the likelihoods of single tokens, and by finite differences.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "base/files.h"
#include "format/profile/asked_profile.h"
#include "support/base/test_directory.h"
#include "support/format/byte_tokenizer.h"
#include "train/sft_objective.h"

namespace mores::train {
namespace {

// Labels that begin alike, so that the one can be told from the other at their seventh token.
constexpr char kPartsProfile[] = R"({"version": 1, "name": "parts", "source": "here",
    "ask": {"form": "text", "turns": [{"role": "user", "content": "{response}?"}]},
    "reply": {"before": ">",
              "labels": [{"text": "it is safe", "means": "safe"},
                         {"text": "it is bad", "means": "unsafe"}],
              "category": "#",
              "categories": [{"text": "fraud", "means": "fraud"},
                             {"text": "hate", "means": "hate_or_bias"}],
              "after": "\n"}})";

constexpr int32_t kSharedLabelTokens = 6;

Json PartsRecord(const std::string& id, const char* label, const std::string& critique) {
  return {{"id", id},
          {"messages", {{{"role", "assistant"}, {"content", "word " + id}}}},
          {"completion", std::string(label) + (critique.empty() ? "" : "\n" + critique)},
          {"label", label},
          {"lang", "en"},
          {"source", "s"}};
}

std::vector<Json> PartsRecords() {
  Json first = PartsRecord("a", "unsafe", "It cheats.");
  first["category"] = "fraud";
  first["weight"] = 2;
  first["label_by"] = "model";
  first["critique_weight"] = 0.5;
  Json second = PartsRecord("b", "safe", "Nothing is wrong with it.");
  second["label_weight"] = 0.25;
  second["label_by"] = "person";
  Json third = PartsRecord("c", "unsafe", "Ugly.");
  third["category"] = "hate_or_bias";
  third["category_weight"] = 3;
  third["label_weight"] = 0;
  third["critique_weight"] = 0;
  Json fourth = PartsRecord("d", "safe", "Fine.");
  fourth["label_by"] = "model";
  return {first, second, third, fourth};
}

class PartWeightsTest : public testing::Test {
 protected:
  void SetUp() override {
    auto spec = format::ParseProfileSpec(*ParseJson(kPartsProfile, "parts"), "parts");
    ASSERT_TRUE(spec) << spec.error().message;
    auto profile = format::MakeAskedProfile(std::move(*spec), {});
    ASSERT_TRUE(profile) << profile.error().message;
    profile_ = std::move(*profile);
    std::string lines;
    for (const Json& record : PartsRecords()) lines += DumpJson(record) + "\n";
    ASSERT_TRUE(WriteFileAtomically(path_, lines));
    const model::ModelConfig config{.vocab_size = tokenizer_.vocab_size(),
                                    .hidden_dim = 16,
                                    .ffn_dim = 24,
                                    .layers = 1,
                                    .query_heads = 2,
                                    .kv_heads = 1,
                                    .head_dim = 8,
                                    .context_length = 128};
    trainable_ = TrainEveryWeight(model::TrainableModel::Random(config, 5, pool_), pool_);
  }

  std::unique_ptr<SftObjective> Open(const LossRecipe& loss) {
    auto objective = std::make_unique<SftObjective>(
        profile_.get(),
        SftObjectiveOptions{.train_path = path_,
                            .loss = loss,
                            .packing = {.micro_batch_tokens = 128, .tokens_per_step = 1024}});
    EXPECT_TRUE(objective->Read());
    const Status made =
        objective->Tokenize({.tokenizer = tokenizer_,
                             .judge = {.context_length = 128, .max_critique_tokens = 40},
                             .texts = {}});
    EXPECT_TRUE(made) << made.error().message;
    return objective;
  }

  // Of the first step, with its gradients.
  double StepLoss(const SftObjective& objective) {
    trainable_->ZeroGradients();
    const auto plan = objective.PlanEpoch(0);
    EXPECT_EQ(plan.size(), 1u);
    EXPECT_GT(plan[0].size(), 1u) << "one micro-batch shows nothing of a step";
    const auto step = objective.BeginStep(plan[0], {.precision = tensor::DType::kF32});
    StepSums sums;
    sums.others.resize(objective.measures().size());
    for (size_t i = 0; i < plan[0].size(); ++i) {
      step->Add(*trainable_, i, {.precision = tensor::DType::kF32}, sums);
    }
    return sums.loss;
  }

  // Negative log-likelihoods of an example's tokens, from the one at 1 on, and last that of the
  // other label's first token that differs.
  std::vector<double> Likelihoods(const Example& example) {
    model::TrainBatch batch{.tokens = {example.tokens.begin(), example.tokens.end() - 1},
                            .offsets = {0, example.length()}};
    const std::string& other = example.label == format::Label::kUnsafe ? "safe" : "bad";
    const int32_t differs = example.prompt_length + kSharedLabelTokens;
    for (int32_t i = 1; i <= example.length(); ++i) {
      batch.predictions.push_back({.row = i - 1, .token = example.tokens[static_cast<size_t>(i)]});
    }
    const size_t at = static_cast<size_t>(differs);
    batch.predictions.insert(batch.predictions.begin() + static_cast<std::ptrdiff_t>(at),
                             {.row = differs - 1, .token = tokenizer_.Encode(other).front()});
    model::BatchFigures figures;
    trainable_->Evaluate(batch, {.precision = tensor::DType::kF32}, &figures);
    std::vector<double> all = {0};
    for (size_t i = 0; i < figures.nll.size(); ++i) {
      if (i != at) all.push_back(static_cast<double>(figures.nll[i]));
    }
    all.push_back(static_cast<double>(figures.nll[at]));
    return all;
  }

  struct Parts {
    double label = 0, category = 0, critique = 0;
    int category_tokens = 0, critique_tokens = 0;
  };
  // By counting bytes, which are this tokenizer's tokens.
  Parts PartsOf(const Example& example, const Json& record, double smoothing) {
    const std::vector<double> nll = Likelihoods(example);
    const bool unsafe = record["label"] == "unsafe";
    const size_t prompt = static_cast<size_t>(example.prompt_length);
    const std::string label = unsafe ? "it is bad" : "it is safe";
    Parts parts;
    for (size_t i = 0; i < label.size(); ++i) {
      parts.label += (i < kSharedLabelTokens ? 1 : 1 - smoothing) * nll[prompt + i];
    }
    parts.label += smoothing * nll.back();
    size_t at = prompt + label.size();
    const auto critique = [&](size_t tokens) {
      for (size_t i = 0; i < tokens; ++i) parts.critique += nll[at++];
      parts.critique_tokens += static_cast<int>(tokens);
    };
    if (record.contains("category")) {
      critique(2);  // a line break and '#'
      const size_t tokens = record["category"] == "fraud" ? 5 : 4;
      for (size_t i = 0; i < tokens; ++i) parts.category += nll[at++];
      parts.category_tokens = static_cast<int>(tokens);
    }
    critique(nll.size() - 1 - at);
    return parts;
  }

  static double Field(const Json& record, const char* name) { return record.value(name, 1.0); }

  TestDirectory folder_;
  const std::string path_ = folder_.path() + "/train.jsonl";
  ThreadPool pool_{1};
  format::ByteTokenizer tokenizer_;
  std::unique_ptr<format::JudgeProfile> profile_;
  std::unique_ptr<Trainable> trainable_;
};

TEST_F(PartWeightsTest, AnExamplesLossIsThatOfItsPartsAndTheStepsTheirMean) {
  const LossRecipe loss{.label_weight = 2,
                        .category_weight = 0.7,
                        .critique_weight = 0.3,
                        .normalise = Normalise::kExample,
                        .label_smoothing = 0.1,
                        .smooth = SmoothedLabels::kModel};
  const auto objective = Open(loss);
  const std::vector<Json> records = PartsRecords();
  const auto expected = [&] {
    double sum = 0;
    for (size_t i = 0; i < records.size(); ++i) {
      const Json& record = records[i];
      const bool smoothed = record.value("label_by", "") == "model";
      const Parts parts =
          PartsOf(objective->train().examples[i], record, smoothed ? loss.label_smoothing : 0);
      double own = 2 * Field(record, "label_weight") * parts.label +
                   0.3 * Field(record, "critique_weight") * parts.critique / parts.critique_tokens;
      if (parts.category_tokens > 0) {
        own += 0.7 * Field(record, "category_weight") * parts.category / parts.category_tokens;
      }
      sum += Field(record, "weight") * own;
    }
    return sum / static_cast<double>(records.size());
  };
  EXPECT_NEAR(StepLoss(*objective), expected(), 1e-5 * expected());

  // Its gradient is that of the same expression.
  int looked_at = 0;
  for (model::Parameter& parameter : trainable_->parameters()) {
    const auto most = std::max_element(parameter.gradient.begin(), parameter.gradient.end(),
                                       [](float a, float b) { return std::abs(a) < std::abs(b); });
    const auto at = static_cast<size_t>(most - parameter.gradient.begin());
    const float gradient = *most, kept = parameter.value[at], step = 1e-2f;
    std::array<double, 2> values{};
    for (const int side : {0, 1}) {
      parameter.value[at] = kept + (side == 0 ? -step : step);
      trainable_->ParametersChanged();
      values[static_cast<size_t>(side)] = expected();
    }
    parameter.value[at] = kept;
    trainable_->ParametersChanged();
    EXPECT_NEAR((values[1] - values[0]) / (2 * static_cast<double>(step)),
                static_cast<double>(gradient),
                0.02 * std::abs(static_cast<double>(gradient)) + 1e-3)
        << parameter.name;
    ++looked_at;
  }
  EXPECT_GT(looked_at, 5);
}

TEST_F(PartWeightsTest, ByTokensEachCountsAsItsPartAndItsExampleDo) {
  const LossRecipe loss{.label_weight = 2,
                        .category_weight = 0.7,
                        .critique_weight = 0.3,
                        .label_smoothing = 0.1,
                        .smooth = SmoothedLabels::kAll};
  const auto objective = Open(loss);
  const std::vector<Json> records = PartsRecords();
  double sum = 0, weight = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    const Json& record = records[i];
    const Parts parts = PartsOf(objective->train().examples[i], record, loss.label_smoothing);
    const double own = Field(record, "weight");
    const double label = own * 2 * Field(record, "label_weight");
    const double category = own * 0.7 * Field(record, "category_weight");
    const double critique = own * 0.3 * Field(record, "critique_weight");
    sum += label * parts.label + category * parts.category + critique * parts.critique;
    const double tokens = record["label"] == "unsafe" ? 3 : 4;  // where the labels differ
    weight += label * (kSharedLabelTokens + tokens * 0.9 + 0.1) + category * parts.category_tokens +
              critique * parts.critique_tokens;
  }
  EXPECT_NEAR(StepLoss(*objective), sum / weight, 1e-5 * sum / weight);
}

TEST_F(PartWeightsTest, ALabelThatCountsForNothingIsInNoFigureOfLabels) {
  const auto objective = Open({});
  const auto& examples = objective->train().examples;
  Evaluation evaluation;
  evaluation.scores.resize(examples.size());
  const Json summary = Summary(evaluation, examples);
  EXPECT_EQ(summary["examples"], 3);
  EXPECT_EQ(summary["by_language"]["en"]["examples"], 3);
  EXPECT_EQ(ScoredLabels(evaluation, examples).size(), 3u);
  EXPECT_EQ(ScoredLabels(evaluation, examples, text::Language::kChinese).size(), 0u);
  const Json none = Summary(evaluation, std::span(examples).subspan(2, 1));
  EXPECT_FALSE(none.contains("accuracy"));
  EXPECT_EQ(WarningOf(none), "");
  EXPECT_THAT(Describe(none), testing::HasSubstr("no labels"));
}

}  // namespace
}  // namespace mores::train
