#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace mores {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string ErrorOf(const std::string& text) {
  const auto parsed = ParseJson(text, "in.jsonl:7");
  if (parsed) return "parsed";
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInput);
  EXPECT_THAT(parsed.error().message, StartsWith("in.jsonl:7: "));
  EXPECT_EQ(parsed.error().message.find('\n'), std::string::npos);
  EXPECT_LT(parsed.error().message.size(), 300u);
  return parsed.error().message;
}

TEST(JsonTest, KeepsOrderAndText) {
  const std::string text = R"({"z":1,"a":[true,null,-2.5],"文":"安全\u0000\n"})";
  EXPECT_EQ(DumpJson(ParseJson(text, "w").value()), text);
}

TEST(JsonTest, RefusesBrokenText) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("unexpected end"));
  EXPECT_THAT(ErrorOf("{\"a\":"), HasSubstr("unexpected end"));
  EXPECT_THAT(ErrorOf("{\"a\":1,}"), HasSubstr("column 8"));
  EXPECT_THAT(ErrorOf("{\"a\":1} x"), HasSubstr("invalid JSON"));
  EXPECT_THAT(ErrorOf("{} {}"), HasSubstr("expected end of input"));
  EXPECT_THAT(ErrorOf("\"a\nb\""), HasSubstr("control character"));
  EXPECT_THAT(ErrorOf("\"\\ud800\""), HasSubstr("surrogate"));
  EXPECT_THAT(ErrorOf("1e999"), HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf("NaN"), HasSubstr("invalid JSON"));
}

TEST(JsonTest, RefusesInvalidUtf8) {
  EXPECT_THAT(ErrorOf("\"\xFF\""), HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(ErrorOf("\"\xC0\xAF\""), HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(ErrorOf("\"\xED\xA0\x80\""), HasSubstr("ill-formed UTF-8"));
  EXPECT_THAT(ErrorOf("\"\xE5\xAE\""), HasSubstr("ill-formed UTF-8"));
}

TEST(JsonTest, RefusesNulBytesEvenAfterTheEnd) {
  EXPECT_THAT(ErrorOf(std::string("{}\0", 3)), HasSubstr("NUL byte at byte 3"));
  EXPECT_THAT(ErrorOf(std::string("{}\0junk", 7)), HasSubstr("NUL byte"));
  EXPECT_THAT(ErrorOf(std::string("\"a\0\"", 4)), HasSubstr("NUL byte"));
  EXPECT_THAT(ErrorOf(std::string("\"\\\0\"", 4)), HasSubstr("NUL byte"));
}

TEST(JsonTest, BoundsDepth) {
  EXPECT_TRUE(ParseJson(std::string(64, '[') + std::string(64, ']'), "w"));
  EXPECT_THAT(ErrorOf(std::string(65, '[') + std::string(65, ']')), HasSubstr("64 levels"));
  EXPECT_THAT(ErrorOf(std::string(1000000, '[')), HasSubstr("64 levels"));
  std::string objects;
  for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
  EXPECT_THAT(ErrorOf(objects), HasSubstr("64 levels"));
  EXPECT_TRUE(ParseJson('"' + std::string(1000, '[') + "\\\"[\"", "w")) << "brackets in strings";
}

TEST(JsonTest, BoundsTheKeysOfAnObject) {
  std::string text = "{";
  for (int i = 0; i < 70000; ++i) text += "\"\":0,";
  EXPECT_THAT(ErrorOf(text + "\"\":0}"), HasSubstr("keys"));
}

TEST(JsonTest, ToleratesDuplicateKeysAndAByteOrderMark) {
  const auto twice = ParseJson(R"({"a":1,"b":2,"a":3})", "w");
  ASSERT_TRUE(twice);
  EXPECT_EQ(DumpJson(*twice), R"({"a":3,"b":2})");
  EXPECT_TRUE(ParseJson("\xEF\xBB\xBF{}", "w"));
}

TEST(JsonTest, ErrorsDoNotQuoteTheText) {
  const std::string secret = "\"" + std::string(100000, 's') + "; last read: '\n";
  EXPECT_THAT(ErrorOf("{" + secret), Not(HasSubstr("sss")));
}

TEST(JsonTest, DumpReplacesInvalidBytes) {
  EXPECT_EQ(DumpJson(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(DumpJson(Json("a\nb")), "\"a\\nb\"") << "always one line";
}

TEST(JsonTest, RequiredStringNamesTheField) {
  const Json object = ParseJson(R"({"id":"x","n":5})", "w").value();
  EXPECT_EQ(RequiredString(object, "id", "f:1").value(), "x");
  EXPECT_EQ(RequiredString(object, "query", "f:1").error().message, "f:1: field 'query': missing");
  EXPECT_EQ(RequiredString(object, "n", "f:1").error().message,
            "f:1: field 'n': expected a string, found number");
  EXPECT_FALSE(RequiredString(Json::array(), "id", "f:1"));
  EXPECT_EQ(RequiredString(object, "n", "f:1").error().kind, ErrorKind::kInput);
}

}  // namespace
}  // namespace mores
