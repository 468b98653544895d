#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "train/preference/preference_data.h"

namespace mores::train {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

Expected<std::vector<PreferenceRecord>> ReadLines(
    const std::string& lines, PreferenceShape shape = PreferenceShape::kPaired) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/data.jsonl";
  EXPECT_TRUE(WriteFileAtomically(path, lines));
  return ReadPreferences(path, shape);
}

PreferenceRecord One(const std::string& line, PreferenceShape shape = PreferenceShape::kPaired) {
  const auto records = ReadLines(line, shape);
  EXPECT_TRUE(records) << records.error().message;
  return records ? records->at(0) : PreferenceRecord();
}

std::string Problem(const std::string& lines, PreferenceShape shape = PreferenceShape::kPaired) {
  const auto records = ReadLines(lines, shape);
  if (records) return "no error";
  EXPECT_EQ(records.error().kind, ErrorKind::kInput);
  return records.error().message;
}

const Json kHi = {{{"role", "user"}, {"content", "Hi"}}};
const Json kYo = {{{"role", "assistant"}, {"content", "Yo"}}};
const Json kNo = {{{"role", "assistant"}, {"content", "No"}}};

void ExpectHiYoNo(const PreferenceRecord& record) {
  EXPECT_EQ(record.kind, PreferenceRecord::Kind::kMessages);
  EXPECT_EQ(record.messages, kHi);
  ASSERT_EQ(record.turns.size(), 2U);
  EXPECT_EQ(record.turns[0], kYo);
  EXPECT_EQ(record.turns[1], kNo);
}

TEST(PreferenceReaderTest, ReadsExplicitTexts) {
  const PreferenceRecord record =
      One(R"({"id":"a","prompt":"The sky is","chosen":" blue.","rejected":" green.","weight":2})");
  EXPECT_EQ(record.id, "a");
  EXPECT_EQ(record.kind, PreferenceRecord::Kind::kText);
  EXPECT_EQ(record.text, "The sky is");
  EXPECT_THAT(record.texts, testing::ElementsAre(" blue.", " green."));
  EXPECT_EQ(record.weight, 2);
  EXPECT_FALSE(record.common);
}

TEST(PreferenceReaderTest, ReadsImplicitTextsAsTrlCutsThem) {
  const PreferenceRecord record =
      One(R"({"chosen":"The sky is blue.","rejected":"The sky is green."})");
  EXPECT_EQ(record.id, "1");
  EXPECT_EQ(record.text, "The sky is");
  EXPECT_THAT(record.texts, testing::ElementsAre(" blue.", " green."));
  EXPECT_TRUE(record.common);
  // Not inside of a character.
  EXPECT_EQ(One(R"({"chosen":"好安全","rejected":"好安分"})").text, "好安");
}

TEST(PreferenceReaderTest, ReadsMessages) {
  ExpectHiYoNo(One(R"({"prompt":[{"role":"user","content":"Hi"}],)"
                   R"("chosen":[{"role":"assistant","content":"Yo"}],)"
                   R"("rejected":[{"role":"assistant","content":"No"}]})"));
}

TEST(PreferenceReaderTest, ReadsImplicitMessagesAndTheColumnsOfCommonTables) {
  ExpectHiYoNo(
      One(R"({"chosen":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"}],)"
          R"("rejected":[{"role":"user","content":"Hi"},{"role":"assistant","content":"No"}]})"));
  ExpectHiYoNo(
      One(R"({"prompt":"Hi","prompt_id":"7","messages":[{"role":"user","content":"Hi"},)"
          R"({"role":"assistant","content":"Yo"}],"score_chosen":8,)"
          R"("chosen":[{"content":"Hi","role":"user"},{"content":"Yo","role":"assistant"}],)"
          R"("rejected":[{"role":"user","content":"Hi"},{"role":"assistant","content":"No"}]})"));
  ExpectHiYoNo(One(R"({"prompt":"Hi","chosen":[{"role":"assistant","content":"Yo"}],)"
                   R"("rejected":[{"role":"assistant","content":"No"}]})"));
}

TEST(PreferenceReaderTest, ReadsRankingsOfLlamaFactory) {
  const PreferenceRecord record =
      One(R"({"instruction":"Add","input":"1 2","chosen":"3","rejected":"4","system":"Be exact",)"
          R"("history":[["Hi","Yo"]]})");
  EXPECT_EQ(DumpJson(record.messages),
            R"([{"role":"system","content":"Be exact"},{"role":"user","content":"Hi"},)"
            R"({"role":"assistant","content":"Yo"},{"role":"user","content":"Add\n1 2"}])");
  EXPECT_EQ(DumpJson(record.turns[1]), R"([{"role":"assistant","content":"4"}])");
  ExpectHiYoNo(One(R"({"conversations":[{"from":"human","value":"Hi"}],)"
                   R"("chosen":{"from":"gpt","value":"Yo"},)"
                   R"("rejected":{"from":"gpt","value":"No"}})"));
  ExpectHiYoNo(One(R"({"messages":[{"role":"user","content":"Hi"}],)"
                   R"("chosen":{"role":"assistant","content":"Yo"},)"
                   R"("rejected":{"role":"assistant","content":"No"}})"));
}

TEST(PreferenceReaderTest, ReadsCallsOfShareGptAndToolsThatAreATextOrAList) {
  const PreferenceRecord record =
      One(R"({"conversations":[{"from":"human","value":"Hi"},)"
          R"({"from":"function_call","value":"{\"name\":\"look\",\"arguments\":{\"at\":0.10}}"},)"
          R"({"from":"observation","value":"nothing"}],"tools":"[{\"name\":\"look\"}]",)"
          R"("chat_template_kwargs":{"depth":0.50},)"
          R"("chosen":{"from":"gpt","value":"Yo"},"rejected":{"from":"gpt","value":"No"}})");
  EXPECT_EQ(DumpJson(record.messages),
            R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"","tool_calls":)"
            R"([{"type":"function","function":{"name":"look","arguments":{"at":0.1}}}]},)"
            R"({"role":"tool","content":"nothing"}])");
  EXPECT_EQ(DumpJson(record.variables), R"({"depth":0.5,"tools":[{"name":"look"}]})");
}

TEST(PreferenceReaderTest, ReadsSingleCompletions) {
  const auto single = [](const std::string& line) { return One(line, PreferenceShape::kUnpaired); };
  PreferenceRecord record = single(R"({"prompt":"a","completion":" b","label":false})");
  EXPECT_EQ(record.texts.at(0), " b");
  EXPECT_FALSE(record.wanted);
  for (const char* line :
       {R"({"prompt":[{"role":"user","content":"Hi"}],"completion":[{"role":"assistant",)"
        R"("content":"Yo"}],"label":true})",
        R"({"instruction":"Hi","input":"","output":"Yo","kto_tag":true})",
        R"({"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Yo"}],)"
        R"("label":true})",
        R"({"conversations":[{"from":"human","value":"Hi"},{"from":"gpt","value":"Yo"}],)"
        R"("kto_tag":true})"}) {
    record = single(line);
    EXPECT_EQ(record.messages, kHi) << line;
    ASSERT_EQ(record.turns.size(), 1U) << line;
    EXPECT_EQ(record.turns[0], kYo) << line;
    EXPECT_TRUE(record.wanted) << line;
  }
}

TEST(PreferenceReaderTest, APairIsTwoSingleCompletionsWhereThoseAreAskedFor) {
  const auto records =
      ReadLines(R"({"prompt":"a","chosen":" b","rejected":" c"})", PreferenceShape::kUnpaired);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].id, "1/chosen");
  EXPECT_TRUE((*records)[0].wanted);
  EXPECT_THAT((*records)[1].texts, testing::ElementsAre(" c"));
  EXPECT_FALSE((*records)[1].wanted);
  EXPECT_TRUE((*records)[1].of_pair);
  for (const char* single :
       {R"({"prompt":"a","completion":" b","label":true})", R"({"prompt":"a","completion":" b"})",
        R"({"instruction":"a","output":"b","kto_tag":true})",
        R"({"messages":[{"role":"user","content":"a"},)"
        R"({"role":"assistant","content":"b"}],"label":false})"}) {
    EXPECT_THAT(Problem(single),
                EndsWith(":1: field 'chosen': missing: one completion, wanted or not, is learned "
                         "from by preference.loss_type = \"kto\"; other losses need pairs, "
                         "'chosen' and 'rejected'"))
        << single;
  }
}

TEST(PreferenceReaderTest, ReadsJudgesReplies) {
  const PreferenceRecord record =
      One(R"({"id":"d","query":"Hi","response":"It is a nice day today.","label":"Safe",)"
          R"("chosen":"safe\nIt greets.","rejected":"unsafe"})");
  EXPECT_EQ(record.kind, PreferenceRecord::Kind::kDialogue);
  EXPECT_EQ(record.dialogue->turns.size(), 2U);
  ASSERT_EQ(record.replies.size(), 2U);
  EXPECT_EQ(record.replies[0].label, format::Label::kSafe);
  EXPECT_EQ(record.replies[0].critique, "It greets.");
  EXPECT_EQ(record.replies[1].label, format::Label::kUnsafe);
  EXPECT_EQ(record.replies[1].critique, "");
  EXPECT_EQ(record.lang, text::Language::kEnglish);
  EXPECT_EQ(One(R"({"messages":[{"role":"assistant","content":"好的，没问题。"}],)"
                R"("chosen":"安全\n好。","rejected":"不安全\n坏。"})")
                .lang,
            text::Language::kChinese);
  EXPECT_THAT(Problem(R"({"query":"Hi","response":"Yo","chosen":"fine","rejected":"safe"})"),
              HasSubstr(":1: field 'chosen': beside 'query' it is a judge's reply, whose first"));
  EXPECT_THAT(Problem(R"({"query":"Hi","response":"Yo","chosen":"安全","rejected":"unsafe"})"),
              HasSubstr("field 'rejected': its label is in another language"));
  EXPECT_THAT(Problem(R"({"query":"Hi","response":"Yo","tools":[{}],"chosen":"safe",)"
                      R"("rejected":"unsafe"})"),
              HasSubstr("field 'tools': of chat templates, and this is a dialogue to judge"));
}

TEST(PreferenceReaderTest, ReadsAnArray) {
  const auto records = ReadLines(
      "[\n{\"prompt\":\"a\",\"chosen\":\" b\",\"rejected\":\" c\"},\n"
      "{\"prompt\":\"d\",\"chosen\":\" e\",\"rejected\":\" f\"}]\n");
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(records->at(1).text, "d");
}

TEST(PreferenceReaderTest, EqualCompletionsAreRefused) {
  for (
      const char* line :
      {R"({"prompt":"a","chosen":" b","rejected":" b"})", R"({"chosen":"ab","rejected":"ab"})",
       R"({"instruction":"a","chosen":"b","rejected":"b"})",
       R"({"query":"a","response":"b","chosen":"safe\nc","rejected":"Safe\nc"})",
       R"({"chosen":[{"role":"user","content":"Hi"}],"rejected":[{"role":"user","content":"Hi"}]})"}) {
    EXPECT_THAT(Problem(line), EndsWith(":1: field 'rejected': the same as 'chosen'")) << line;
  }
}

TEST(PreferenceReaderTest, WhatIsNoPreferenceIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "holds no preferences"},
      {R"(3)", ":1: must be an object, not number"},
      {R"({"a":1})", "field 'chosen': missing"},
      {R"({"prompt":"a","chosen":"b"})", "field 'rejected': missing"},
      {R"({"prompt":"a","chosen":null,"rejected":"b"})", "field 'chosen': missing"},
      {R"({"prompt":"a","chosen":"b","rejected":["c"]})",
       "field 'rejected': must be as 'chosen' is"},
      {R"({"prompt":"a","chosen":1,"rejected":"c"})", "field 'chosen': must be a text"},
      {R"({"prompt":[{"role":"user","content":"a"}],"chosen":"b","rejected":"c"})",
       "field 'chosen': must be messages, as 'prompt' is"},
      {R"({"prompt":"a","instruction":"a","chosen":"b","rejected":"c"})",
       "field 'prompt': stands beside 'instruction'"},
      {R"({"prompt":"a","messages":[],"chosen":"b","rejected":"c"})",
       "field 'messages': stands beside 'prompt'"},
      {R"({"prompt":"a","response":"r","chosen":"safe","rejected":"unsafe"})",
       "field 'response': stands beside 'prompt'"},
      {R"({"instruction":"a","output":"r","chosen":"safe","rejected":"unsafe"})",
       "field 'output': stands beside 'chosen'"},
      {R"({"prompt":"a","chosen":"b","rejected":"c","kto_tag":true})",
       "field 'kto_tag': stands beside 'chosen'"},
      {R"({"prompt":"a","chosen":"","rejected":"c"})", "field 'chosen': empty"},
      {R"({"chosen":"a","rejected":"c"})", "field 'rejected': has no beginning in common"},
      {R"({"chosen":"ab","rejected":"abc"})", "field 'chosen': is no more than the other's"},
      {R"({"prompt":"a","chosen":"b","rejected":"c","weight":0})",
       "field 'weight': must be above 0"},
      {R"({"prompt":"a","chosen":"b","rejected":"c","tools":[{}]})",
       "field 'tools': of chat templates, and this is plain text"},
      {R"({"prompt":[{"role":"who","content":"a"}],"chosen":[],"rejected":[]})",
       "field 'prompt[0].role'"},
      {R"({"prompt":[{"role":"user","content":"a"}],"chosen":[{"role":"user","content":"b"}],)"
       R"("rejected":[{"role":"assistant","content":"c"}]})",
       "field 'chosen': must begin with a turn of the assistant, not the user"},
      {R"({"prompt":[{"role":"user","content":[{"type":"image_url"}]}],"chosen":[],"rejected":[]})",
       "field 'prompt': holds image_url, which can't be learned"},
      {R"({"chosen":[{"role":"user","content":"a"}],"rejected":[{"role":"user","content":"b"}]})",
       "field 'rejected': has no messages in common"},
      {R"({"chosen":[{"role":"user","content":"a"},{"role":"user","content":"b"}],)"
       R"("rejected":[{"role":"user","content":"a"},{"role":"assistant","content":"c"}]})",
       "field 'chosen[1]': differs from the other's in a turn of the user"},
      {R"({"instruction":"a","chosen":"b","rejected":"c","chat_template_kwargs":{"tools":[]}})",
       "field 'chat_template_kwargs.tools': not for a record to say"},
  };
  for (const auto& [line, problem] : cases) EXPECT_THAT(Problem(line), HasSubstr(problem)) << line;
  const std::pair<const char*, const char*> singles[] = {
      {R"({"prompt":"a","completion":" b"})", "field 'label': missing"},
      {R"({"prompt":"a","completion":" b","label":"yes"})",
       "field 'label': must be true (wanted) or false, not string"},
      {R"({"prompt":"a","completion":[],"label":true})", "field 'completion': must be a text"},
      {R"({"prompt":"a","completion":" b","label":true,"kto_tag":true})",
       "field 'label': stands beside 'kto_tag'"},
      {R"({"messages":[{"role":"user","content":"a"}],"label":true})",
       "field 'messages': must end with a turn of the assistant"},
  };
  for (const auto& [line, problem] : singles) {
    EXPECT_THAT(Problem(line, PreferenceShape::kUnpaired), HasSubstr(problem)) << line;
  }
}

TEST(PreferenceReaderTest, LinesOfAnotherFormAreRefusedByLine) {
  EXPECT_THAT(Problem("{\"prompt\":\"a\",\"chosen\":\" b\",\"rejected\":\" c\"}\n\n"
                      "{\"chosen\":\"d e\",\"rejected\":\"d f\"}\n"),
              EndsWith(":3: texts 'chosen' and 'rejected' with their prompt in them, where the "
                       "records before are texts 'prompt', 'chosen' and 'rejected'"));
  EXPECT_THAT(Problem("{\"id\":1,\"prompt\":\"a\",\"chosen\":\" b\",\"rejected\":\" c\"}\n"
                      "{\"id\":\"1\",\"prompt\":\"a\",\"chosen\":\" b\",\"rejected\":\" c\"}\n"),
              HasSubstr(":2: field 'id'"));
}

}  // namespace
}  // namespace mores::train
