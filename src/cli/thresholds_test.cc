#include "cli/thresholds.h"

#include <gtest/gtest.h>

namespace mores::cli {
namespace {

TEST(ThresholdsTest, ReadsAndRefuses) {
  const auto all = ParseThresholds({"0.3", "zh=0.7"});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->en, 0.3);
  EXPECT_EQ(all->zh, 0.7);
  EXPECT_EQ(all->For(text::Language::kOther), 0.3);
  for (const char* text : {"", "x", "1.5", "-0.1", "fr=0.2", "en=", "=0.2", "nan", "0.5x"}) {
    const auto bad = ParseThresholds({text});
    ASSERT_FALSE(bad) << text;
    EXPECT_EQ(bad.error().kind, ErrorKind::kUsage);
  }
}

}  // namespace
}  // namespace mores::cli
