// Frequent words of languages in Latin script, for telling English from the rest. Lower case,
// without diacritics, as DetectLanguage folds what it compares. Written for this purpose: words
// that are frequent, and rare in the other languages, serve best.
#ifndef MORES_TEXT_LANGUAGE_WORDS_H_
#define MORES_TEXT_LANGUAGE_WORDS_H_

#include <span>
#include <string_view>

namespace mores::text {

struct WordList {
  std::string_view words;    // separated by single spaces
  std::string_view endings;  // of longer words, telling where no listed word occurs
};

inline constexpr size_t kEnglishList = 0;  // index in LatinWordLists()
std::span<const WordList> LatinWordLists();

}  // namespace mores::text

#endif  // MORES_TEXT_LANGUAGE_WORDS_H_
