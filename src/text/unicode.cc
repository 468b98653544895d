#include "text/unicode.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <cstdint>

#include "base/check.h"

namespace mores::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
// More marks than this on one base are an attack on the screen, not writing.
constexpr int kMaxMarks = 8;

// The code point at `offset`, which moves behind it; negative for an ill-formed sequence, of which
// it takes the longest part that could have begun a character (Unicode 3.9, as the W3C has it).
UChar32 NextCodePoint(std::string_view bytes, size_t& offset) {
  // ICU counts in int32_t; a window of the four bytes a character may have serves any length.
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data()) + offset;
  const auto size = static_cast<int32_t>(std::min<size_t>(bytes.size() - offset, U8_MAX_LENGTH));
  int32_t i = 0;
  UChar32 c = 0;
  U8_NEXT(data, i, size, c);
  offset += static_cast<size_t>(i);
  return c;
}

void AppendUtf8(UChar32 c, std::string& out) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, c);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

// Control characters, and what reorders or breaks a line of a terminal.
bool IsLayoutControl(UChar32 c) {
  const int8_t category = u_charType(c);
  return category == U_CONTROL_CHAR || category == U_LINE_SEPARATOR ||
         category == U_PARAGRAPH_SEPARATOR || u_hasBinaryProperty(c, UCHAR_BIDI_CONTROL);
}

size_t ColumnsOf(UChar32 c) {
  if (c < 0x300) return 1;
  constexpr uint32_t kZeroWidth = U_GC_MN_MASK | U_GC_ME_MASK | U_GC_CF_MASK;
  if ((U_GET_GC_MASK(c) & kZeroWidth) != 0) return 0;
  const int width = u_getIntPropertyValue(c, UCHAR_EAST_ASIAN_WIDTH);
  return width == U_EA_WIDE || width == U_EA_FULLWIDTH ? 2 : 1;
}

bool CountsForMatch(UChar32 c) {
  constexpr uint32_t kKept = U_GC_L_MASK | U_GC_M_MASK | U_GC_ND_MASK | U_GC_NL_MASK;
  return (U_GET_GC_MASK(c) & kKept) != 0;
}

// NFKC with case folding; default-ignorable characters (joiners, variation selectors) vanish.
std::string FoldCompatibly(std::string_view utf8) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* fold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  MORES_CHECK(U_SUCCESS(status));
  std::string folded;
  folded.reserve(utf8.size());
  // ICU takes int32_t lengths: long texts go in parts, cut before a space.
  constexpr size_t kPart = size_t{1} << 28;
  while (!utf8.empty()) {
    size_t size = utf8.size();
    if (size > kPart) {
      const size_t space = utf8.rfind(' ', kPart);
      size = space == std::string_view::npos || space == 0 ? kPart : space;
      while (size > 1 && U8_IS_TRAIL(utf8[size])) --size;
    }
    icu::StringByteSink<std::string> sink(&folded);
    fold->normalizeUTF8(0, icu::StringPiece(utf8.data(), static_cast<int32_t>(size)), sink, nullptr,
                        status);
    MORES_CHECK(U_SUCCESS(status));
    utf8.remove_prefix(size);
  }
  return folded;
}

}  // namespace

size_t FirstInvalidUtf8(std::string_view bytes) {
  size_t offset = 0;
  while (offset < bytes.size()) {
    if (static_cast<unsigned char>(bytes[offset]) < 0x80) {
      ++offset;
      continue;
    }
    const size_t start = offset;
    if (NextCodePoint(bytes, offset) < 0) return start;
  }
  return std::string_view::npos;
}

bool IsAscii(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool IsValidUtf8(std::string_view bytes) {
  return FirstInvalidUtf8(bytes) == std::string_view::npos;
}

std::string ReplaceInvalidUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  size_t done = 0;
  while (true) {
    const size_t bad = FirstInvalidUtf8(bytes.substr(done));
    if (bad == std::string_view::npos) break;
    out.append(bytes, done, bad);
    AppendUtf8(kReplacement, out);
    done += bad;
    NextCodePoint(bytes, done);
  }
  out.append(bytes.substr(done));
  return out;
}

size_t CountCodePoints(std::string_view utf8) {
  size_t count = 0;
  for (size_t offset = 0; offset < utf8.size(); ++count) NextCodePoint(utf8, offset);
  return count;
}

std::vector<char32_t> ToCodePoints(std::string_view utf8) {
  std::vector<char32_t> points;
  points.reserve(utf8.size());
  for (size_t offset = 0; offset < utf8.size();) {
    const UChar32 c = NextCodePoint(utf8, offset);
    points.push_back(c < 0 ? kReplacement : static_cast<char32_t>(c));
  }
  return points;
}

std::string FitColumns(std::string_view utf8, size_t columns) {
  std::string out;
  size_t used = 0;
  int marks = 0;
  size_t cut_size = 0;  // bytes of `out` that leave one column for the ellipsis
  for (size_t offset = 0; offset < utf8.size();) {
    UChar32 c = NextCodePoint(utf8, offset);
    if (c < 0) c = kReplacement;
    if (IsLayoutControl(c)) c = ' ';
    const size_t width = ColumnsOf(c);
    marks = width == 0 ? marks + 1 : 0;
    if (marks > kMaxMarks) continue;
    if (used + width > columns) {
      out.resize(cut_size);
      if (columns > 0) out += kEllipsis;
      return out;
    }
    used += width;
    AppendUtf8(c, out);
    if (used + 1 <= columns) cut_size = out.size();
  }
  return out;
}

size_t CountColumns(std::string_view utf8) {
  size_t columns = 0;
  for (size_t offset = 0; offset < utf8.size();) {
    const UChar32 c = NextCodePoint(utf8, offset);
    columns += ColumnsOf(c < 0 ? kReplacement : c);
  }
  return columns;
}

std::string PadColumns(std::string_view utf8, size_t columns) {
  std::string padded = FitColumns(utf8, columns);
  const size_t used = CountColumns(padded);
  padded.append(used < columns ? columns - used : 0, ' ');
  return padded;
}

std::string NormalizeForMatch(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  bool gap = false;
  const auto keep = [&](UChar32 c, bool kept) {
    if (!kept) {
      gap = true;
      return;
    }
    if (gap && !out.empty()) out.push_back(' ');
    gap = false;
    AppendUtf8(c, out);
  };
  if (IsAscii(utf8)) {
    for (const char c : utf8) {
      const bool upper = c >= 'A' && c <= 'Z';
      const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
      keep(upper ? c - 'A' + 'a' : c, kept);
    }
    return out;
  }
  const std::string valid = ReplaceInvalidUtf8(utf8);
  const std::string folded = FoldCompatibly(valid);
  for (size_t offset = 0; offset < folded.size();) {
    const UChar32 c = NextCodePoint(folded, offset);
    keep(c, CountsForMatch(c));
  }
  return out;
}

}  // namespace mores::text
