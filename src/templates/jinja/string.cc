#include "templates/jinja/string.h"

#include <charconv>

#include "templates/jinja/text.h"

namespace mores::templates::jinja {
namespace {

// How many hexadecimal digits follow this letter, 0 if it begins no such escape.
size_t HexDigits(char letter) {
  return letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
}

Status AppendCode(uint32_t code, std::string& out) {
  if (code > 0x10FFFF) return MakeError(ErrorKind::kCorrupt, "a string escapes no character");
  if (code >= 0xD800 && code < 0xE000) {
    return MakeError(ErrorKind::kUnsupported, "a surrogate in a string is not supported");
  }
  AppendCodePoint(code, out);
  return {};
}

}  // namespace

Expected<std::string> ReadPythonEscapes(std::string_view literal) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv", kMeanings = "\\'\"\a\b\f\n\r\t\v";
  std::string out;
  for (size_t at = 0; at < literal.size();) {
    if (literal[at] != '\\' || at + 1 == literal.size()) {
      out += literal[at++];
      continue;
    }
    const char letter = literal[at + 1];
    at += 2;
    if (letter == '\n') continue;  // joins lines
    if (const size_t known = kLetters.find(letter); known != std::string_view::npos) {
      out += kMeanings[known];
    } else if (const size_t digits = HexDigits(letter); digits > 0) {
      const std::string_view hex = literal.substr(at, digits);
      uint32_t code = 0;
      const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
      if (hex.size() < digits || read.ptr != hex.data() + digits) {
        return MakeError(ErrorKind::kCorrupt, "a string has a broken \\{} escape", letter);
      }
      MORES_RETURN_IF_ERROR(AppendCode(code, out));
      at += digits;
    } else if (letter >= '0' && letter <= '7') {
      uint32_t code = 0;
      const size_t end = std::min(at + 2, literal.size());
      for (--at; at < end && literal[at] >= '0' && literal[at] <= '7'; ++at) {
        code = code * 8 + static_cast<uint32_t>(literal[at] - '0');
      }
      MORES_RETURN_IF_ERROR(AppendCode(code, out));
    } else if (letter == 'N') {
      return MakeError(ErrorKind::kUnsupported, "\\N in a string is not supported");
    } else {
      out += '\\';
      out += letter;
    }
  }
  return out;
}

}  // namespace mores::templates::jinja
