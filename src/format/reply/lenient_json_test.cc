#include "format/reply/lenient_json.h"

#include <gtest/gtest.h>

#include <string>

namespace mores::format {
namespace {

TEST(LenientJson, ReadsWhatIsBeyondDoubt) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a":"b"})", R"({"a":"b"})"},
      {R"({"a":"b",})", R"({"a":"b"})"},
      {R"([{"a":1,},])", R"([{"a":1}])"},
      {R"({'a': 'b'})", R"({"a":"b"})"},
      {R"({'a': 'It isn't "so".'})", R"({"a":"It isn't \"so\"."})"},
      {R"({'a': 'It isn\'t so.'})", R"({"a":"It isn't so."})"},
      {R"({“a”: “b”})", R"({"a":"b"})"},
      {R"({‘a’：‘b’，"c":1})", R"({"a":"b","c":1})"},
      {"{\"a\":\"one\ntwo\tthree\"}", R"({"a":"one\ntwo\tthree"})"},
      {R"({"a": True, "b": None, "c": False, "d": NaN})",
       R"({"a":true,"b":null,"c":false,"d":null})"},
      {R"({a: "b", c_d: 1})", R"({"a":"b","c_d":1})"},
      {R"({"a": unsafe, "b": 不安全})", R"({"a":"unsafe","b":"不安全"})"},
      {"{\"a\":1, // why\n \"b\":2 /* what */}", R"({"a":1,"b":2})"},
      {R"({"a":"C:\dir \( \u12"})", R"({"a":"C:\\dir \\( \\u12"})"},
      {R"({"a":"\ud83d\ude00 \ud83d x"})", "{\"a\":\"\\ud83d\\ude00 \\ufffd x\"}"},
      {R"({"a":1,"A":1})", R"({"a":1,"A":1})"},
  };
  for (const auto& [text, value] : cases) {
    const auto read = ReadLenientJson(text, 0);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->value, Json::parse(value)) << text;
    EXPECT_EQ(read->end, std::string_view(text).size()) << text;
    EXPECT_FALSE(read->conflicting) << text;
    EXPECT_EQ(read->repaired, !Json::accept(text)) << text;
  }
}

TEST(LenientJson, GuessesNothing) {
  for (const char* text :
       {"", "{", "}", "{\"a\"", "{\"a\":", "{\"a\":\"b\"", "{\"a\":\"b}", "{\"a\" \"b\"}",
        "{\"a\":\"b\" \"c\":1}", "{\"a\":\"he said \"no\" to it\"}", "{\"a\":,}", "{,}",
        "{'a': 'b', it's}", "{\"a\":b c}", "{\"a\":01}", "[1 2]"}) {
    EXPECT_FALSE(ReadLenientJson(text, 0)) << text;
  }
  EXPECT_FALSE(ReadLenientJson(std::string(100000, '['), 0));
  EXPECT_FALSE(ReadLenientJson(std::string(100000, '{'), 0));
}

TEST(LenientJson, TwoValuesUnderOneNameConflict) {
  for (const char* text :
       {R"({"a":1,"a":2})", R"({"a":"x","A":"y"})", R"({"a":"x"," A ":"y"})",
        R"({"b":{"a":1,"c":3,"a":2}})", R"([{"a":[1],"a":[2]}])", R"({"\u0061":1,"a":2})",
        R"({'a': 'x', "a": 'y'})", R"({"a":{"b":1},"a":{"b":2}})"}) {
    const auto read = ReadLenientJson(text, 0);
    ASSERT_TRUE(read) << text;
    EXPECT_TRUE(read->conflicting) << text;
  }
  for (const char* text : {R"({"a":"x","A":"X "})", R"({"b":{"a":1},"c":{"a":2}})",
                           R"([{"a":1},{"a":2}])", R"({"a":{"a":1}})"}) {
    const auto read = ReadLenientJson(text, 0);
    ASSERT_TRUE(read) << text;
    EXPECT_FALSE(read->conflicting) << text;
  }
}

TEST(LenientJson, SaysWhereValuesStand) {
  const std::string text = "x [{\"a\": \"one\", 'b' : {\"c\":2}}, {a: two}]";
  const auto read = ReadLenientJson(text, 2);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->members.size(), 3u);
  const auto value = [&](size_t i) {
    return text.substr(read->members[i].begin, read->members[i].end - read->members[i].begin);
  };
  EXPECT_EQ(value(0), "one");
  EXPECT_EQ(value(1), "{\"c\":2}");
  EXPECT_EQ(value(2), "two");
  EXPECT_EQ(read->members[1].name, "b");
}

TEST(LenientJson, KeepsWhatATornObjectHas) {
  const std::string whole = R"({"a":"one","b":[1,{"c":"x"}],"d":true,"e":"last words"})";
  const Json all = Json::parse(whole);
  for (size_t size = 1; size < whole.size(); ++size) {
    const auto read = ReadLenientJson(whole.substr(0, size), 0, TornObject::kRead);
    ASSERT_TRUE(read) << size;
    EXPECT_TRUE(read->torn) << size;
    for (const auto& [name, value] : read->value.items()) {
      if (name == read->torn_member || name == "b") continue;
      EXPECT_EQ(value, all[name]) << whole.substr(0, size);
    }
    EXPECT_FALSE(ReadLenientJson(whole.substr(0, size), 0)) << size;
  }
  EXPECT_FALSE(ReadLenientJson(whole, 0, TornObject::kRead)->torn);
}

}  // namespace
}  // namespace mores::format
