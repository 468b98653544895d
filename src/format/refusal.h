// Whether an answer refuses, by its words alone, in English and Chinese.
#ifndef MORES_FORMAT_REFUSAL_H_
#define MORES_FORMAT_REFUSAL_H_

#include <string_view>

namespace mores::format {

// Lexical: true when the opening of the answer (its first 320 code points) holds a phrase by which
// assistants decline, such as "I can't help with that" or "抱歉，我无法提供". It knows nothing of
// what was asked, so an answer that declines in its opening and helps later still counts, and a
// refusal in words that are not listed, or late in the text, does not. Good for slicing reports and
// for describing training data; never for deciding a label. Any language but English and Chinese
// (simplified and traditional) gives false.
bool LooksLikeRefusal(std::string_view utf8_response);

}  // namespace mores::format

#endif  // MORES_FORMAT_REFUSAL_H_
