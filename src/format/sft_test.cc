#include "format/sft.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace mores::format {
namespace {

class SftRecordTest : public testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  // A good record with one field replaced; null takes the field out.
  static Json With(const std::string& field, const Json& value) {
    Json record = {{"id", "a"},
                   {"messages", {{{"role", "assistant"}, {"content", "Fine."}}}},
                   {"completion", "safe\nNothing is wrong."},
                   {"label", "safe"},
                   {"lang", "en"},
                   {"source", "s"}};
    record[field] = value;
    if (value.is_null()) record.erase(field);
    return record;
  }
  std::string Problem(const Json& record) {
    const auto parsed = ParseSftRecord(record, "f:7", 7, *profile_);
    if (parsed) return "";
    EXPECT_EQ(parsed.error().kind, ErrorKind::kInput);
    return parsed.error().message;
  }
  Expected<std::vector<SftRecord>> Read(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    return ReadSftRecords(path_, *profile_);
  }

  std::unique_ptr<JudgeProfile> profile_ = *FindJudgeProfile("mores-label-first");
  std::string path_ = testing::TempDir() + "/sft_record_test.jsonl";
};

TEST_F(SftRecordTest, ReadsLabelCritiqueAndWeight) {
  const auto record = ParseSftRecord(With("weight", 2.5), "f:7", 7, *profile_);
  ASSERT_TRUE(record) << record.error().message;
  EXPECT_EQ(record->dialogue.id, "a");
  EXPECT_EQ(record->dialogue.expected, Label::kSafe);
  EXPECT_EQ(record->critique, "Nothing is wrong.");
  EXPECT_EQ(record->lang, text::Language::kEnglish);
  EXPECT_EQ(record->source, "s");
  EXPECT_EQ(record->weight, 2.5);
  const auto bare = ParseSftRecord(With("completion", "safe"), "f:7", 7, *profile_);
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->critique, "");
}

TEST_F(SftRecordTest, ReadsWhatItsPartsCount) {
  const auto plain = ParseSftRecord(With("weight", 1), "f:7", 7, *profile_);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->parts.label, 1);
  EXPECT_EQ(plain->parts.category, 1);
  EXPECT_EQ(plain->parts.critique, 1);
  EXPECT_EQ(plain->label_by, LabelBy::kUnknown);
  EXPECT_FALSE(plain->category);
  Json record = With("label_weight", 0);
  record["category_weight"] = 0.5;
  record["critique_weight"] = 3;
  record["label_by"] = "model";
  record["category"] = "fraud";
  const auto read = ParseSftRecord(record, "f:7", 7, *profile_);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->parts.label, 0);
  EXPECT_EQ(read->parts.category, 0.5);
  EXPECT_EQ(read->parts.critique, 3);
  EXPECT_EQ(read->label_by, LabelBy::kModel);
  EXPECT_EQ(read->category, Category::kFraud);
  EXPECT_EQ(Problem(With("label_weight", -1)),
            "f:7: field 'label_weight': must be a number from 0 to 1000");
  EXPECT_EQ(Problem(With("critique_weight", "much")),
            "f:7: field 'critique_weight': must be a number from 0 to 1000");
  EXPECT_EQ(Problem(With("label_by", "nobody")),
            "f:7: field 'label_by': must be 'person', 'model' or 'rule'");
  for (const Json& others : {Json("theft"), Json::array({"fraud"}), Json(3)}) {
    EXPECT_FALSE(ParseSftRecord(With("category", others), "f:7", 7, *profile_)->category);
  }
  EXPECT_EQ(OpeningCategory("[privacy] It tells."), Category::kPrivacy);
  for (const char* none :
       {"[rule 1] It tells.", "privacy", "[privacy", "", "[Privacy] It tells."}) {
    EXPECT_FALSE(OpeningCategory(none)) << none;
  }
}

TEST_F(SftRecordTest, RefusalsNameTheField) {
  EXPECT_EQ(Problem(With("label", nullptr)), "f:7: field 'label': missing");
  EXPECT_EQ(Problem(With("lang", "fr")), "f:7: field 'lang': must be 'en', 'zh' or 'other'");
  EXPECT_EQ(Problem(With("completion", "unsafe\nNo.")),
            "f:7: field 'completion': its first line must be 'safe', as 'label' and 'lang' say");
  EXPECT_EQ(Problem(With("lang", "zh")),
            "f:7: field 'completion': its first line must be '安全', as 'label' and 'lang' say");
  EXPECT_EQ(Problem(With("weight", 0)), "f:7: field 'weight': must be above 0 and at most 1000");
  EXPECT_EQ(Problem(With("weight", "1")), "f:7: field 'weight': must be a number");
  for (const char* field : {"completion", "source"}) {
    EXPECT_NE(Problem(With(field, nullptr)).find(field), std::string::npos);
    EXPECT_NE(Problem(With(field, 3)).find(field), std::string::npos);
  }
}

TEST_F(SftRecordTest, ReadsFilesAndNamesTheLine) {
  const std::string good = DumpJson(With("id", "a")) + "\n";
  const auto two = Read(good + "\n" + DumpJson(With("id", "b")));
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ(two->size(), 2u);
  EXPECT_EQ(Read(good + good).error().message, path_ + ":2: field 'id': already the id of line 1");
  EXPECT_EQ(Read(good + "{").error().message.rfind(path_ + ":2:", 0), 0u);
  EXPECT_EQ(Read("\n").error().message, path_ + ": holds no examples");
  EXPECT_EQ(ReadSftRecords(path_ + ".absent", *profile_).error().kind, ErrorKind::kMissing);
}

}  // namespace
}  // namespace mores::format
