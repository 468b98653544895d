// Stems of English words: M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980,
// by Snowball's libstemmer.
#ifndef MORES_TEXT_STEM_H_
#define MORES_TEXT_STEM_H_

#include <string>
#include <string_view>

namespace mores::text {

// Of a word of 3 to 40 lower-case ASCII letters; any other word is its own stem. Safe for threads.
std::string Stem(std::string_view word);

}  // namespace mores::text

#endif  // MORES_TEXT_STEM_H_
