// What many files do with texts, byte by byte; care for Unicode is above (text/unicode.h).
#ifndef MORES_BASE_STRINGS_H_
#define MORES_BASE_STRINGS_H_

#include <string>
#include <string_view>
#include <vector>

namespace mores {

// Space in the texts of people and files.
inline constexpr std::string_view kTextSpace = " \t\r\n";
// All that ASCII has of space.
inline constexpr std::string_view kAsciiSpace = " \t\r\n\v\f";

// Without the bytes at both ends that are among `edges`.
std::string_view Trim(std::string_view text, std::string_view edges);

// Appends `one` unless the list has it.
void AddOnce(std::vector<std::string>& list, std::string_view one);

}  // namespace mores

#endif  // MORES_BASE_STRINGS_H_
