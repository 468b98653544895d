#include "format/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/base/test_directory.h"

namespace mores::format {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Expected<std::vector<std::string>> Read(const std::string& text) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/rules.txt";
  EXPECT_TRUE(WriteFileAtomically(path, text));
  return ReadRules(path);
}

TEST(Rules, OneALineWithoutBlanksAndComments) {
  const auto rules = Read("# ours\nNo prices.\n\n  不得提及竞争对手。  \r\nNo dates.");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_THAT(*rules, ElementsAre("No prices.", "不得提及竞争对手。", "No dates."));
  EXPECT_EQ(NumberedRules(*rules), "1. No prices.\n2. 不得提及竞争对手。\n3. No dates.");
}

TEST(Rules, BadFilesAreNamed) {
  EXPECT_THAT(Read("").error().message, HasSubstr("no rules in it"));
  EXPECT_THAT(Read("a\n\xff").error().message, HasSubstr(":2: invalid UTF-8"));
  EXPECT_THAT(Read("a\x07z").error().message, HasSubstr(":1: a rule holds control characters"));
  EXPECT_THAT(Read(std::string(4001, 'a')).error().message, HasSubstr("more than 4000 characters"));
  std::string many;
  for (int i = 0; i < 201; ++i) many += "rule\n";
  EXPECT_THAT(Read(many).error().message, HasSubstr(":201: more than 200 rules"));
}

TEST(Rules, OfAnItem) {
  const auto rules = ParseRules(Json::parse(R"([" a ","b"])"), "x:1");
  ASSERT_TRUE(rules);
  EXPECT_THAT(*rules, ElementsAre("a", "b"));
  for (const char* bad : {R"("a")", R"([1])", R"([""])", R"(["a\u0000b"])"}) {
    EXPECT_EQ(ParseRules(Json::parse(bad), "x:1").error().kind, ErrorKind::kInput) << bad;
  }
}

TEST(Rules, CitedByACritique) {
  EXPECT_EQ(RuleCited("[rule 2] It names a price.", 3), 2);
  EXPECT_EQ(RuleCited("[规则 3] 回答提到了价格。", 3), 3);
  EXPECT_EQ(RuleCited("[规则1] 回答提到了价格。", 3), 1);
  for (const char* none : {"[rule 4] x", "[rule 0] x", "[rule 2", "[rule -1] x", "[rule 2x] y",
                           "see [rule 2]", "[rule 99999999999999] x", ""}) {
    EXPECT_EQ(RuleCited(none, 3), std::nullopt) << none;
  }
}

}  // namespace
}  // namespace mores::format
