#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "support/base/colliding_texts.h"

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

TEST(JsonTest, TheBoundOnDepthCanBeSet) {
  const std::string text = std::string(70, '[') + std::string(70, ']');
  EXPECT_FALSE(ParseJson(text, "w"));
  EXPECT_TRUE(ParseJson(text, "w", {.max_depth = 70}));
  EXPECT_FALSE(ParseJson(text, "w", {.max_depth = 69}));
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

JsonOptions Once(std::span<const std::string_view> in) { return {.once = true, .once_in = in}; }

TEST(JsonTest, RefusesAKeyTwiceWhereItIsAsked) {
  constexpr std::string_view kTurns[] = {"messages"};
  const JsonOptions once = Once(kTurns);
  const auto error_of = [&](std::string_view text) {
    const auto parsed = ParseJson(text, "f:1", once);
    return parsed ? "parsed" : parsed.error().message;
  };
  EXPECT_EQ(error_of(R"({"a":1,"b":2,"a":1})"), "f:1: field 'a': given twice");
  EXPECT_EQ(error_of(R"({"messages":[{},{"role":1,"r\u006fle":2}]})"),
            "f:1: field 'messages[1].role': given twice");
  EXPECT_EQ(error_of(R"([{"a":1},{"a":1,"a":2}])"), "f:1: field '[1].a': given twice");
  EXPECT_EQ(error_of(R"([{"messages":[{"x":{"y":1,"y":1}}]}])"),
            "f:1: field '[0].messages[0].x.y': given twice");
  EXPECT_EQ(error_of(R"({"other":{"a":1,"a":2},"list":[{"a":1,"a":2}]})"), "parsed");
  EXPECT_EQ(error_of("{\"" + std::string(1000, 'k') + "\":1,\"" + std::string(1000, 'k') + "\":1}")
                .size(),
            std::string("f:1: field '': given twice").size() + 60);
}

TEST(JsonTest, KeepsNumbersAsTheyWereWritten) {
  const JsonOptions options{.numbers = JsonOptions::Numbers::kAsWritten};
  const std::string text =
      R"({"big":12345678901234567890123,"zero":0.1000,"huge":1e400,"tiny":-1E-999,"minus":-0,)"
      R"("list":[0.5,18446744073709551615,-9223372036854775808,1.0,3,1e5,2.50]})";
  const Json value = ParseJson(text, "w", options).value();
  EXPECT_EQ(DumpJson(value), text);
  EXPECT_TRUE(value["list"][0].is_number_float());
  EXPECT_TRUE(value["list"][1].is_number_unsigned());
  EXPECT_TRUE(value["list"][3].is_number_float());
  EXPECT_TRUE(IsWrittenNumber(value["big"]));
  EXPECT_FALSE(IsWrittenNumber(value["list"][0]));
  EXPECT_EQ(TypeName(value["big"]), "number");
  EXPECT_EQ(NumberValue(value["zero"]), Json(0.1));
  EXPECT_EQ(NumberValue(value["minus"]), Json(0));
  EXPECT_EQ(NumberValue(value["list"][6]), Json(2.5));
  EXPECT_FALSE(ParseJson("1e400", "w"));
  EXPECT_EQ(ParseJson("0.1000", "w").value(), Json(0.1));
  EXPECT_EQ(ParseJson("1e-999", "w").value(), Json(0.0));
  EXPECT_EQ(ParseJson("12345678901234567890123", "w").value(), Json(12345678901234567890123.0));
}

// Were each key looked for among all before it, this would take minutes.
TEST(JsonTest, ManyKeysAreReadAsFewAre) {
  std::string text = "[";
  constexpr int kObjects = 30, kKeys = 60'000;
  for (int object = 0; object < kObjects; ++object) {
    text += object == 0 ? "{" : ",{";
    for (int key = 0; key < kKeys; ++key) text += fmt::format("\"key{}\":{},", key, key);
    text += R"("key3":-3,"key59999":-1})";
  }
  const Expected<Json> value = ParseJson(text + "]", "f");
  ASSERT_TRUE(value) << value.error().message;
  const Json& last = (*value)[kObjects - 1];
  EXPECT_EQ(last.size(), size_t{kKeys});
  EXPECT_EQ(last["key3"], -3) << "the last of a key counts";
  EXPECT_EQ(last["key59999"], -1);
  EXPECT_EQ(last["key20"], 20);
}

TEST(JsonTest, HalvesOfSurrogatePairs) {
  const std::string text = R"({"a\udc00":"x\ud800y\ude00\ud83d\ude00\ud800\n"})";
  EXPECT_FALSE(ParseJson(text, "w"));
  JsonOptions options{.lone_surrogates = JsonOptions::LoneSurrogates::kReplaced};
  EXPECT_EQ(DumpJson(ParseJson(text, "w", options).value()),
            "{\"a\uFFFD\":\"x\uFFFDy\uFFFD\U0001F600\uFFFD\\n\"}");
  options.lone_surrogates = JsonOptions::LoneSurrogates::kKept;
  const Json kept = ParseJson(text, "w", options).value();
  EXPECT_EQ(kept["a\uFFFD"], "x\xED\xA0\x80y\xED\xB8\x80\U0001F600\xED\xA0\x80\n");
}

// The library's own parser, which knows all the same texts but for what JsonOptions are about.
TEST(JsonTest, AgreesWithTheLibrary) {
  const std::string pieces[] = {"{",           "}",    "[",    "]", ",",    ":",  "\"a\"",
                                "\"\\u00e9\"", "1",    "-",    "0", ".",    "5",  "e",
                                "+",           "true", "null", " ", "\"\\", "\"", "\n"};
  uint64_t state = 1;
  int valid = 0;
  for (int i = 0; i < 200000; ++i) {
    std::string text;
    const int length = 1 + i % 9;
    for (int k = 0; k < length; ++k) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      text += pieces[(state >> 33) % std::size(pieces)];
    }
    const Json expected = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    const auto parsed = ParseJson(text, "w");
    ASSERT_EQ(expected.is_discarded(), !parsed) << text;
    if (!parsed) continue;
    ++valid;
    ASSERT_EQ(expected.dump(), DumpJson(*parsed)) << text;
  }
  EXPECT_GT(valid, 1000);
}

TEST(JsonTest, DumpReplacesInvalidBytes) {
  EXPECT_EQ(DumpJson(Json("a\xFF")), "\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(DumpJson(Json("a\nb")), "\"a\\nb\"") << "always one line";
}

TEST(JsonTest, KeysOfOneBucketAreQuick) {
  Json object = Json::object();
  auto& members = object.get_ref<Json::object_t&>();
  for (const std::string& key : CollidingTexts(65'536)) members.push_back({key, 1});
  const std::string text = DumpJson(Json::array_t(8, object));
  const std::clock_t start = std::clock();
  const auto parsed = ParseJson(text, "in.json");
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 8);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ((*parsed)[7].size(), 65'536u);
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
