// What Python does with strings, on UTF-8 text that remembers which bytes came from outside.
// Offsets are bytes, indexes are code points. All text is valid UTF-8.
#ifndef MORES_TEMPLATES_JINJA_TEXT_H_
#define MORES_TEMPLATES_JINJA_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/marked_text.h"

namespace mores::templates::jinja {

using text::MarkedText;
using text::TextRange;

enum class Origin { kTemplate, kOutside };

// Joins parts and their marks.
class TextBuilder {
 public:
  void Append(std::string_view utf8, Origin origin = Origin::kTemplate);
  void Append(const MarkedText& text) { Append(text, {0, text.utf8.size()}); }
  void Append(const MarkedText& text, TextRange part);
  size_t size() const { return text_.utf8.size(); }
  MarkedText Take() { return std::move(text_); }

 private:
  void Mark(TextRange range);
  MarkedText text_;
};

MarkedText Part(const MarkedText& text, TextRange part);
// Whether a byte of the range came from outside.
Origin OriginOf(const MarkedText& text, TextRange part);

// The code point at `offset`, which moves behind it.
char32_t NextCodePoint(std::string_view utf8, size_t& offset);
void AppendCodePoint(char32_t c, std::string& out);
// Offset of the code point number `index`, or the size.
size_t OffsetOf(std::string_view utf8, size_t index);

bool IsSpace(char32_t c);      // str.isspace
bool IsPrintable(char32_t c);  // str.isprintable
// 0 to 9 for the decimal digits of any script, else -1.
int DigitValue(char32_t c);

// The space that `\s` of Python's re matches is that of str.isspace.
enum class Side { kLeft, kRight, kBoth };
// What str.strip leaves; without `characters`, white space goes.
TextRange Strip(std::string_view utf8, std::optional<std::string_view> characters, Side side);

// str.split and str.rsplit; without `separator` (never empty), at runs of white space. A negative
// `max_splits` is no bound.
std::vector<TextRange> Split(std::string_view utf8, std::optional<std::string_view> separator,
                             int64_t max_splits);
std::vector<TextRange> SplitFromRight(std::string_view utf8,
                                      std::optional<std::string_view> separator,
                                      int64_t max_splits);
std::vector<TextRange> SplitLines(std::string_view utf8, bool keep_ends);
size_t CountLineEnds(std::string_view utf8);  // an upper bound

enum class Case { kUpper, kLower, kTitle, kCapitalize };
MarkedText MapCase(const MarkedText& text, Case wanted);

// str.replace; a negative `count` is no bound.
MarkedText Replace(const MarkedText& text, std::string_view old, const MarkedText& replacement,
                   int64_t count);

// repr of a string, marks kept.
void AppendRepr(const MarkedText& text, TextBuilder& out);
// A JSON string with its quotes, as Python's json.dumps writes it.
void AppendJsonString(const MarkedText& text, bool ensure_ascii, TextBuilder& out);

// str.isdigit, str.isalpha and so on: `name` is one of IsCharacterTest's.
bool IsCharacterTest(std::string_view name);
bool TestCharacters(std::string_view name, std::string_view utf8);

}  // namespace mores::templates::jinja

#endif  // MORES_TEMPLATES_JINJA_TEXT_H_
