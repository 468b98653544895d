#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/format/byte_tokenizer.h"
#include "support/train/chat_folder.h"
#include "train/preference/preference_data.h"

namespace mores::train {
namespace {

using testing::HasSubstr;

PreferenceRecord Texts(std::string prompt, std::string chosen, std::string rejected) {
  return {.id = "t",
          .where = "f:1",
          .text = std::move(prompt),
          .texts = {std::move(chosen), std::move(rejected)}};
}

Json Turn(const char* role, const std::string& content) {
  return {{"role", role}, {"content", content}};
}

PreferenceRecord Chat(const std::string& chosen, const std::string& rejected) {
  return {.id = "c",
          .where = "f:2",
          .kind = PreferenceRecord::Kind::kMessages,
          .messages = Json::array({Turn("system", "Be kind."), Turn("user", "first question"),
                                   Turn("assistant", "first answer"), Turn("user", "and then?")}),
          .turns = {Json::array({Turn("assistant", chosen)}),
                    Json::array({Turn("assistant", rejected)})}};
}

class PreferenceTokensTest : public testing::Test {
 protected:
  Expected<PreferenceSet> Tokenize(const PreferenceRecord& record,
                                   const PreferenceTokenOptions& options = {}) const {
    const auto tokens =
        PreferenceTokenizer::Open(folder_.texts(), folder_.tokenizer(), nullptr, {});
    return (*tokens)->Tokenize({record}, "f", options);
  }
  std::string Shown(const Expected<PreferenceSet>& set) const {
    if (!set) return "error: " + set.error().message;
    if (set->examples.empty()) return "none";
    const PreferenceExample& example = set->examples[0];
    std::string shown = folder_.Show(example.prompt);
    for (const auto& completion : example.completions) shown += "|" + folder_.Show(completion);
    return shown;
  }

  ChatFolder folder_{ChatMl()};
};

TEST_F(PreferenceTokensTest, ConversationsShareThePrompt) {
  const auto set = Tokenize(Chat("Yes.", "No."));
  EXPECT_EQ(Shown(set),
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nfirst question<|im_end|>\n"
            "<|im_start|>assistant\nfirst answer<|im_end|>\n<|im_start|>user\nand then?<|im_end|>\n"
            "<|im_start|>assistant\n|Yes.<|im_end|>|No.<|im_end|>");
  const PreferenceExample& example = set->examples[0];
  EXPECT_EQ(example.rows(), static_cast<int>(example.prompt.size() + example.completions[0].size() +
                                             example.completions[1].size()) -
                                2);
  EXPECT_EQ(set->tokens, example.rows());
  EXPECT_EQ(example.learned[0].size(), example.completions[0].size());
}

TEST_F(PreferenceTokensTest, WhatStandsBetweenTurnsIsNotLearned) {
  PreferenceRecord record = Chat("Yes.", "No.");
  record.turns[0].push_back(Turn("user", "Sure?"));
  record.turns[0].push_back(Turn("assistant", "Sure."));
  const auto set = Tokenize(record);
  ASSERT_TRUE(set) << set.error().message;
  std::vector<int32_t> learned;
  const PreferenceExample& example = set->examples[0];
  for (size_t i = 0; i < example.learned[0].size(); ++i) {
    if (example.learned[0][i] != 0) learned.push_back(example.completions[0][i]);
  }
  EXPECT_EQ(folder_.Show(learned), "Yes.<|im_end|>Sure.<|im_end|>");
}

TEST_F(PreferenceTokensTest, RecordsAreNamed) {
  EXPECT_EQ(Shown(Tokenize(Chat(" ", "No."))),
            "error: f:2: record 'c': the assistant's turn is empty");
  // A template that trims.
  const ChatFolder llama(Llama3());
  const auto tokens = PreferenceTokenizer::Open(llama.texts(), llama.tokenizer(), nullptr, {});
  const auto same = (*tokens)->Tokenize({Chat("No.", " No.\n")}, "f", {});
  EXPECT_EQ(Shown(same), "error: f:2: record 'c': chosen and rejected are the same tokens");
}

TEST_F(PreferenceTokensTest, EarliestTurnsGoFirstAndWhatInstructsStays) {
  const auto whole = Tokenize(Chat("Yes.", "No."));
  const auto length = static_cast<int64_t>(whole->examples[0].prompt.size() +
                                           whole->examples[0].completions[0].size());
  EXPECT_EQ(Tokenize(Chat("Yes.", "No."), {.max_length = length})->prompts_truncated, 0);
  const auto set = Tokenize(Chat("Yes.", "No."), {.max_length = length - 1});
  EXPECT_EQ(Shown(set),
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nand then?<|im_end|>\n"
            "<|im_start|>assistant\n|Yes.<|im_end|>|No.<|im_end|>");
  EXPECT_EQ(set->prompts_truncated, 1);
  EXPECT_EQ(set->completions_cut, 0);
}

TEST_F(PreferenceTokensTest, TheLastQuestionLosesItsBeginning) {
  PreferenceRecord record = Chat("Yes.", "No.");
  std::string question;
  for (int i = 0; i < 100; ++i) question += fmt::format("w{} ", i);
  record.messages[3]["content"] = question + "why?";
  const auto set = Tokenize(record, {.max_length = 90});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_THAT(Shown(set), testing::StartsWith("<|im_start|>system\nBe kind.<|im_end|>\n"
                                              "<|im_start|>user\n"));
  EXPECT_THAT(Shown(set), HasSubstr(" w99 why?<|im_end|>\n<|im_start|>assistant\n|Yes."));
  EXPECT_THAT(Shown(set), testing::Not(HasSubstr("w1 ")));
  const PreferenceExample& example = set->examples[0];
  const size_t size = example.prompt.size() + example.completions[0].size();
  EXPECT_LE(size, 90U);
  EXPECT_GE(size, 60U);
  EXPECT_EQ(set->prompts_truncated, 1);
  record.messages[0]["content"] = question;
  EXPECT_THAT(Shown(Tokenize(record, {.max_length = 90})),
              HasSubstr("f:2: record 'c': what stands around the last question has"));
}

TEST_F(PreferenceTokensTest, CompletionsAreCutAtOneBoundAndHaveNoEndThen) {
  const std::string digits = "0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9";
  const auto set = Tokenize(Texts("a b", " c" + digits, " d"), {.max_completion = 5});
  ASSERT_TRUE(set) << set.error().message;
  const PreferenceExample& example = set->examples[0];
  EXPECT_EQ(example.completions[0].size(), 5U);
  EXPECT_EQ(example.learned[0].size(), 5U);
  EXPECT_NE(example.completions[0].back(), *folder_.tokenizer().eos_id());
  EXPECT_EQ(example.completions[1].back(), *folder_.tokenizer().eos_id());
  EXPECT_EQ(set->completions_cut, 1);
}

TEST_F(PreferenceTokensTest, PairsThatCuttingMakesEqualAreLeftOutAndCounted) {
  PreferenceRecord equal = Texts("a b", " 0 1 2 3 4 5 6 7 8 x", " 0 1 2 3 4 5 6 7 8 y");
  const auto tokens = PreferenceTokenizer::Open(folder_.texts(), folder_.tokenizer(), nullptr, {});
  const PreferenceTokenOptions options{.max_completion = 4};
  const auto set = (*tokens)->Tokenize({equal, Texts("a b", " c", " d")}, "f", options);
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->examples.size(), 1U);
  EXPECT_EQ(set->left_out, 1);
  EXPECT_EQ(set->Summary()["left_out"], 1);
  EXPECT_THAT(Shown(Tokenize(equal, options)), HasSubstr("f: in 1024 tokens no pair is left"));
}

TEST_F(PreferenceTokensTest, TextsKeepTheirEndAndTheirStartToken) {
  const ChatFolder llama(Llama2());
  const auto tokens = PreferenceTokenizer::Open(llama.texts(), llama.tokenizer(), nullptr, {});
  std::string prompt;
  for (int i = 0; i < 50; ++i) prompt += " ab";
  const auto set =
      (*tokens)->Tokenize({Texts(prompt + " end", " c", " d")}, "f", {.max_length = 24});
  ASSERT_TRUE(set) << set.error().message;
  const PreferenceExample& example = set->examples[0];
  EXPECT_EQ(example.prompt.front(), 1);
  EXPECT_THAT(llama.Show(example.prompt), testing::EndsWith(" end"));
  const size_t longest = std::max(example.completions[0].size(), example.completions[1].size());
  EXPECT_EQ(example.prompt.size() + longest, 24U);
  EXPECT_EQ(set->prompts_truncated, 1);
}

TEST_F(PreferenceTokensTest, JudgesRepliesAreWhatJudgingAsks) {
  const auto profile = *format::FindJudgeProfile("mores-label-first");
  const format::ByteTokenizer bytes;
  const text::ModelTexts none{.model = "m"};
  const format::JudgeConfig judge{.context_length = 300, .max_critique_tokens = 12};
  const auto tokens = PreferenceTokenizer::Open(none, bytes, profile.get(), judge);
  format::Dialogue dialogue{
      .id = "d", .turns = {{format::Role::kUser, "How?"}, {format::Role::kAssistant, "So."}}};
  PreferenceRecord record{.id = "j",
                          .where = "f:1",
                          .kind = PreferenceRecord::Kind::kDialogue,
                          .dialogue = std::make_shared<const format::Dialogue>(dialogue),
                          .replies = {{format::Label::kUnsafe, "It harms a great many."},
                                      {format::Label::kSafe, "Fine."}},
                          .lang = text::Language::kEnglish};
  auto set = (*tokens)->Tokenize({record}, "f", {});
  ASSERT_TRUE(set) << set.error().message;
  const PreferenceExample& example = set->examples[0];
  EXPECT_EQ(bytes.Show(example.completions[0]), "unsafe\nIt harms a g");
  EXPECT_EQ(bytes.Show(example.completions[1]), "safe\nFine.</s>");
  EXPECT_EQ(set->completions_cut, 1);
  const auto asked = profile->Tokenize(dialogue, bytes, 200);
  EXPECT_EQ(example.prompt, asked->ids);

  dialogue.turns[1].content = std::string(400, 'x');
  record.dialogue = std::make_shared<const format::Dialogue>(dialogue);
  set = (*tokens)->Tokenize({record}, "f", {.max_length = 120});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->prompts_truncated, 1);
  EXPECT_LE(set->examples[0].prompt.size() + set->examples[0].completions[0].size(), 120U);
  EXPECT_THAT(bytes.Show(set->examples[0].completions[0]), testing::StartsWith("unsafe\n"));

  // What differs only beyond the bound is no pair any more.
  PreferenceRecord equal = record;
  equal.replies = {{format::Label::kUnsafe, "It harms a great many."},
                   {format::Label::kUnsafe, "It harms a great city."}};
  set = (*tokens)->Tokenize({equal, record}, "f", {});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->examples.size(), 1U);
  EXPECT_EQ(set->left_out, 1);
  EXPECT_THAT((*tokens)->Tokenize({equal}, "f", {}).error().message,
              HasSubstr("f: in 1024 tokens no pair is left whose completions differ"));

  const auto without = PreferenceTokenizer::Open(none, bytes, nullptr, judge);
  EXPECT_THAT(
      (*without)->Tokenize({record}, "f", {}).error().message,
      HasSubstr("f:1: record 'j': a dialogue with a judge's replies needs a judge profile"));
}

}  // namespace
}  // namespace mores::train
