// Words of texts, also of those that are written without spaces.
#ifndef MORES_TEXT_SEGMENTATION_H_
#define MORES_TEXT_SEGMENTATION_H_

#include <string>
#include <string_view>
#include <vector>

namespace mores::text {

// The text with a space between the words of Chinese (Han, Hiragana, Katakana) runs, as ICU's
// dictionaries divide them; the rest is left as it stands. Invalid UTF-8 is replaced.
std::string SegmentWords(std::string_view utf8);

// Bytes [begin, end) of a text.
struct WordSpan {
  size_t begin = 0, end = 0;
};

// The words of a text in order, as ICU divides any language; what stands between them (spaces,
// punctuation, ill-formed bytes) is in none.
std::vector<WordSpan> WordSpans(std::string_view utf8);

}  // namespace mores::text

#endif  // MORES_TEXT_SEGMENTATION_H_
