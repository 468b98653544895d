#include "text/segmentation.h"

#include <gtest/gtest.h>

#include "text/unicode.h"

namespace mores::text {
namespace {

TEST(SegmentWordsTest, PutsSpacesBetweenChineseWordsAndLeavesTheRest) {
  EXPECT_EQ(SegmentWords("不要送钟给老人"), "不要 送 钟 给 老人");
  EXPECT_EQ(SegmentWords("在Tokyo吃寿司。Please bow."), "在 Tokyo 吃 寿司 。Please bow.");
  EXPECT_EQ(SegmentWords("Don't point  at people!"), "Don't point  at people!");
  EXPECT_EQ(SegmentWords(""), "");
}

TEST(SegmentWordsTest, TakesAnything) {
  EXPECT_TRUE(IsValidUtf8(SegmentWords("\xFF\xE4\xB8 中文")));
  std::string long_text;
  for (int i = 0; i < 100000; ++i) long_text += "汉字";
  EXPECT_GE(SegmentWords(long_text).size(), long_text.size());
  EXPECT_EQ(SegmentWords("😀礼物").find("😀"), 0u);
}

}  // namespace
}  // namespace mores::text
