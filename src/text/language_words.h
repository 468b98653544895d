// Frequent words of languages in Latin script, for telling English from the rest
// (tables/language_words.tsv).
#ifndef MORES_TEXT_LANGUAGE_WORDS_H_
#define MORES_TEXT_LANGUAGE_WORDS_H_

#include <span>
#include <string_view>
#include <vector>

namespace mores::text {

struct WordList {
  std::vector<std::string_view> words;
  std::vector<std::string_view> endings;  // of longer words, telling where no listed word occurs
};

inline constexpr size_t kEnglishList = 0;  // index in LatinWordLists()
std::span<const WordList> LatinWordLists();

}  // namespace mores::text

#endif  // MORES_TEXT_LANGUAGE_WORDS_H_
