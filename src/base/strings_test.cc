#include "base/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores {
namespace {

using ::testing::ElementsAre;

TEST(StringsTest, TrimsOnlyTheEdgesGiven) {
  EXPECT_EQ(Trim(" \ta b\r\n", kTextSpace), "a b");
  EXPECT_EQ(Trim("\va\f", kTextSpace), "\va\f");
  EXPECT_EQ(Trim("\va\f", kAsciiSpace), "a");
  EXPECT_EQ(Trim("\ta ", " "), "\ta");
  EXPECT_EQ(Trim("x", kTextSpace), "x");
  EXPECT_EQ(Trim(" \n ", kTextSpace), "");
  EXPECT_EQ(Trim("", kTextSpace), "");
}

TEST(StringsTest, AddsOnceInOrder) {
  std::vector<std::string> list;
  for (const char* one : {"b", "a", "b", ""}) AddOnce(list, one);
  EXPECT_THAT(list, ElementsAre("b", "a", ""));
}

}  // namespace
}  // namespace mores
