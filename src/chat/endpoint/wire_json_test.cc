#include "chat/endpoint/wire_json.h"

#include <gtest/gtest.h>

#include <string>

namespace mores::chat {
namespace {

TEST(WireJson, ReplacesHalvesOfSurrogatePairs) {
  for (const char* half : {R"(\ud800)", R"(\uDC00)", R"(\ud83d\ud83d)", R"(\udfff\n)"}) {
    const auto read = ParseWireJson(std::string("{\"a\":\"x") + half + "y\"}");
    ASSERT_TRUE(read) << half;
    EXPECT_TRUE(read->surrogates);
    EXPECT_NE(read->value["a"].get<std::string>().find("\xEF\xBF\xBD"), std::string::npos);
  }
  const auto whole = ParseWireJson(R"({"a":"\ud83d\ude00 \\ud800","b":"\ud800"})");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->value["a"], "\xF0\x9F\x98\x80 \\ud800");
  EXPECT_FALSE(ParseWireJson(R"({"a":"\ud83d\ude00 \\ud800"})")->surrogates);
}

TEST(WireJson, TakesNumbersThatJsonLacksForNull) {
  const auto read = ParseWireJson(
      R"({"a":[-Infinity,Infinity,NaN,-nan,1e999,-1e999,-inf],"b":"NaN, -Infinity","c":-1.5e3,"d":true})");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->numbers);
  ASSERT_EQ(read->value["a"].size(), 7u);
  for (const Json& one : read->value["a"]) EXPECT_TRUE(one.is_null());
  EXPECT_EQ(read->value["b"], "NaN, -Infinity");
  EXPECT_EQ(read->value["c"], -1500);
}

TEST(WireJson, MendsBytesInTexts) {
  const auto read = ParseWireJson("\xEF\xBB\xBF{\"a\":\"x\xFFy\nz\"}");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->bytes);
  EXPECT_EQ(read->value["a"], "x\xEF\xBF\xBDy\nz");
}

TEST(WireJson, MendsNothingElse) {
  for (const char* text :
       {"", "{", "{\"a\":\"x", "{'a':1}", "{\"a\":nope}", "data: {}", "[1,]", "\\"}) {
    EXPECT_FALSE(ParseWireJson(text)) << text;
  }
  const auto strict = ParseWireJson(R"({"a":1})");
  ASSERT_TRUE(strict);
  EXPECT_FALSE(strict->surrogates || strict->bytes || strict->numbers);
}

}  // namespace
}  // namespace mores::chat
