// Text that remembers which of its bytes came from outside, so that what a person wrote is never
// read as a special token.
#ifndef MORES_TEXT_TOKENIZER_MARKED_TEXT_H_
#define MORES_TEXT_TOKENIZER_MARKED_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

namespace mores::text {

// Bytes [begin, end) of a text.
struct TextRange {
  size_t begin = 0;
  size_t end = 0;
  friend bool operator==(const TextRange&, const TextRange&) = default;
};

// `plain` is ascending, and no two ranges touch: in these bytes special tokens are plain text.
struct MarkedText {
  std::string utf8;
  std::vector<TextRange> plain;
  friend bool operator==(const MarkedText&, const MarkedText&) = default;
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_MARKED_TEXT_H_
