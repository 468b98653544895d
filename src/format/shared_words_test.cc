#include "format/shared_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::format {
namespace {

using ::testing::IsEmpty;

std::vector<Turn> Exchange(std::string question, std::string answer) {
  return {{Role::kUser, std::move(question)}, {Role::kAssistant, std::move(answer)}};
}

// The guideline with a star after each shared word.
std::string Marked(std::string_view guideline, const std::vector<Turn>& turns) {
  std::string marked;
  for (const GuidelinePart& part : MarkSharedWords(guideline, ContentWords(turns))) {
    marked += part.text;
    if (part.shared) marked += '*';
  }
  return marked;
}

TEST(SharedWords, AreMarkedInAnyFormButForFunctionWordsAndNegations) {
  const auto turns = Exchange("I won't give the host a clock, may I?", "Not? Then bring pears.");
  EXPECT_EQ(Marked("Giving a clock is rude; the hosts do not expect Pears.", turns),
            "Giving* a clock* is rude; the hosts* do not expect Pears*.");
}

TEST(SharedWords, InChineseAreWords) {
  const auto turns = Exchange("同事过生日，我送什么？", "送一座漂亮的座钟吧。");
  EXPECT_EQ(Marked("给同事送座钟是不礼貌的。", turns), "给同事*送座*钟*是不礼貌的。");
  EXPECT_EQ(Marked("不要抽烟。", turns), "不要抽烟。");
}

TEST(SharedWords, OneChineseCharacterNeedsItsNeighbour) {
  EXPECT_EQ(Marked("勿养狗。", Exchange("我养狗可以吗？", "可以。")), "勿养*狗*。");
  EXPECT_EQ(Marked("勿养狗。", Exchange("热狗怎么做？养生吗？", "可以。")), "勿养狗。");
}

TEST(SharedWords, PartsAreTheWholeGuideline) {
  const auto turns = Exchange("clock \xff gum", "钟 gum");
  for (const std::string guideline :
       {"", " ", "gum", "gum ", "a clock\xff gum, 钟 \xe4\xb8", "\xff\xfe", "no clocks"}) {
    std::string whole;
    for (const GuidelinePart& part : MarkSharedWords(guideline, ContentWords(turns))) {
      EXPECT_FALSE(part.text.empty());
      whole += part.text;
    }
    EXPECT_EQ(whole, guideline);
  }
  EXPECT_THAT(MarkSharedWords("", ContentWords(turns)), IsEmpty());
}

TEST(SharedWords, ALongTurnIsReadAtBothEnds) {
  const std::string filler(1 << 20, ' ');
  const auto turns = Exchange("clocks" + filler + "gum", "yes");
  EXPECT_EQ(Marked("Neither clock nor gum.", turns), "Neither clock* nor gum*.");
}

TEST(SharedWords, TheEarliestOfMuchTextIsNotRead) {
  auto turns = Exchange("gum", "yes");
  for (int i = 0; i < 3; ++i) turns.push_back({Role::kUser, std::string(64 << 10, ' ') + "clock"});
  turns.push_back({Role::kAssistant, "pears"});
  EXPECT_EQ(Marked("Neither clock nor gum nor pears.", turns),
            "Neither clock* nor gum nor pears*.");
}

}  // namespace
}  // namespace mores::format
