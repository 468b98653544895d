#include "base/nearest.h"

#include <gtest/gtest.h>

namespace mores {
namespace {

TEST(NearestTest, NearNamesAreFound) {
  const std::vector<std::string> names = {"judge", "rejudge", "report", "guidelines", "generate"};
  EXPECT_EQ(Nearest("judg", names), "judge");
  EXPECT_EQ(Nearest("jugde", names), "judge");  // two letters swapped
  EXPECT_EQ(Nearest("Judge", names), "judge");
  EXPECT_EQ(Nearest("guidelnes", names), "guidelines");
  EXPECT_EQ(Nearest("gen", names), "generate");  // its beginning
  EXPECT_EQ(Nearest("rejugde", names), "rejudge");
}

TEST(NearestTest, FarNamesAreNot) {
  const std::vector<std::string> names = {"judge", "report"};
  EXPECT_FALSE(Nearest("xyzzy", names));
  EXPECT_FALSE(Nearest("", names));
  EXPECT_FALSE(Nearest("j", names));
  EXPECT_FALSE(Nearest("--", {"--db"}));
}

TEST(NearestTest, DashesAreNoLetters) {
  EXPECT_EQ(Nearest("--modle", {"--model", "--rules"}), "--model");
  EXPECT_EQ(Nearest("--label_only", {"--label-only", "--labels"}), "--label-only");
  EXPECT_FALSE(Nearest("--xy", {"--db", "--by2"}));
}

}  // namespace
}  // namespace mores
