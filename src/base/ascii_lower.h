#ifndef MORES_BASE_ASCII_LOWER_H_
#define MORES_BASE_ASCII_LOWER_H_

#include <string>
#include <string_view>

namespace mores {

// Letters of ASCII as small ones; all else as it is.
inline std::string AsciiLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return lower;
}

}  // namespace mores

#endif  // MORES_BASE_ASCII_LOWER_H_
