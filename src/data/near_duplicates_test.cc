#include "data/near_duplicates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/random.h"

namespace mores::data {
namespace {

// `count` Chinese characters, each another, so that every 5-gram is distinct.
std::string Characters(int first, int count) {
  std::string text;
  for (int i = first; i < first + count; ++i) {
    const int point = 0x4E00 + i;
    text += static_cast<char>(0xE0 | (point >> 12));
    text += static_cast<char>(0x80 | ((point >> 6) & 0x3F));
    text += static_cast<char>(0x80 | (point & 0x3F));
  }
  return text;
}

TEST(CharacterGrams, CountsCodePoints) {
  EXPECT_EQ(CharacterGrams("").size(), 0u);
  EXPECT_EQ(CharacterGrams("甲乙丙丁").size(), 1u);
  EXPECT_EQ(CharacterGrams("甲乙丙丁戊").size(), 1u);
  EXPECT_EQ(CharacterGrams(Characters(0, 104)).size(), 100u);
  EXPECT_EQ(CharacterGrams("aaaaaaaaaa").size(), 1u);
  EXPECT_NE(CharacterGrams("abcd"), CharacterGrams("abce"));
}

TEST(NearDuplicateIndex, ThresholdIsExact) {
  // 100 grams indexed; a piece with k of them has a Jaccard similarity of k in 100.
  const NearDuplicateIndex index({CharacterGrams(Characters(0, 104))}, 600);
  EXPECT_FALSE(index.HasMatch(CharacterGrams(Characters(0, 59 + 4))));
  EXPECT_TRUE(index.HasMatch(CharacterGrams(Characters(0, 60 + 4))));
  EXPECT_TRUE(index.HasMatch(CharacterGrams(Characters(0, 61 + 4))));
  EXPECT_TRUE(index.HasMatch(CharacterGrams(Characters(20, 84))));
  // 100 and 100 grams sharing k: k in 200 - k; 75 give 0.6.
  EXPECT_FALSE(index.HasMatch(CharacterGrams(Characters(26, 104))));
  EXPECT_TRUE(index.HasMatch(CharacterGrams(Characters(25, 104))));
  EXPECT_FALSE(index.HasMatch({}));
}

TEST(NearDuplicateIndex, FindsWhatBruteForceFinds) {
  // Few distinct characters, so that grams repeat, and edits of all sizes.
  std::vector<GramSet> sets;
  std::vector<std::string> texts;
  Random random(7);
  for (int i = 0; i < 400; ++i) {
    std::string text;
    if (i % 2 == 1) {
      text = texts[random.Below(texts.size())];
      for (uint64_t edits = random.Below(12); edits > 0 && !text.empty(); --edits) {
        text[random.Below(text.size())] = static_cast<char>('a' + random.Below(3));
      }
      text = text.substr(0, text.size() - random.Below(text.size() / 3 + 1));
    } else {
      for (uint64_t left = random.Below(60); left > 0; --left) {
        text += static_cast<char>('a' + random.Below(3));
      }
    }
    texts.push_back(text);
    sets.push_back(CharacterGrams(text));
  }
  for (const int permille : {100, 600, 601, 900, 1000}) {
    const NearDuplicateIndex index(sets, permille);
    size_t found = 0;
    for (const GramSet& set : sets) {
      std::vector<size_t> expected, actual;
      for (size_t i = 0; i < sets.size(); ++i) {
        GramSet shared;
        std::set_intersection(set.begin(), set.end(), sets[i].begin(), sets[i].end(),
                              std::back_inserter(shared));
        const size_t both = set.size() + sets[i].size() - shared.size();
        if (both > 0 && 1000 * shared.size() >= static_cast<size_t>(permille) * both) {
          expected.push_back(i);
        }
      }
      index.ForEachMatch(set, [&](size_t i) {
        actual.push_back(i);
        return true;
      });
      ASSERT_EQ(actual, expected);
      found += actual.size();
    }
    EXPECT_GT(found, 380u);
  }
}

TEST(NearDuplicateIndex, EmptyIndex) {
  const NearDuplicateIndex index({}, 600);
  EXPECT_FALSE(index.HasMatch(CharacterGrams("anything at all")));
}

}  // namespace
}  // namespace mores::data
