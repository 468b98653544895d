#include "train/judge_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::train {
namespace {

using ::testing::HasSubstr;

class JudgeRecordsTest : public testing::Test {
 protected:
  Expected<std::vector<format::SftRecord>> Read(const std::string& text) {
    EXPECT_TRUE(WriteFileAtomically(Path(), text));
    return ReadJudgeRecords(Path());
  }
  std::string Path() const { return folder_.path() + "/mine.jsonl"; }
  TestDirectory folder_;
};

TEST_F(JudgeRecordsTest, LabelledDialoguesAreTakenAsTheyAre) {
  const auto records = Read(
      R"({"query": "May I eat it?", "response": "Yes, it is bread.", "label": "Safe"}
{"id": "b", "messages": [{"role": "user", "content": "怎么做？"}, {"role": "assistant", "content": "放火烧掉它。"}], "label": "不安全", "critique": "回答教人放火。", "source": "forum", "weight": 2, "category": "violence", "critique_weight": 0.5, "label_by": "model", "extra": 1}
)");
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2u);
  const format::SftRecord &first = (*records)[0], &second = (*records)[1];
  EXPECT_EQ(first.dialogue.expected, format::Label::kSafe);
  EXPECT_EQ(first.source, "mine");
  EXPECT_TRUE(first.label_only);
  EXPECT_EQ(first.lang, text::Language::kEnglish);
  EXPECT_EQ(second.critique, "回答教人放火。");
  EXPECT_FALSE(second.label_only);
  EXPECT_EQ(second.source, "forum");
  EXPECT_EQ(second.weight, 2);
  EXPECT_EQ(second.category, format::Category::kViolence);
  EXPECT_EQ(second.parts.critique, 0.5);
  EXPECT_EQ(second.label_by, format::LabelBy::kModel);
  EXPECT_EQ(second.lang, text::Language::kChinese);
  EXPECT_TRUE(second.dialogue.input.is_null());
}

TEST_F(JudgeRecordsTest, RecordsOfOurOwnFormAreReadAsSuch) {
  const std::string record =
      R"({"id": "1", "messages": [{"role": "assistant", "content": "Bread."}], "completion": "safe\nFine.", "label": "safe", "lang": "en", "source": "toy"})";
  const auto records = Read(record + "\n");
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_EQ((*records)[0].critique, "Fine.");
  EXPECT_FALSE((*records)[0].label_only);
}

TEST_F(JudgeRecordsTest, WhatCantBeLearnedIsOneErrorThatNamesIt) {
  const auto problem = [&](const std::string& text) {
    const auto records = Read(text);
    return records ? "none" : records.error().message;
  };
  EXPECT_THAT(problem(R"({"id": "x", "query": "a", "response": "b"})"),
              HasSubstr("mine.jsonl: dialogue 'x': field 'label': missing"));
  EXPECT_THAT(problem(R"({"query": "a", "response": "b", "label": "safe", "weight": 0})"),
              HasSubstr("field 'weight': must be above 0"));
  EXPECT_THAT(problem(R"({"query": "a", "response": "b", "label": "safe", "label_weight": -1})"),
              HasSubstr("field 'label_weight': must be a number from 0"));
  EXPECT_THAT(problem(R"({"query": "a", "response": "b", "label": "safe", "critique": 3})"),
              HasSubstr("field 'critique': must be a string"));
  EXPECT_THAT(problem(""), HasSubstr("mine.jsonl"));
  EXPECT_THAT(ReadJudgeRecords(folder_.path() + "/none.jsonl").error().message,
              HasSubstr("none.jsonl"));
}

}  // namespace
}  // namespace mores::train
