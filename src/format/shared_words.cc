#include "format/shared_words.h"

#include <algorithm>

#include "text/lexical_text.h"
#include "text/segmentation.h"

namespace mores::format {
namespace {

constexpr size_t kLongestTurn = 64 << 10, kLongestDialogue = 128 << 10;  // bytes

bool AllIn(const std::set<std::string>& terms, const std::set<std::string>& words) {
  return !terms.empty() && std::ranges::includes(words, terms);
}

bool IsOneChineseCharacter(std::string_view word) {
  return word.size() == 3 && static_cast<unsigned char>(word[0]) >= 0xE3;
}

// A word, or for one Chinese character, which stands anywhere, the pair with a neighbour.
bool IsShared(std::string_view guideline, const text::WordSpan& word,
              const std::set<std::string>& words) {
  const std::string_view itself = guideline.substr(word.begin, word.end - word.begin);
  if (!IsOneChineseCharacter(itself)) return AllIn(text::ContentTerms(itself), words);
  constexpr size_t kCharacter = 3;
  const auto pair_in = [&](size_t begin) {
    const std::string_view pair = guideline.substr(begin, 2 * kCharacter);
    return pair.size() == 2 * kCharacter && IsOneChineseCharacter(pair.substr(0, kCharacter)) &&
           IsOneChineseCharacter(pair.substr(kCharacter)) && AllIn(text::ContentTerms(pair), words);
  };
  return pair_in(word.begin) || (word.begin >= kCharacter && pair_in(word.begin - kCharacter));
}

}  // namespace

std::set<std::string> ContentWords(std::span<const Turn> turns) {
  std::set<std::string> words;
  size_t read = 0;
  for (auto turn = turns.rbegin(); turn != turns.rend() && read < kLongestDialogue; ++turn) {
    const std::string_view text = turn->content;
    read += std::min(text.size(), kLongestTurn);
    if (text.size() <= kLongestTurn) {
      words.merge(text::ContentTerms(text));
      continue;
    }
    words.merge(text::ContentTerms(text.substr(0, kLongestTurn / 2)));
    words.merge(text::ContentTerms(text.substr(text.size() - kLongestTurn / 2)));
  }
  return words;
}

std::vector<GuidelinePart> MarkSharedWords(std::string_view guideline,
                                           const std::set<std::string>& words) {
  std::vector<GuidelinePart> parts;
  size_t begin = 0;
  for (const text::WordSpan& word : text::WordSpans(guideline)) {
    if (!IsShared(guideline, word, words)) continue;
    parts.push_back({guideline.substr(begin, word.end - begin), true});
    begin = word.end;
  }
  if (begin < guideline.size()) parts.push_back({guideline.substr(begin), false});
  return parts;
}

}  // namespace mores::format
