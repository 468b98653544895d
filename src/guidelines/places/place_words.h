// Words of names: how names of places and running text are compared.
#ifndef MORES_GUIDELINES_PLACES_PLACE_WORDS_H_
#define MORES_GUIDELINES_PLACES_PLACE_WORDS_H_

#include <string>
#include <string_view>
#include <vector>

namespace mores::guidelines {

// A run of letters and digits, or of Chinese characters.
struct NameWord {
  std::string key;            // lower case, without diacritics; of Chinese runs the text itself
  size_t begin = 0, end = 0;  // bytes
  bool chinese = false;
  bool capital = false;  // begins with a capital letter
  bool upper = false;    // two letters or more, all of them capitals
};

// Any bytes; what isn't UTF-8 stands between words. Words above 64 bytes have an empty key.
std::vector<NameWord> NameWords(std::string_view utf8);

// The keys of a name's words with spaces between: "U.S." is "u s", "Côte d'Ivoire" "cote d ivoire".
// "Saint" is "st".
std::string NameKey(std::string_view name);

// Traditional characters as simplified ones; the text itself where it has no Chinese. Any bytes; a
// text that isn't UTF-8 stays as it is.
std::string SimplifiedChinese(std::string_view utf8);

// Letters of ASCII alone.
std::string AsciiUpper(std::string_view text);

// Whether it has Chinese characters.
bool IsChineseName(std::string_view name);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_PLACE_WORDS_H_
