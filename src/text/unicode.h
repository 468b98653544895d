// Unicode care, through ICU.
#ifndef MORES_TEXT_UNICODE_H_
#define MORES_TEXT_UNICODE_H_

#include <string>
#include <string_view>
#include <vector>

namespace mores::text {

bool IsAscii(std::string_view bytes);
bool IsValidUtf8(std::string_view bytes);
// Offset of the first invalid byte, or npos.
size_t FirstInvalidUtf8(std::string_view bytes);
std::string ReplaceInvalidUtf8(std::string_view bytes);  // each ill-formed sequence by U+FFFD
size_t CountCodePoints(std::string_view utf8);
std::vector<char32_t> ToCodePoints(std::string_view utf8);
// At most `columns` terminal columns (East Asian wide counted as two), ending in "…" when cut;
// control characters become spaces.
std::string FitColumns(std::string_view utf8, size_t columns);
// Terminal columns that a text from FitColumns takes.
size_t CountColumns(std::string_view utf8);
// FitColumns, with spaces up to `columns`.
std::string PadColumns(std::string_view utf8, size_t columns);
// For matching and de-duplication: NFKC, case folded, only letters, marks and digits kept, runs of
// anything else become one space, trimmed.
std::string NormalizeForMatch(std::string_view utf8);

}  // namespace mores::text

#endif  // MORES_TEXT_UNICODE_H_
