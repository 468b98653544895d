#include "train/examples.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "format/profile/asked_profile.h"
#include "text/tokenizer/sentencepiece.h"

namespace mores::train {
namespace {

class ExamplesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    text::SentencePieceTraining training{
        .vocab_size = 390, .special_tokens = format::OurSpecialTokens(), .character_coverage = 1};
    for (int i = 0; i < 50; ++i) {
      for (const char* text : {"safe", "unsafe", "安全", "不安全", "The answer helps with harm.",
                               "回答没有问题。", "How do I boil an egg?", "先把水烧开。"}) {
        training.texts.push_back(text);
      }
    }
    const auto bytes = text::TrainSentencePieceBpe(training);
    ASSERT_TRUE(bytes) << bytes.error().message;
    const std::string path = testing::TempDir() + "/examples_test.model";
    ASSERT_TRUE(WriteFileAtomically(path, *bytes));
    auto loaded = text::LoadSentencePiece(path);
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer_ = loaded->release();
    profile_ = format::FindJudgeProfile("mores-label-first")->release();
    std::filesystem::remove(path);
  }
  static void TearDownTestSuite() {
    delete tokenizer_;
    delete profile_;
  }

  static format::SftRecord Record(const std::string& line) {
    auto record = format::ParseSftRecord(*ParseJson(line, "test"), "test:1", 1, *profile_);
    EXPECT_TRUE(record) << record.error().message;
    return *record;
  }
  static format::SftRecord English(const std::string& answer = "Boil it.") {
    return Record(DumpJson({{"id", "e"},
                            {"messages",
                             {{{"role", "user"}, {"content", "How do I boil an egg?"}},
                              {{"role", "assistant"}, {"content", answer}}}},
                            {"completion", "unsafe\nThe answer helps with harm."},
                            {"label", "unsafe"},
                            {"lang", "en"},
                            {"source", "s"},
                            {"weight", 0.5}}));
  }
  static format::SftRecord Chinese() {
    return Record(DumpJson({{"id", "z"},
                            {"messages", {{{"role", "assistant"}, {"content", "先把水烧开。"}}}},
                            {"completion", "安全\n回答没有问题。"},
                            {"label", "safe"},
                            {"lang", "zh"},
                            {"source", "s"}}));
  }

  static const text::Tokenizer* tokenizer_;
  static const format::JudgeProfile* profile_;
};

const text::Tokenizer* ExamplesTest::tokenizer_ = nullptr;
const format::JudgeProfile* ExamplesTest::profile_ = nullptr;

// What is trained is what judging asks: the prompt as the judge tokenises it, then the label
// string, the separator and the critique, each encoded on its own, then the end token.
TEST_F(ExamplesTest, TrainingTokensAreJudgingTokens) {
  const format::JudgeConfig config{.context_length = 128, .max_critique_tokens = 40};
  for (const format::SftRecord& record : {English(), Chinese()}) {
    const auto set = TokenizeRecords(std::span(&record, 1), *profile_, *tokenizer_, config);
    ASSERT_TRUE(set) << set.error().message;
    const Example& example = set->examples[0];
    const auto prompt = profile_->Tokenize(record.dialogue, *tokenizer_,
                                           format::MaxPromptTokens(config, *profile_, *tokenizer_));
    ASSERT_TRUE(prompt);
    std::vector<int32_t> expected = prompt->ids;
    const bool unsafe = record.dialogue.expected == format::Label::kUnsafe;
    const format::LabelStrings labels = profile_->labels(record.lang);
    for (const std::string& part :
         {unsafe ? labels.unsafe : labels.safe, std::string("\n"), record.critique}) {
      const std::vector<int32_t> ids = tokenizer_->Encode(part);
      expected.insert(expected.end(), ids.begin(), ids.end());
    }
    expected.push_back(*tokenizer_->eos_id());
    EXPECT_EQ(example.tokens, expected);
    EXPECT_EQ(example.prompt_length, static_cast<int32_t>(prompt->ids.size()));
    // And the text of it is what the profile renders.
    const std::vector<int32_t> completion(example.tokens.begin() + example.prompt_length,
                                          example.tokens.end());
    EXPECT_EQ(tokenizer_->Decode(completion),
              profile_->RenderCompletion(*record.dialogue.expected, record.critique, record.lang));
  }
}

// A profile of another kind: what leads to the label is given, as in judging (but for a space,
// which is of the label's first token), and a reply that ends with its label has no critique.
TEST_F(ExamplesTest, AProfilesReplyIsTrainedAsItIsJudged) {
  const auto spec =
      format::ParseProfileSpec(*ParseJson(R"({"version": 1, "name": "other", "source": "here",
                     "ask": {"form": "text", "turns": [{"role": "user", "content": "{response}?"}]},
                     "reply": {"before": "It is ", "after": ".", "labels": [
                         {"text": "safe", "means": "safe", "ends": true},
                         {"text": "unsafe", "means": "unsafe"},
                         {"text": "doubtful", "means": "unsafe"}]}})",
                                          "spec"),
                               "spec");
  ASSERT_TRUE(spec) << spec.error().message;
  const auto profile = format::MakeAskedProfile(*spec, {});
  ASSERT_TRUE(profile) << profile.error().message;
  const std::vector<format::SftRecord> records{English(), Chinese()};
  const auto set = TokenizeRecords(records, **profile, *tokenizer_,
                                   {.context_length = 128, .max_critique_tokens = 40});
  ASSERT_TRUE(set) << set.error().message;
  const auto text = [&](const Example& example, int32_t begin, int32_t end) {
    return tokenizer_->Decode(
        std::span(example.tokens)
            .subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  };
  const Example& english = set->examples[0];
  const int32_t label_end = english.prompt_length + english.label_length;
  EXPECT_EQ(text(english, 0, english.prompt_length), "Boil it.?It is");
  EXPECT_EQ(text(english, english.prompt_length, label_end), " unsafe");
  EXPECT_EQ(text(english, label_end, english.length() + 1), ".The answer helps with harm.");
  EXPECT_EQ(english.tokens.back(), *tokenizer_->eos_id());
  const Example& chinese = set->examples[1];
  EXPECT_EQ(text(chinese, chinese.prompt_length, chinese.length() + 1), " safe");
  EXPECT_EQ(chinese.tokens.back(), *tokenizer_->eos_id());
  EXPECT_EQ(set->critiques_out, 1);
  EXPECT_EQ(set->Summary()["critiques_out"], 1);
}

TEST_F(ExamplesTest, LabelsThatBeginAlikeAreRefused) {
  const auto spec =
      format::ParseProfileSpec(*ParseJson(R"({"version": 1, "name": "other", "source": "here",
                     "ask": {"form": "text", "turns": [{"role": "user", "content": "{response}"}]},
                     "reply": {"after": ".", "labels": [{"text": "safe", "means": "safe"},
                                                        {"text": "safe not", "means": "unsafe"}]}})",
                                          "spec"),
                               "spec");
  ASSERT_TRUE(spec) << spec.error().message;
  const auto profile = format::MakeAskedProfile(*spec, {});
  ASSERT_TRUE(profile) << profile.error().message;
  const format::SftRecord record = English();
  const auto set = TokenizeRecords(std::span(&record, 1), **profile, *tokenizer_,
                                   {.context_length = 128, .max_critique_tokens = 40});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().kind, ErrorKind::kUnsupported);
}

TEST_F(ExamplesTest, LongPromptsAndCritiquesFitTheContext) {
  const format::JudgeConfig config{.context_length = 64, .max_critique_tokens = 5};
  std::string answer;
  for (int i = 0; i < 100; ++i) answer += "boil the egg ";
  const std::vector<format::SftRecord> records{English(answer), Chinese()};
  const auto set = TokenizeRecords(records, *profile_, *tokenizer_, config);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->prompts_truncated, 1);
  EXPECT_EQ(set->critiques_cut, 1 + (tokenizer_->Encode(records[1].critique).size() > 5 ? 1 : 0));
  for (const Example& example : set->examples) EXPECT_LE(example.tokens.size(), 64u);
  EXPECT_NE(set->examples[0].tokens.back(), *tokenizer_->eos_id());
  const auto cramped = TokenizeRecords(records, *profile_, *tokenizer_,
                                       {.context_length = 12, .max_critique_tokens = 5});
  ASSERT_FALSE(cramped);
  EXPECT_EQ(cramped.error().kind, ErrorKind::kInput);
}

TEST_F(ExamplesTest, BatchWeighsPromptLabelAndCritique) {
  const std::vector<format::SftRecord> records{English(), Chinese()};
  const auto set = TokenizeRecords(records, *profile_, *tokenizer_,
                                   {.context_length = 128, .max_critique_tokens = 40});
  ASSERT_TRUE(set);
  const MicroBatch both{1, 0};
  const TokenWeights weights{.prompt = 0.25, .label = 4, .critique = 2};
  const model::TrainBatch batch = BuildBatch(set->examples, both, weights);
  const Example& chinese = set->examples[1];
  const Example& english = set->examples[0];
  ASSERT_EQ(batch.offsets,
            std::vector<int32_t>({0, chinese.length(), chinese.length() + english.length()}));
  ASSERT_EQ(batch.tokens.size(), batch.predictions.size());
  // The second sequence is the English one, of weight one half.
  const auto begin = static_cast<size_t>(chinese.length());
  double sum = 0;
  for (size_t i = 0; i < batch.predictions.size(); ++i) {
    EXPECT_EQ(batch.predictions[i].row, static_cast<int32_t>(i));
    sum += static_cast<double>(batch.predictions[i].weight);
  }
  EXPECT_NEAR(sum, WeightOf(set->examples, both, weights), 1e-5);
  const auto prompt = static_cast<size_t>(english.prompt_length);
  EXPECT_EQ(batch.predictions[begin + prompt - 1].token, english.tokens[prompt]);
  EXPECT_EQ(batch.predictions[begin].weight, 0.125f);
  EXPECT_EQ(batch.predictions[begin + prompt - 2].weight, 0.125f);
  EXPECT_EQ(batch.predictions[begin + prompt - 1].weight, 2.0f);
  const auto label = static_cast<size_t>(english.label_length);
  EXPECT_EQ(batch.predictions[begin + prompt - 1 + label].weight, 1.0f);
  EXPECT_EQ(batch.predictions.back().weight, 1.0f);
  EXPECT_EQ(batch.predictions.back().token, *tokenizer_->eos_id());

  const size_t rows = batch.tokens.size();
  model::BatchFigures figures{.nll = std::vector<float>(rows, 1.0f),
                              .entropy = std::vector<float>(rows, 2.0f),
                              .likeliest = std::vector<uint8_t>(rows, 0)};
  figures.nll[begin + prompt - 1] = 3.0f;
  figures.likeliest[0] = 1;
  const TokenFigures tokens = TokenFiguresOf(set->examples, both, weights, figures);
  EXPECT_DOUBLE_EQ(tokens.label_loss.weight, chinese.label_length + 0.5 * english.label_length);
  EXPECT_DOUBLE_EQ(tokens.label_loss.sum, tokens.label_loss.weight + 0.5 * 2);
  EXPECT_DOUBLE_EQ(*tokens.entropy.mean(), 2);
  EXPECT_DOUBLE_EQ(tokens.accuracy.sum, 1);
  EXPECT_DOUBLE_EQ(tokens.accuracy.weight, static_cast<double>(rows));

  // What weighs nothing isn't predicted, but for the label.
  const model::TrainBatch labels =
      BuildBatch(set->examples, {0}, {.prompt = 0, .label = 0, .critique = 0});
  ASSERT_EQ(labels.predictions.size(), label);
  EXPECT_EQ(labels.predictions[0].row, english.prompt_length - 1);
  EXPECT_EQ(labels.predictions[0].weight, 0.0f);
}

TEST_F(ExamplesTest, TokenizerTextsAreTheTextsThatAreEncoded) {
  const std::vector<format::SftRecord> records{English()};
  const std::vector<std::string> texts = TokenizerTexts(records, *profile_, 100, 1);
  EXPECT_EQ(texts, std::vector<std::string>({"How do I boil an egg?", "Boil it.", "unsafe",
                                             "The answer helps with harm."}));
  EXPECT_EQ(TokenizerTexts(records, *profile_, 2, 1).size(), 2u);
}

}  // namespace
}  // namespace mores::train
