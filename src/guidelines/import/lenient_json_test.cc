#include "guidelines/import/lenient_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::guidelines {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Outcome {
  std::vector<LenientRecord> records;
  std::vector<Repair> repairs;
  std::string error;
};

Outcome Read(std::string_view text) {
  Outcome outcome;
  auto read = ReadLenientRecords(text, "f.json", outcome.repairs);
  if (read) {
    outcome.records = std::move(*read);
  } else {
    EXPECT_EQ(read.error().kind, ErrorKind::kInput);
    outcome.error = read.error().message;
  }
  return outcome;
}

TEST(LenientJsonTest, TakesWhatIsRightAsItStands) {
  const Outcome read = Read(R"([{"a": "x, \"y\"}", "b": null, "c": 1.5, "d": true}, {}])");
  ASSERT_EQ(read.records.size(), 2u) << read.error;
  EXPECT_EQ(DumpJson(read.records[0].fields), R"({"a":"x, \"y\"}","b":null,"c":1.5,"d":true})");
  EXPECT_TRUE(read.repairs.empty());
  EXPECT_TRUE(Read("[]").records.empty());
}

TEST(LenientJsonTest, MendsCommas) {
  const Outcome read = Read(
      "[\n {\"a\": \"1\",\n \"b\": \"2\",\n },\n {\"a\": \"3\"\n \"b\": 4}\n"
      " {\"a\": 5},\n]\n");
  ASSERT_EQ(read.records.size(), 3u) << read.error;
  EXPECT_EQ(DumpJson(read.records[1].fields), R"({"a":"3","b":4})");
  ASSERT_EQ(read.repairs.size(), 4u);
  EXPECT_EQ(read.repairs[0].line, 3);
  EXPECT_EQ(read.repairs[0].record, 1);
  EXPECT_EQ(read.repairs[0].what, "a comma after the last field");
  EXPECT_EQ(read.repairs[1].what, "a comma was missing between two fields");
  EXPECT_EQ(read.repairs[2].what, "a comma was missing between two records");
  EXPECT_EQ(read.repairs[3].what, "a comma after the last record");
  EXPECT_FALSE(read.records[0].mended);
  EXPECT_TRUE(read.records[1].mended);
}

TEST(LenientJsonTest, EndsATextThatBreaksOffWithItsLine) {
  const Outcome read = Read("[{\"a\": \"one. \n},\n{\"a\": \"two\n \"b\": \"three\"}]");
  ASSERT_EQ(read.records.size(), 2u) << read.error;
  EXPECT_EQ(read.records[0].fields["a"], "one. ");
  EXPECT_THAT(read.records[0].broken_fields, ElementsAre("a"));
  EXPECT_EQ(read.records[1].fields["a"], "two");
  EXPECT_EQ(read.records[1].fields["b"], "three");
  EXPECT_THAT(read.repairs[0].what, HasSubstr("field 'a' breaks off"));
}

TEST(LenientJsonTest, LeavesOutAFieldWithoutAValue) {
  const Outcome read = Read("[{\"a\": \"one\",\n \"rating\n }]");
  ASSERT_EQ(read.records.size(), 1u) << read.error;
  EXPECT_EQ(DumpJson(read.records[0].fields), R"({"a":"one"})");
  EXPECT_THAT(read.repairs[0].what, HasSubstr("'rating' breaks off before its value"));
  EXPECT_EQ(read.repairs[0].line, 2);
}

TEST(LenientJsonTest, KeepsRawCharactersAndQuotes) {
  const Outcome read = Read("[{\"a\": \"a\tb\nc\", \"b\": \"he said \"no\" to it\"}]");
  ASSERT_EQ(read.records.size(), 1u) << read.error;
  EXPECT_EQ(read.records[0].fields["a"], "a\tb\nc");
  EXPECT_EQ(read.records[0].fields["b"], "he said \"no\" to it");
  EXPECT_EQ(read.repairs.size(), 4u);
  EXPECT_TRUE(read.records[0].mended);
}

TEST(LenientJsonTest, SaysWhereWhatCantBeMendedStands) {
  const std::pair<std::string, const char*> damaged[] = {
      {"", "f.json:1: not a list"},
      {"{\"a\":1}", "f.json:1: not a list"},
      {"[\n{\"a\": 1},\n", "f.json:3: the file ends"},
      {"[\n{\"a\": 1,\n", "f.json:3: the file ends within a record"},
      {"[\n{\"a\": \"b", "f.json:2: a text that begins here never ends"},
      {"[\n{\"a\"}]", "f.json:2: expected ':'"},
      {"[\n{a: 1}]", "f.json:2: expected a field's name"},
      {"[\n{\"a\": {\"b\": 1}}]", "f.json:2: expected a text"},
      {"[\n{\"a\": maybe}]", "f.json:2"},
      {"[\n3]", "f.json:2: a record must be an object"},
      {"[{}]\n[{}]", "f.json:2: more text"},
      {std::string("[\n{\"a\": \"\0\"}]", 13), "f.json:2: a NUL byte"},
      {"[\n{\"a\": \"\xFF\"}]", "f.json:2: not UTF-8"}};
  for (const auto& [text, error] : damaged) {
    EXPECT_THAT(Read(text).error, testing::StartsWith(error)) << text;
  }
}

}  // namespace
}  // namespace mores::guidelines
