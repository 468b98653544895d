#include "train/conversations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/train/chat_folder.h"

namespace mores::train {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;

Expected<std::vector<ConversationRecord>> ReadLines(const std::string& lines) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/data.jsonl";
  EXPECT_TRUE(WriteFileAtomically(path, lines));
  return ReadConversations(path);
}

ConversationRecord One(const std::string& line) {
  const auto records = ReadLines(line);
  EXPECT_TRUE(records) << records.error().message;
  return records ? records->at(0) : ConversationRecord();
}

std::string Problem(const std::string& lines) {
  const auto records = ReadLines(lines);
  return records ? "no error" : records.error().message;
}

const char* const kLong =
    R"({"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"one"},)"
    R"({"role":"assistant","content":"first"},{"role":"user","content":"two"},)"
    R"({"role":"assistant","content":"second"}]})";

TEST(ConversationsTest, ReadsMessagesAndWhichTurnsAreLearned) {
  const ConversationRecord record = One(kLong);
  EXPECT_EQ(record.id, "1");
  EXPECT_EQ(record.messages.size(), 5U);
  EXPECT_THAT(record.learned, ElementsAre(2, 4));
  // What follows the last turn to learn is not needed; turns may be left out by their weight.
  const ConversationRecord weighed =
      One(R"({"messages":[{"role":"assistant","content":"Hello"},{"role":"user","content":"a"},)"
          R"({"role":"assistant","content":"b","weight":0},{"role":"user","content":"c"},)"
          R"({"role":"assistant","content":"d","weight":1},{"role":"user","content":"e"}]})");
  EXPECT_THAT(weighed.learned, ElementsAre(4));
  EXPECT_EQ(weighed.messages.size(), 5U);
}

TEST(ConversationsTest, ReadsTheShapesOfOthers) {
  const std::string wanted =
      R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"}])";
  for (const char* line :
       {R"({"prompt":[{"role":"user","content":"Hi"}],)"
        R"("completion":[{"role":"assistant","content":"Yo"}]})",
        R"({"instruction":"Hi","input":"","output":"Yo"})",
        R"({"conversations":[{"from":"human","value":"Hi"},{"from":"gpt","value":"Yo"}]})"}) {
    const ConversationRecord record = One(line);
    EXPECT_EQ(DumpJson(record.messages), wanted) << line;
    EXPECT_THAT(record.learned, ElementsAre(1)) << line;
  }
  const ConversationRecord text = One(R"({"prompt":"The sky is","completion":" blue."})");
  EXPECT_TRUE(text.messages.empty());
  EXPECT_EQ(text.completion, " blue.");
  // Turns of a prompt are given; those of a history were said.
  EXPECT_THAT(One(R"({"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},)"
                  R"({"role":"user","content":"c"}],)"
                  R"("completion":[{"role":"assistant","content":"d"}]})")
                  .learned,
              ElementsAre(3));
  EXPECT_THAT(One(R"({"instruction":"c","output":"d","history":[["a","b"]]})").learned,
              ElementsAre(1, 3));
}

TEST(ConversationsTest, WhatIsNoneIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "holds no examples"},
      {R"({"text":"a"})", ":1: field 'messages': missing (and no"},
      {R"({"messages":[],"prompt":"a","completion":"b"})", "field 'prompt': stands beside 'mess"},
      {R"({"prompt":"a"})", "field 'completion': missing"},
      {R"({"prompt":"a","completion":[]})", "field 'completion': must be a text, as 'prompt' is"},
      {R"({"prompt":"a","completion":""})", "field 'completion': empty"},
      {R"({"prompt":"a","chosen":"b","rejected":"c"})", "field 'chosen': of a preference"},
      {R"({"prompt":"a","completion":"b","label":false})",
       "field 'label': says whether a reply is"},
      {R"({"instruction":"a"})", "field 'output': missing"},
      {R"({"messages":[{"role":"user","content":"a"}]})",
       "field 'messages': no turn of the assistant to learn"},
      {R"({"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b",)"
       R"("weight":2}]})",
       "field 'messages[1].weight': must be 0 or 1"},
      {R"({"messages":[{"role":"user"}]})", "field 'messages[0].content': missing"},
      {R"({"system":"a","messages":[{"role":"system","content":"b"}]})", "field 'system': stands"},
      {"{\"prompt\":\"a\",\"completion\":\"b\"}\n{\"instruction\":\"a\",\"output\":\"b\"}",
       ":2: 'instruction' and 'output', where the records before are texts 'prompt'"},
  };
  for (const auto& [line, problem] : cases) EXPECT_THAT(Problem(line), HasSubstr(problem)) << line;
}

TEST(ConversationsTest, TheFirstRecordSaysWhatAFileHolds) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/data.jsonl";
  const auto kind = [&](const std::string& line) {
    EXPECT_TRUE(WriteFileAtomically(path, line));
    return *KindOfSftFile(path);
  };
  EXPECT_EQ(kind(kLong), SftFileKind::kConversations);
  EXPECT_EQ(kind(R"({"prompt":"a","completion":"b"})"), SftFileKind::kConversations);
  EXPECT_EQ(kind(R"({"messages":[],"completion":"safe","label":"safe"})"), SftFileKind::kJudge);
  // A judge's record that lacks something is no conversation.
  EXPECT_EQ(kind(R"({"messages":[],"label":"safe"})"), SftFileKind::kJudge);
  EXPECT_EQ(kind(R"({"prompt":"a","response":"b","label":"safe"})"), SftFileKind::kJudge);
  EXPECT_TRUE(WriteFileAtomically(path, "{\"messages\""));
  EXPECT_THAT(KindOfSftFile(path).error().message, HasSubstr("data.jsonl:1"));
  EXPECT_EQ(KindOfSftFile(directory.path() + "/none").error().kind, ErrorKind::kMissing);
}

class ConversationTokensTest : public testing::Test {
 protected:
  Expected<ExampleSet> Tokenize(const std::string& line, LearnedTurns turns,
                                int64_t max_length = 1024) const {
    const std::vector<ConversationRecord> records{One(line)};
    return TokenizeConversations(records, folder_.texts(), folder_.tokenizer(),
                                 {.turns = turns, .max_length = max_length});
  }
  std::string Learned(const Expected<ExampleSet>& set) const {
    if (!set) return "error: " + set.error().message;
    const Example& example = set->examples[0];
    EXPECT_EQ(example.learned.size(), example.tokens.size());
    std::vector<int32_t> ids;
    for (size_t i = 0; i < example.tokens.size(); ++i) {
      if (example.learned[i] != 0) ids.push_back(example.tokens[i]);
    }
    return folder_.Show(ids);
  }

  ChatFolder folder_{ChatMl()};
};

TEST_F(ConversationTokensTest, AllTurnsOrTheLastAreLearned) {
  EXPECT_EQ(Learned(Tokenize(kLong, LearnedTurns::kAll)), "first<|im_end|>second<|im_end|>");
  const auto last = Tokenize(kLong, LearnedTurns::kLast);
  EXPECT_EQ(Learned(last), "second<|im_end|>");
  EXPECT_THAT(folder_.Show(last->examples[0].tokens), EndsWith("assistant\nsecond<|im_end|>"));
}

TEST_F(ConversationTokensTest, WhatIsLearnedHasTheWeightOfACritique) {
  const auto set = Tokenize(kLong, LearnedTurns::kLast);
  const int64_t learned =
      std::count(set->examples[0].learned.begin(), set->examples[0].learned.end(), 1);
  EXPECT_EQ(WeightOf(set->examples, {0}, {.prompt = 0, .label = 5, .critique = 2}),
            2.0 * static_cast<double>(learned));
  const model::TrainBatch batch = BuildBatch(set->examples, {0}, {});
  ASSERT_EQ(static_cast<int64_t>(batch.predictions.size()), learned);
  EXPECT_EQ(batch.predictions.back().token, *folder_.tokenizer().eos_id());
}

TEST_F(ConversationTokensTest, AllTurnsLoseTheirEndAndOneTurnItsBeginning) {
  const auto whole = Tokenize(kLong, LearnedTurns::kAll);
  const auto length = static_cast<int64_t>(whole->examples[0].tokens.size());
  const auto all = Tokenize(kLong, LearnedTurns::kAll, length - 1);
  EXPECT_EQ(Learned(all), "first<|im_end|>second");
  EXPECT_EQ(all->completions_cut, 1);
  EXPECT_EQ(all->Summary()["completions_cut"], 1);
  const auto last = Tokenize(kLong, LearnedTurns::kLast, length - 1);
  EXPECT_EQ(Learned(last), "second<|im_end|>");
  EXPECT_EQ(last->prompts_truncated, 1);
  EXPECT_EQ(folder_.Show(last->examples[0].tokens),
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\ntwo<|im_end|>\n"
            "<|im_start|>assistant\nsecond<|im_end|>");
}

TEST_F(ConversationTokensTest, WhatKeepsNothingToLearnIsLeftOut) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += fmt::format("w{} ", i);
  const std::string line = DumpJson(
      {{"messages",
        {{{"role", "user"}, {"content", text}}, {{"role", "assistant"}, {"content", "Yo"}}}}});
  EXPECT_EQ(Learned(Tokenize(line, LearnedTurns::kAll, 20)),
            "error: in 20 tokens nothing is left that could be learned");
  const auto records = ReadLines(line + "\n" + kLong);
  const auto set =
      TokenizeConversations(*records, folder_.texts(), folder_.tokenizer(), {.max_length = 80});
  ASSERT_TRUE(set) << set.error().message;
  EXPECT_EQ(set->left_out, 1);
  EXPECT_EQ(set->examples.at(0).id, "2");
}

TEST_F(ConversationTokensTest, TextsKeepTheirEnd) {
  EXPECT_EQ(Learned(Tokenize(R"({"prompt":"a b","completion":" c d"})", LearnedTurns::kAll)),
            " c d<|im_end|>");
  const auto set =
      Tokenize(R"({"prompt":"1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0","completion":" c d"})",
               LearnedTurns::kAll, 16);
  EXPECT_EQ(Learned(set), " c d<|im_end|>");
  EXPECT_EQ(set->examples[0].tokens.size(), 16U);
  EXPECT_EQ(set->prompts_truncated, 1);
}

TEST_F(ConversationTokensTest, RecordsAreNamed) {
  EXPECT_THAT(Learned(Tokenize(R"({"id":"x","instruction":"a","output":" "})", LearnedTurns::kAll)),
              HasSubstr("data.jsonl:1: record 'x': the assistant's turn is empty"));
}

}  // namespace
}  // namespace mores::train
