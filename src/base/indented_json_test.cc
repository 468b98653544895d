#include "base/indented_json.h"

#include <gtest/gtest.h>

namespace mores {
namespace {

TEST(IndentedJsonTest, HasTwoSpacesALevelAndUtf8AsItIs) {
  const Json value = {{"b", {1, "\xC3\xA9"}}, {"a", Json::object()}};
  EXPECT_EQ(IndentedJson(value), "{\n  \"b\": [\n    1,\n    \"\xC3\xA9\"\n  ],\n  \"a\": {}\n}\n");
}

TEST(IndentedJsonTest, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(IndentedJson("a\xFF"), "\"a\xEF\xBF\xBD\"\n");
}

}  // namespace
}  // namespace mores
