// Sentences (Unicode Standard Annex 29), through ICU.
#ifndef MORES_TEXT_SENTENCES_H_
#define MORES_TEXT_SENTENCES_H_

#include <string_view>
#include <vector>

namespace mores::text {

// The sentences of `utf8`, in order, as parts of it, without the space around them. Every line
// break ends one. What holds no letter (a list's "1.") is none.
std::vector<std::string_view> Sentences(std::string_view utf8);

}  // namespace mores::text

#endif  // MORES_TEXT_SENTENCES_H_
