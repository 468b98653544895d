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

std::vector<std::string> Words(std::string_view utf8) {
  std::vector<std::string> words;
  for (const WordSpan& word : WordSpans(utf8)) {
    words.emplace_back(utf8.substr(word.begin, word.end - word.begin));
  }
  return words;
}

TEST(WordSpansTest, AreOfAnyLanguageWithoutWhatStandsBetween) {
  EXPECT_EQ(Words("Don't, point: 3 times!"),
            (std::vector<std::string>{"Don't", "point", "3", "times"}));
  EXPECT_EQ(Words("在Tokyo吃寿司。"), (std::vector<std::string>{"在", "Tokyo", "吃", "寿司"}));
  EXPECT_TRUE(Words("").empty());
  EXPECT_TRUE(Words(" …！ 😀").empty());
}

TEST(WordSpansTest, AreBytesAlsoInIllFormedText) {
  EXPECT_EQ(Words("gum\xff\xe4\xb8 clock"), (std::vector<std::string>{"gum", "clock"}));
}

}  // namespace
}  // namespace mores::text
