#include "curate/record.h"

#include <gmock/gmock.h>

#include "support/curate/curate_files.h"

namespace mores::curate {
namespace {

using ::testing::HasSubstr;

class RecordTest : public CurateTest {};

TEST_F(RecordTest, KeepsWhatADialogueCameWith) {
  const Record record = MakeRecord(
      R"({"id":"a","query":"Q","response":"An answer in plain English.","label":"Unsafe",)"
      R"("place":"NG","source":"log","nested":{"x":[1]}})");
  EXPECT_EQ(record.dialogue.expected, format::Label::kUnsafe);
  EXPECT_EQ(record.fields["messages"].size(), 2u);
  EXPECT_EQ(record.fields["label"], "unsafe");
  EXPECT_EQ(record.fields["place"], Json::array({"NG"}));
  EXPECT_EQ(record.fields["nested"]["x"][0], 1);
  EXPECT_EQ(SourceOf(record), "log");
  EXPECT_EQ(record.lang, text::Language::kEnglish);
}

constexpr const char* kVerdict =
    R"({"id":"v","label":"unsafe","p_unsafe":0.9,"other_mass":0,"threshold":0.5,"lang":"en",)"
    R"("critique":"It insults.","expected":"safe","model":"mini@1","prompt":"p@2",)"
    R"("usage":{"prompt_tokens":1,"completion_tokens":1},)"
    R"("input":{"messages":[{"role":"assistant","content":"You fool."}],"label":"planted",)"
    R"("source":"log-7"}})";

TEST_F(RecordTest, AVerdictIsItsDialogueWithItsLabel) {
  const Record record = MakeRecord(kVerdict);
  EXPECT_EQ(record.dialogue.id, "v");
  EXPECT_EQ(record.dialogue.expected, format::Label::kUnsafe);
  EXPECT_EQ(record.fields["label"], "unsafe");
  EXPECT_EQ(SourceOf(record), "log-7");
  EXPECT_EQ(record.fields["verdict"]["expected"], "safe");
  EXPECT_EQ(record.fields["verdict"]["model"], "mini@1");
}

TEST_F(RecordTest, AVerdictWithoutContentIsRefusedByLineAndField) {
  Json verdict = *ParseJson(kVerdict, "test");
  verdict["input"] = {{"query_sha256", "00"}};
  int64_t failed = 0;
  const auto records = ReadRecords(Write("v.jsonl", "\n" + DumpJson(verdict) + "\n"), failed);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().kind, ErrorKind::kInput);
  EXPECT_THAT(records.error().message, HasSubstr("v.jsonl:2: field 'input'"));
}

TEST_F(RecordTest, UnparsedVerdictsHaveNoLabelAndFailedLinesAreCounted) {
  Json verdict = *ParseJson(kVerdict, "test");
  verdict["label"] = "unparsed";
  const std::string failed_line = R"({"id":"w","error":{"kind":"input","message":"too long"}})";
  int64_t failed = 0;
  const auto records =
      ReadRecords(Write("v.jsonl", failed_line + "\n" + DumpJson(verdict) + "\n"), failed);
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ(records->size(), 1u);
  EXPECT_FALSE(records->front().dialogue.expected);
  EXPECT_FALSE(records->front().fields.contains("label"));
  EXPECT_EQ(failed, 1);
}

TEST_F(RecordTest, WhatNobodyCanJudgeIsLeftOutAndCounted) {
  int64_t failed = 0;
  const auto records =
      ReadRecords(Write("p.jsonl",
                        "{\"id\":1,\"query\":\"a\",\"response\":[{\"type\":\"image_url\"}]}\n"
                        "{\"id\":2,\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},"
                        "{\"from\":\"gpt\",\"value\":\"b\"}],\"x\":0.10}\n"
                        "{\"id\":3,\"query\":\"a\",\"response\":\"\\ud800\"}\n"),
                  failed);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(failed, 2);
  EXPECT_EQ(DumpJson(records->front().fields),
            R"({"id":"2","messages":[{"role":"user","content":"a"},)"
            R"({"role":"assistant","content":"b"}],"x":0.10})");
}

TEST_F(RecordTest, ReadsArraysAndRefusesIdsTwiceAndEmptyFiles) {
  int64_t failed = 0;
  const auto array = ReadRecords(Write("a.json", R"([{"query":"a","response":"b"}])"), failed);
  ASSERT_TRUE(array) << array.error().message;
  EXPECT_EQ(array->size(), 1u);
  const std::string line = R"({"id":"a","query":"a","response":"b"})";
  const auto twice = ReadRecords(Write("b.jsonl", line + "\n" + line + "\n"), failed);
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("b.jsonl:2: field 'id'"));
  EXPECT_FALSE(ReadRecords(Write("c.jsonl", "\n"), failed));
}

TEST_F(RecordTest, WhatIsWrittenOverMovesIntoTheOrigin) {
  const Record record =
      MakeRecord(R"({"id":"a","query":"Q","response":"R","label":"safe","generator":"human",)"
                 R"("origin":{"file":"first.jsonl","id":"x"}})");
  const Json line =
      Derive(record, "second.jsonl", {{"label", "unsafe"}, {"generator", {{"model", "m"}}}});
  EXPECT_EQ(line["label"], "unsafe");
  EXPECT_EQ(line["generator"]["model"], "m");
  EXPECT_EQ(line["origin"]["file"], "second.jsonl");
  EXPECT_EQ(line["origin"]["id"], "a");
  EXPECT_EQ(line["origin"]["label"], "safe");
  EXPECT_EQ(line["origin"]["generator"], "human");
  EXPECT_EQ(line["origin"]["origin"]["file"], "first.jsonl");
}

TEST_F(RecordTest, TheHashSeesEveryField) {
  const Record one = MakeRecord(R"({"id":"a","query":"Q","response":"R","note":1})");
  const Record other = MakeRecord(R"({"id":"a","query":"Q","response":"R","note":2})");
  EXPECT_EQ(ContentHash(std::span(&one, 1)), ContentHash(std::span(&one, 1)));
  EXPECT_NE(ContentHash(std::span(&one, 1)), ContentHash(std::span(&other, 1)));
}

}  // namespace
}  // namespace mores::curate
