#include "base/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"

namespace mores {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct Heard {
  std::vector<std::string> lines;  // "WHERE VALUE"
  Expected<JsonLinesRead> read;
};

Heard Hear(std::string_view text, const JsonLinesOptions& options) {
  Heard heard;
  heard.read = ForEachJsonLineOf(text, "f", options, [&](const JsonLine& line) -> Status {
    heard.lines.push_back(fmt::format("{} {}", line.where, DumpJson(line.value)));
    return {};
  });
  return heard;
}

TEST(JsonLinesTest, AKeySaysOneThing) {
  EXPECT_EQ(Hear("{\"a\":1}\n{\"a\":1,\"a\":2}\n", {}).read.error().message,
            "f:2: field 'a': given twice");
  EXPECT_TRUE(Hear("{\"a\":{\"b\":1,\"b\":2}}\n", {}).read);
}

TEST(JsonLinesTest, NamesCsv) {
  EXPECT_THAT(Hear("id,query,response\n1,a,b\n", {}).read.error().message,
              HasSubstr("this looks like CSV"));
  EXPECT_THAT(Hear("\"id\";\"query\"\n", {}).read.error().message, HasSubstr("CSV"));
  EXPECT_THAT(Hear("{\"a\",1}\n", {}).read.error().message, Not(HasSubstr("CSV")));
  EXPECT_THAT(Hear("{}\na,b\n", {}).read.error().message, Not(HasSubstr("CSV")));
}

TEST(JsonLinesTest, LeavesBlankLinesOutAndCountsThem) {
  const Heard heard = Hear("{\"a\":1}\n\n \t\r\n[2]\r\n3", {});
  EXPECT_THAT(heard.lines, ElementsAre("f:1 {\"a\":1}", "f:4 [2]", "f:5 3"));
  EXPECT_EQ(heard.read->records, 3);
  EXPECT_EQ(heard.read->hash, "");
}

TEST(JsonLinesTest, StopsAtTheFirstError) {
  EXPECT_THAT(Hear("1\n{\n3\n", {}).read.error().message, HasSubstr("f:2: invalid JSON"));
  int calls = 0;
  const auto read = ForEachJsonLineOf("1\n2\n", "f", {}, [&](const JsonLine& line) -> Status {
    ++calls;
    return MakeError(ErrorKind::kInput, "{}: no", line.where);
  });
  EXPECT_EQ(read.error().message, "f:1: no");
  EXPECT_EQ(calls, 1);
}

TEST(JsonLinesTest, ReadsAnArrayInPlaceOfLinesWhereAllowed) {
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead};
  const Heard heard = Hear("\n [1,\n{\"a\":2}]\n", options);
  EXPECT_THAT(heard.lines, ElementsAre("f:item 1 1", "f:item 2 {\"a\":2}"));
  EXPECT_THAT(Hear("1\n[2]\n", options).lines, ElementsAre("f:1 1", "f:2 [2]"));
  EXPECT_THAT(Hear("[1]\n2\n", options).read.error().message, HasSubstr("f: invalid JSON"));
}

TEST(JsonLinesTest, CountsItemsThatFailed) {
  const JsonLinesOptions options{.results = {"label"}};
  const Heard heard = Hear("{\"error\":1}\n{\"error\":1,\"label\":2}\n{\"other\":1}\n", options);
  EXPECT_THAT(heard.lines, ElementsAre("f:2 {\"error\":1,\"label\":2}", "f:3 {\"other\":1}"));
  EXPECT_EQ(heard.read->records, 2);
  EXPECT_EQ(heard.read->failed, 1);
  EXPECT_EQ(Hear("{\"error\":1}\n", {}).read->records, 1);
}

TEST(JsonLinesTest, RefusesWhatIsEmptyWhereItMust) {
  const JsonLinesOptions options{.results = {"label"}, .when_empty = "no verdicts in it"};
  EXPECT_EQ(Hear(" \n", options).read.error().message, "f: no verdicts in it");
  EXPECT_TRUE(Hear("{\"error\":1}\n", options).read);
  EXPECT_EQ(Hear("", {}).read->records, 0);
}

TEST(JsonLinesTest, HashesTheLines) {
  const JsonLinesOptions options{.hash = JsonLinesOptions::Hash::kMade};
  const std::string hash = Hear("1\n2\n", options).read->hash;
  EXPECT_EQ(hash, Sha256Hex(Sha256Hex("1") + Sha256Hex("2")));
  EXPECT_EQ(Hear("\n1\r\n\n2", options).read->hash, hash) << "ends and blank lines don't count";
  const JsonLinesOptions with_failed{.results = {"label"}, .hash = options.hash};
  const JsonLinesRead failed = Hear("1\n{\"error\":1}\n", with_failed).read.value();
  EXPECT_EQ(failed.failed, 1);
  EXPECT_EQ(failed.hash, Sha256Hex(Sha256Hex("1") + Sha256Hex("{\"error\":1}")));
}

TEST(JsonLinesTest, ReadsFiles) {
  const std::string path = testing::TempDir() + "/json_lines_test.jsonl";
  ASSERT_TRUE(WriteFileAtomically(path, "{\"a\":1}\r\n"));
  std::string where;
  const auto read = ForEachJsonLine(path, {}, [&](const JsonLine& line) -> Status {
    where = line.where;
    return {};
  });
  EXPECT_EQ(read->records, 1);
  EXPECT_EQ(where, path + ":1");
  EXPECT_EQ(ForEachJsonLine(path + ".none", {}, {}).error().kind, ErrorKind::kMissing);
  EXPECT_EQ(ShownPath("-"), "<stdin>");
  EXPECT_EQ(ShownPath(path), path);
}

TEST(JsonLinesTest, IdsStandOnce) {
  IdLines ids;
  EXPECT_EQ(ids.Put("a", 3), std::nullopt);
  EXPECT_EQ(ids.Put("a", 5), 3);
  const Json value;
  EXPECT_TRUE(ids.PutOnce("b", {value, "f:6", 6}));
  EXPECT_EQ(ids.PutOnce("b", {value, "f:7", 7}).error().message,
            "f:7: field 'id': already the id of line 6");
  ids.Put("1", 8);
  EXPECT_EQ(ids.PutOnce("1", {value, "f:9", 9}).error().message,
            "f:9: field 'id': already the id of line 8 (as a number or as a text, the same digits "
            "are one id)");
}

}  // namespace
}  // namespace mores
