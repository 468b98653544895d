// What search knows of words, whatever the documents: those that say nothing of a matter, and
// those that speak of the same (search_words.tsv).
#ifndef MORES_GUIDELINES_SEARCH_SEARCH_WORDS_H_
#define MORES_GUIDELINES_SEARCH_SEARCH_WORDS_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "guidelines/places/place_words.h"

namespace mores::guidelines {

// `word` as NameWords has it; `stem` its stem (text/stem.h).
bool IsStopWord(std::string_view word);
// Stems of words for the same matter ("wedding": "marriage", "bride", ...); none for most.
std::span<const std::string> RelatedStems(std::string_view stem);

// The characters of a Chinese word of several, since "送礼" and "礼物" speak of the same; none for
// any other word.
std::vector<std::string_view> PartsOf(const NameWord& word);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_SEARCH_SEARCH_WORDS_H_
