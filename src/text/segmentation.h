// Words of texts that are written without spaces.
#ifndef MORES_TEXT_SEGMENTATION_H_
#define MORES_TEXT_SEGMENTATION_H_

#include <string>
#include <string_view>

namespace mores::text {

// The text with a space between the words of Chinese (Han, Hiragana, Katakana) runs, as ICU's
// dictionaries divide them; the rest is left as it stands. Invalid UTF-8 is replaced.
std::string SegmentWords(std::string_view utf8);

}  // namespace mores::text

#endif  // MORES_TEXT_SEGMENTATION_H_
