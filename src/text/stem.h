// Stems of English words: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980.
#ifndef MORES_TEXT_STEM_H_
#define MORES_TEXT_STEM_H_

#include <string>
#include <string_view>

namespace mores::text {

// Of a word in lower-case ASCII letters; any other word is its own stem.
std::string Stem(std::string_view word);

}  // namespace mores::text

#endif  // MORES_TEXT_STEM_H_
