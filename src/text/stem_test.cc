#include "text/stem.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace mores::text {
namespace {

// The examples of the paper.
TEST(StemTest, StripsSuffixes) {
  for (const auto& [word, stem] :
       std::vector<std::pair<std::string, std::string>>{{"caresses", "caress"},
                                                        {"ponies", "poni"},
                                                        {"cats", "cat"},
                                                        {"agreed", "agre"},
                                                        {"feed", "feed"},
                                                        {"plastered", "plaster"},
                                                        {"motoring", "motor"},
                                                        {"sing", "sing"},
                                                        {"hopping", "hop"},
                                                        {"falling", "fall"},
                                                        {"filing", "file"},
                                                        {"happy", "happi"},
                                                        {"sky", "sky"},
                                                        {"relational", "relat"},
                                                        {"hopefulness", "hope"},
                                                        {"adoption", "adopt"},
                                                        {"replacement", "replac"},
                                                        {"controlling", "control"},
                                                        {"generalizations", "gener"},
                                                        {"rate", "rate"},
                                                        {"cease", "ceas"}}) {
    EXPECT_EQ(Stem(word), stem) << word;
  }
}

// Only the doubles of letters that English doubles are undone.
TEST(StemTest, UndoublesCommonLetters) {
  EXPECT_EQ(Stem("planned"), "plan");
  EXPECT_EQ(Stem("trekking"), "trekk");
}

TEST(StemTest, LeavesOtherWordsAlone) {
  for (const std::string word : {"", "a", "is", "as", "北海道", "x9s", "café", "\xFF\xFF\xFFs"}) {
    EXPECT_EQ(Stem(word), word);
  }
  const std::string endless(100000, 's');
  EXPECT_EQ(Stem(endless), endless);
}

}  // namespace
}  // namespace mores::text
