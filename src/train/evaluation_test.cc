#include "train/evaluation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/files.h"
#include "text/tokenizer/sentencepiece.h"

namespace mores::train {
namespace {

enum class LabelPieces { kOneToken, kSeveralTokens };

// A tokenizer that does, or does not, know the label strings as pieces.
std::unique_ptr<text::Tokenizer> MakeTokenizer(LabelPieces pieces) {
  text::SentencePieceTraining training{
      .vocab_size = 320, .special_tokens = format::OurSpecialTokens(), .character_coverage = 1};
  for (int i = 0; i < 40; ++i) {
    for (const char* text : {"boil an egg", "burn the house", "水烧开", "回答"}) {
      training.texts.push_back(text);
    }
    for (const char* text : {"safe", "unsafe", "安全", "不安全"}) {
      if (pieces == LabelPieces::kOneToken) training.texts.insert(training.texts.end(), 5, text);
    }
  }
  const auto bytes = text::TrainSentencePieceBpe(training);
  EXPECT_TRUE(bytes) << bytes.error().message;
  const std::string path = testing::TempDir() + "/evaluation_test.model";
  EXPECT_TRUE(WriteFileAtomically(path, *bytes));
  auto tokenizer = text::LoadSentencePiece(path);
  std::filesystem::remove(path);
  return std::move(*tokenizer);
}

std::vector<format::SftRecord> Records(const format::JudgeProfile& profile) {
  std::vector<format::SftRecord> records;
  for (int i = 0; i < 12; ++i) {
    const bool chinese = i % 2 == 1;
    const auto label = i % 3 == 0 ? format::Label::kUnsafe : format::Label::kSafe;
    const text::Language lang = chinese ? text::Language::kChinese : text::Language::kEnglish;
    const Json json = {
        {"id", std::to_string(i)},
        {"messages",
         {{{"role", "assistant"},
           {"content", std::string(chinese ? "水烧开" : "boil an egg") + std::to_string(i * i)}}}},
        {"completion", profile.RenderCompletion(label, "burn the house", lang)},
        {"label", format::Name(label)},
        {"lang", text::Name(lang)},
        {"source", i < 6 ? "a" : "b"}};
    records.push_back(*format::ParseSftRecord(json, "test", 1, profile));
  }
  return records;
}

class EvaluationTest : public testing::TestWithParam<LabelPieces> {};

// The label's probability as evaluation has it against the plain loss of the same tokens, for the
// true label and, with labels turned round, for the other.
TEST_P(EvaluationTest, ProbabilitiesAreThoseOfWholeLabelStrings) {
  const auto profile = *format::FindJudgeProfile("mores-label-first");
  const auto tokenizer = MakeTokenizer(GetParam());
  std::vector<format::SftRecord> records = Records(*profile);
  const format::JudgeConfig config{.context_length = 96, .max_critique_tokens = 32};
  ThreadPool pool(1);
  const model::ModelConfig shape{.vocab_size = tokenizer->vocab_size(),
                                 .hidden_dim = 16,
                                 .ffn_dim = 32,
                                 .layers = 1,
                                 .query_heads = 2,
                                 .kv_heads = 1,
                                 .head_dim = 8,
                                 .context_length = 96};
  const auto model = TrainEveryWeight(model::TrainableModel::Random(shape, 1, pool), pool);
  for (model::Parameter& parameter : model->parameters()) {
    for (float& value : parameter.value) value *= 4;  // so that probabilities differ
  }
  model->ParametersChanged();
  const Evaluator evaluator(*profile, *tokenizer,
                            {.precision = tensor::DType::kF32, .micro_batch_tokens = 128});
  std::vector<std::vector<double>> nll;
  std::vector<LabelScore> scores;
  for (const bool turned : {false, true}) {
    if (turned) {
      for (format::SftRecord& record : records) {
        record.dialogue.expected = record.dialogue.expected == format::Label::kSafe
                                       ? format::Label::kUnsafe
                                       : format::Label::kSafe;
      }
    }
    const auto set = TokenizeRecords(records, *profile, *tokenizer, config);
    ASSERT_TRUE(set) << set.error().message;
    const size_t label = static_cast<size_t>(set->examples[0].label_length);
    EXPECT_EQ(label == 1, GetParam() == LabelPieces::kOneToken);
    const Evaluation evaluation = evaluator.Run(*model, set->examples);
    scores = evaluation.scores;
    nll.emplace_back();
    for (int32_t i = 0; i < 12; ++i) {
      const model::TrainBatch batch = BuildBatch(set->examples, {i}, TokenWeights{});
      model::BatchFigures figures;
      model->Evaluate(batch, {.precision = tensor::DType::kF32, .figures = true}, &figures);
      nll.back().push_back(
          TokenFiguresOf(set->examples, {i}, TokenWeights{}, figures).label_loss.sum);
      EXPECT_NEAR(evaluation.scores[static_cast<size_t>(i)].label_nll, nll.back().back(), 1e-4);
    }
  }
  for (size_t i = 0; i < 12; ++i) {
    const bool unsafe = records[i].dialogue.expected == format::Label::kUnsafe;
    const double p_this = std::exp(-nll[1][i]);
    const double p_that = std::exp(-nll[0][i]);
    const double p_unsafe = unsafe ? p_this / (p_this + p_that) : p_that / (p_this + p_that);
    EXPECT_NEAR(scores[i].p_unsafe, p_unsafe, 1e-4);
    EXPECT_NEAR(scores[i].other_mass, 1 - p_this - p_that, 1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, EvaluationTest,
                         testing::Values(LabelPieces::kOneToken, LabelPieces::kSeveralTokens));

TEST(EvaluationSummary, SlicesBySourceAndLanguage) {
  std::vector<Example> examples;
  Evaluation evaluation{.loss = 1.5};
  for (int i = 0; i < 8; ++i) {
    const bool unsafe = i % 2 == 0;
    examples.push_back({.source = i < 4 ? "a" : "b",
                        .label = unsafe ? format::Label::kUnsafe : format::Label::kSafe,
                        .lang = i < 6 ? text::Language::kEnglish : text::Language::kChinese});
    // Right for source a, wrong for b.
    const bool says_unsafe = (i < 4) == unsafe;
    evaluation.scores.push_back({.p_unsafe = says_unsafe ? 0.9 : 0.1, .label_nll = 2});
  }
  const Json summary = Summary(evaluation, examples);
  EXPECT_EQ(summary["loss"], 1.5);
  EXPECT_EQ(summary["label_loss"], 2);
  EXPECT_EQ(summary["examples"], 8);
  EXPECT_EQ(summary["accuracy"], 0.5);
  EXPECT_EQ(summary["macro_balanced_accuracy"], 0.5);
  EXPECT_EQ(summary["by_source"]["a/en"]["accuracy"], 1);
  EXPECT_EQ(summary["by_source"]["a/en"]["auroc"], 1);
  EXPECT_EQ(summary["by_source"]["b/zh"]["auroc"], 0);
  EXPECT_EQ(summary["by_language"]["zh"]["examples"], 2);
}

// Of `count` examples, all of them right by p_unsafe, the first `unparsed` give their labels a
// tenth of the probability and the others all of it.
Json SummaryOfMass(size_t count, size_t unparsed) {
  std::vector<Example> examples(count);
  Evaluation evaluation;
  for (size_t i = 0; i < count; ++i) {
    examples[i].label = i % 2 == 0 ? format::Label::kUnsafe : format::Label::kSafe;
    evaluation.scores.push_back(
        {.p_unsafe = i % 2 == 0 ? 0.9 : 0.1, .other_mass = i < unparsed ? 0.9 : 0.0});
  }
  return Summary(evaluation, examples);
}

TEST(EvaluationSummary, ALabelWithoutProbabilityIsUnparsedAndWrong) {
  const Json summary = SummaryOfMass(10, 4);
  EXPECT_NEAR(summary["label_mass"].get<double>(), 0.64, 1e-9);
  EXPECT_EQ(summary["unparsed"], 0.4);
  EXPECT_EQ(summary["accuracy"], 0.6);
  EXPECT_EQ(summary["auroc"], 1.0);
  EXPECT_EQ(WarningOf(summary), "");
}

TEST(EvaluationSummary, WarnsWhereLabelsHoldLittleOrMostIsUnparsed) {
  const std::string warning = WarningOf(SummaryOfMass(10, 10));
  EXPECT_NE(warning.find("hold 10.0 %"), std::string::npos) << warning;
  EXPECT_NE(warning.find("100.0 % of 10 validation examples are unparsed"), std::string::npos);
  EXPECT_NE(WarningOf(SummaryOfMass(10, 5)), "") << "half are unparsed, though the mean is above";
  EXPECT_EQ(WarningOf(SummaryOfMass(10, 0)), "");
  EXPECT_EQ(WarningOf(Json::object()), "") << "of a manifest from before";
}

TEST(EvaluationSummary, SamplesAreTheSameEachTime) {
  std::vector<Example> examples(50);
  for (size_t i = 0; i < examples.size(); ++i) examples[i].id = std::to_string(i);
  const auto first = SampleExamples(examples, 10);
  const auto second = SampleExamples(examples, 10);
  ASSERT_EQ(first.size(), 10u);
  for (size_t i = 0; i < 10; ++i) EXPECT_EQ(first[i].id, second[i].id);
  EXPECT_EQ(SampleExamples(examples, 0).size(), 50u);
}

}  // namespace
}  // namespace mores::train
