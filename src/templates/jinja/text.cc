#include "templates/jinja/text.h"

#include <fmt/format.h>
#include <unicode/bytestream.h>
#include <unicode/casemap.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "base/check.h"

namespace mores::templates::jinja {
namespace {

// The first range that ends behind `offset`.
std::vector<TextRange>::const_iterator FirstBehind(const std::vector<TextRange>& ranges,
                                                   size_t offset) {
  return std::upper_bound(ranges.begin(), ranges.end(), offset,
                          [](size_t at, const TextRange& range) { return at < range.end; });
}

bool IsLineEnd(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

// The code point before `offset`, which moves to its beginning.
char32_t PreviousCodePoint(std::string_view utf8, size_t& offset) {
  do --offset;
  while (offset > 0 && U8_IS_TRAIL(utf8[offset]));
  size_t at = offset;
  return NextCodePoint(utf8, at);
}

bool ContainsText(std::string_view characters, char32_t wanted) {
  for (size_t at = 0; at < characters.size();) {
    if (NextCodePoint(characters, at) == wanted) return true;
  }
  return false;
}

}  // namespace

void TextBuilder::Mark(TextRange range) {
  if (range.begin == range.end) return;
  if (!text_.plain.empty() && text_.plain.back().end == range.begin) {
    text_.plain.back().end = range.end;
  } else {
    text_.plain.push_back(range);
  }
}

void TextBuilder::Append(std::string_view utf8, Origin origin) {
  const size_t begin = size();
  text_.utf8 += utf8;
  if (origin == Origin::kOutside) Mark({begin, size()});
}

void TextBuilder::Append(const MarkedText& text, TextRange part) {
  const size_t begin = size();
  text_.utf8.append(text.utf8, part.begin, part.end - part.begin);
  for (auto range = FirstBehind(text.plain, part.begin);
       range != text.plain.end() && range->begin < part.end; ++range) {
    Mark({begin + std::max(range->begin, part.begin) - part.begin,
          begin + std::min(range->end, part.end) - part.begin});
  }
}

MarkedText Part(const MarkedText& text, TextRange part) {
  TextBuilder builder;
  builder.Append(text, part);
  return builder.Take();
}

Origin OriginOf(const MarkedText& text, TextRange part) {
  const auto range = FirstBehind(text.plain, part.begin);
  return range != text.plain.end() && range->begin < part.end ? Origin::kOutside
                                                              : Origin::kTemplate;
}

char32_t NextCodePoint(std::string_view utf8, size_t& offset) {
  const auto* data = reinterpret_cast<const uint8_t*>(utf8.data()) + offset;
  const auto size = static_cast<int32_t>(std::min<size_t>(utf8.size() - offset, U8_MAX_LENGTH));
  int32_t i = 0;
  UChar32 c = 0;
  U8_NEXT_OR_FFFD(data, i, size, c);
  offset += static_cast<size_t>(i);
  return static_cast<char32_t>(c);
}

void AppendCodePoint(char32_t c, std::string& out) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, static_cast<UChar32>(c));
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

size_t OffsetOf(std::string_view utf8, size_t index) {
  size_t offset = 0;
  for (; index > 0 && offset < utf8.size(); --index) {
    do ++offset;
    while (offset < utf8.size() && U8_IS_TRAIL(utf8[offset]));
  }
  return offset;
}

bool IsSpace(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool IsPrintable(char32_t c) {
  if (c < 0x7F) return c >= 0x20;
  constexpr uint32_t kHidden = U_GC_C_MASK | U_GC_Z_MASK;
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & kHidden) == 0;
}

int DigitValue(char32_t c) { return u_charDigitValue(static_cast<UChar32>(c)); }

TextRange Strip(std::string_view utf8, std::optional<std::string_view> characters, Side side) {
  const auto goes = [&](char32_t c) {
    return characters ? ContainsText(*characters, c) : IsSpace(c);
  };
  TextRange kept = {0, utf8.size()};
  while (side != Side::kRight && kept.begin < kept.end) {
    size_t next = kept.begin;
    if (!goes(NextCodePoint(utf8, next))) break;
    kept.begin = next;
  }
  while (side != Side::kLeft && kept.begin < kept.end) {
    size_t previous = kept.end;
    if (!goes(PreviousCodePoint(utf8, previous))) break;
    kept.end = previous;
  }
  return kept;
}

namespace {

std::vector<TextRange> SplitAtSpace(std::string_view utf8, int64_t max_splits) {
  std::vector<TextRange> parts;
  size_t at = 0;
  while (true) {
    at += Strip(utf8.substr(at), std::nullopt, Side::kLeft).begin;
    if (at == utf8.size()) return parts;
    if (max_splits >= 0 && static_cast<int64_t>(parts.size()) >= max_splits) break;
    size_t end = at;
    for (size_t next = at; next < utf8.size() && !IsSpace(NextCodePoint(utf8, next));) end = next;
    parts.push_back({at, end});
    at = end;
  }
  parts.push_back({at, utf8.size()});
  return parts;
}

std::vector<TextRange> SplitAtSpaceFromRight(std::string_view utf8, int64_t max_splits) {
  std::vector<TextRange> parts;
  size_t end = utf8.size();
  while (true) {
    end = Strip(utf8.substr(0, end), std::nullopt, Side::kRight).end;
    if (end == 0) break;
    if (max_splits >= 0 && static_cast<int64_t>(parts.size()) >= max_splits) {
      parts.push_back({0, end});
      break;
    }
    size_t begin = end;
    for (size_t previous = end; previous > 0 && !IsSpace(PreviousCodePoint(utf8, previous));) {
      begin = previous;
    }
    parts.push_back({begin, end});
    end = begin;
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

std::vector<TextRange> Split(std::string_view utf8, std::optional<std::string_view> separator,
                             int64_t max_splits) {
  if (!separator) return SplitAtSpace(utf8, max_splits);
  std::vector<TextRange> parts;
  size_t at = 0;
  while (max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits) {
    const size_t found = utf8.find(*separator, at);
    if (found == std::string_view::npos) break;
    parts.push_back({at, found});
    at = found + separator->size();
  }
  parts.push_back({at, utf8.size()});
  return parts;
}

std::vector<TextRange> SplitFromRight(std::string_view utf8,
                                      std::optional<std::string_view> separator,
                                      int64_t max_splits) {
  if (!separator) return SplitAtSpaceFromRight(utf8, max_splits);
  std::vector<TextRange> parts;
  size_t end = utf8.size();
  while (max_splits < 0 || static_cast<int64_t>(parts.size()) < max_splits) {
    const size_t found = utf8.substr(0, end).rfind(*separator);
    if (found == std::string_view::npos) break;
    parts.push_back({found + separator->size(), end});
    end = found;
  }
  parts.push_back({0, end});
  std::reverse(parts.begin(), parts.end());
  return parts;
}

size_t CountLineEnds(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    // Those beyond ASCII begin with one of two bytes.
    return IsLineEnd(static_cast<unsigned char>(c)) || c == '\xC2' || c == '\xE2';
  }));
}

std::vector<TextRange> SplitLines(std::string_view utf8, bool keep_ends) {
  std::vector<TextRange> lines;
  size_t begin = 0;
  for (size_t at = 0; at < utf8.size();) {
    const size_t end = at;
    const char32_t c = NextCodePoint(utf8, at);
    if (!IsLineEnd(c)) continue;
    if (c == '\r' && at < utf8.size() && utf8[at] == '\n') ++at;
    lines.push_back({begin, keep_ends ? at : end});
    begin = at;
  }
  if (begin < utf8.size()) lines.push_back({begin, utf8.size()});
  return lines;
}

namespace {

// One character in full case mapping, without regard to language.
std::string MapCharacter(std::string_view character, Case wanted) {
  if (character.size() == 1) {
    const char c = character[0];
    if (wanted == Case::kLower) return {c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c};
    return {c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c};
  }
  std::string mapped;
  icu::StringByteSink<std::string> sink(&mapped);
  UErrorCode status = U_ZERO_ERROR;
  const icu::StringPiece piece(character.data(), static_cast<int32_t>(character.size()));
  if (wanted == Case::kUpper) {
    icu::CaseMap::utf8ToUpper("", 0, piece, sink, nullptr, status);
  } else if (wanted == Case::kLower) {
    icu::CaseMap::utf8ToLower("", 0, piece, sink, nullptr, status);
  } else {
    icu::CaseMap::utf8ToTitle("", U_TITLECASE_NO_BREAK_ADJUSTMENT, nullptr, piece, sink, nullptr,
                              status);
  }
  MORES_CHECK(U_SUCCESS(status));
  return mapped;
}

// A capital sigma is final where a letter stands before it and none behind it.
bool IsFinalSigma(std::string_view utf8, size_t begin, size_t end) {
  const auto ignorable = [](char32_t c) {
    return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASE_IGNORABLE);
  };
  const auto cased = [](char32_t c) {
    return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASED);
  };
  char32_t before = 0;
  while (begin > 0 && ignorable(before = PreviousCodePoint(utf8, begin))) before = 0;
  if (before == 0 || !cased(before)) return false;
  char32_t behind = 0;
  while (end < utf8.size() && ignorable(behind = NextCodePoint(utf8, end))) behind = 0;
  return behind == 0 || !cased(behind);
}

}  // namespace

MarkedText MapCase(const MarkedText& text, Case wanted) {
  constexpr char32_t kCapitalSigma = 0x3A3;
  TextBuilder out;
  bool in_word = false;
  for (size_t at = 0; at < text.utf8.size();) {
    const size_t begin = at;
    const char32_t c = NextCodePoint(text.utf8, at);
    const std::string_view character = std::string_view(text.utf8).substr(begin, at - begin);
    Case mapping = wanted;
    if (wanted == Case::kTitle && in_word) mapping = Case::kLower;
    if (wanted == Case::kCapitalize) mapping = begin == 0 ? Case::kTitle : Case::kLower;
    in_word = u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASED);
    const Origin origin = OriginOf(text, {begin, at});
    if (c == kCapitalSigma && mapping == Case::kLower && IsFinalSigma(text.utf8, begin, at)) {
      out.Append("ς", origin);
    } else {
      out.Append(MapCharacter(character, mapping), origin);
    }
  }
  return out.Take();
}

MarkedText Replace(const MarkedText& text, std::string_view old, const MarkedText& replacement,
                   int64_t count) {
  TextBuilder out;
  size_t at = 0;
  if (old.empty()) {  // before each character, and at the end
    while (count != 0) {
      out.Append(replacement);
      --count;
      if (at == text.utf8.size()) return out.Take();
      const size_t begin = at;
      NextCodePoint(text.utf8, at);
      out.Append(text, {begin, at});
    }
  } else {
    while (count != 0) {
      const size_t found = text.utf8.find(old, at);
      if (found == std::string::npos) break;
      out.Append(text, {at, found});
      out.Append(replacement);
      at = found + old.size();
      --count;
    }
  }
  out.Append(text, {at, text.utf8.size()});
  return out.Take();
}

void AppendRepr(const MarkedText& text, TextBuilder& out) {
  const bool doubled =
      text.utf8.find('\'') != std::string::npos && text.utf8.find('"') == std::string::npos;
  const char quote = doubled ? '"' : '\'';
  out.Append({&quote, 1});
  for (size_t at = 0; at < text.utf8.size();) {
    const size_t begin = at;
    const char32_t c = NextCodePoint(text.utf8, at);
    std::string escape;
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      escape = {'\\', static_cast<char>(c)};
    } else if (c == '\n' || c == '\r' || c == '\t') {
      escape = c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (!IsPrintable(c)) {
      const auto code = static_cast<uint32_t>(c);
      escape = c < 0x100     ? fmt::format("\\x{:02x}", code)
               : c < 0x10000 ? fmt::format("\\u{:04x}", code)
                             : fmt::format("\\U{:08x}", code);
    }
    if (escape.empty()) {
      out.Append(text, {begin, at});
    } else {
      out.Append(escape, OriginOf(text, {begin, at}));
    }
  }
  out.Append({&quote, 1});
}

namespace {

std::string JsonEscape(char32_t c, bool ensure_ascii) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\f':
      return "\\f";
    case '\b':
      return "\\b";
    default:
      break;
  }
  const auto code = static_cast<uint32_t>(c);
  if (c < 0x20 || (ensure_ascii && c > 0x7E && c < 0x10000)) return fmt::format("\\u{:04x}", code);
  if (!ensure_ascii || c < 0x7F) return "";
  return fmt::format("\\u{:04x}\\u{:04x}", static_cast<uint32_t>(U16_LEAD(code)),
                     static_cast<uint32_t>(U16_TRAIL(code)));
}

}  // namespace

void AppendJsonString(const MarkedText& text, bool ensure_ascii, TextBuilder& out) {
  out.Append("\"");
  size_t done = 0;
  for (size_t at = 0; at < text.utf8.size();) {
    const size_t begin = at;
    const std::string escape = JsonEscape(NextCodePoint(text.utf8, at), ensure_ascii);
    if (escape.empty()) continue;
    out.Append(text, {done, begin});
    out.Append(escape, OriginOf(text, {begin, at}));
    done = at;
  }
  out.Append(text, {done, text.utf8.size()});
  out.Append("\"");
}

namespace {

struct CharacterTest {
  std::string_view name;
  bool (*holds)(UChar32 c);
};

bool IsDecimal(UChar32 c) { return u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) == U_NT_DECIMAL; }
bool IsUnicodeDigit(UChar32 c) {
  return IsDecimal(c) || u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) == U_NT_DIGIT;
}
bool IsNumeric(UChar32 c) { return u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) != U_NT_NONE; }

constexpr CharacterTest kCharacterTests[] = {
    {"isalnum", [](UChar32 c) { return u_isalpha(c) != 0 || IsNumeric(c); }},
    {"isalpha", [](UChar32 c) { return u_isalpha(c) != 0; }},
    {"isdecimal", IsDecimal},
    {"isdigit", IsUnicodeDigit},
    {"isnumeric", IsNumeric},
    {"isspace", [](UChar32 c) { return IsSpace(static_cast<char32_t>(c)); }},
};

// str.islower and str.isupper: a cased letter, and none of another case.
bool AllOfCase(std::string_view utf8, UProperty wanted, UProperty refused) {
  bool found = false;
  for (size_t at = 0; at < utf8.size();) {
    const auto c = static_cast<UChar32>(NextCodePoint(utf8, at));
    if (u_hasBinaryProperty(c, refused) || u_charType(c) == U_TITLECASE_LETTER) return false;
    found = found || u_hasBinaryProperty(c, wanted);
  }
  return found;
}

}  // namespace

bool IsCharacterTest(std::string_view name) {
  return name == "islower" || name == "isupper" || name == "isascii" ||
         std::any_of(std::begin(kCharacterTests), std::end(kCharacterTests),
                     [&](const CharacterTest& test) { return test.name == name; });
}

bool TestCharacters(std::string_view name, std::string_view utf8) {
  if (name == "islower") return AllOfCase(utf8, UCHAR_LOWERCASE, UCHAR_UPPERCASE);
  if (name == "isupper") return AllOfCase(utf8, UCHAR_UPPERCASE, UCHAR_LOWERCASE);
  if (name == "isascii") {
    return std::all_of(utf8.begin(), utf8.end(), [](char c) { return U8_IS_SINGLE(c); });
  }
  const auto* test = std::find_if(std::begin(kCharacterTests), std::end(kCharacterTests),
                                  [&](const CharacterTest& one) { return one.name == name; });
  MORES_CHECK(test != std::end(kCharacterTests));
  for (size_t at = 0; at < utf8.size();) {
    if (!test->holds(static_cast<UChar32>(NextCodePoint(utf8, at)))) return false;
  }
  return !utf8.empty();
}

}  // namespace mores::templates::jinja
