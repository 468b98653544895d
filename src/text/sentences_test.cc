#include "text/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mores::text {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SentencesTest, English) {
  EXPECT_THAT(Sentences("It refuses. Is that right? Yes!  It costs 3.5 euros a day."),
              ElementsAre("It refuses.", "Is that right?", "Yes!", "It costs 3.5 euros a day."));
}

TEST(SentencesTest, Chinese) {
  EXPECT_THAT(Sentences("回答没有害处。它拒绝了请求！真的吗？真的"),
              ElementsAre("回答没有害处。", "它拒绝了请求！", "真的吗？", "真的"));
}

TEST(SentencesTest, LinesEndThem) {
  EXPECT_THAT(Sentences("a heading\r\n- first point\n\n1. Second point\n"),
              ElementsAre("a heading", "- first point", "Second point"));
}

TEST(SentencesTest, NothingWithoutLetters) {
  EXPECT_THAT(Sentences(""), IsEmpty());
  EXPECT_THAT(Sentences(" 1. \n ... 。 \t"), IsEmpty());
}

TEST(SentencesTest, TakesAnyBytes) { EXPECT_EQ(Sentences("a\xFF\xFE b. C\xE4").size(), 2u); }

}  // namespace
}  // namespace mores::text
