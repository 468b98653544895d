#include "chat/endpoint/wire_json.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/ascii_lower.h"
#include "text/unicode.h"

namespace mores::chat {
namespace {

constexpr std::string_view kAnswer = "the answer";
constexpr std::string_view kReplacement = "\\uFFFD";

// The unit of a \uXXXX at the beginning of `text`; -1 where there is none.
int EscapedUnit(std::string_view text) {
  if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return -1;
  int unit = 0;
  for (const char c : text.substr(2, 4)) {
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (lower < 'a' || lower > 'f')) return -1;
    unit = unit * 16 + (digit ? c - '0' : lower - 'a' + 10);
  }
  return unit;
}

bool IsHigh(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool IsLow(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

class Mender {
 public:
  explicit Mender(std::string_view text) : rest_(text) {}

  std::string Mend(WireJson& found) {
    while (!rest_.empty()) {
      if (in_string_) {
        MendString(found);
      } else {
        MendOutside(found);
      }
    }
    return std::move(out_);
  }

 private:
  void Take(size_t count) {
    out_ += rest_.substr(0, count);
    rest_.remove_prefix(std::min(count, rest_.size()));
  }
  void Replace(size_t count, std::string_view with) {
    out_ += with;
    rest_.remove_prefix(count);
  }

  void MendString(WireJson& found) {
    const char c = rest_[0];
    if (c == '"') {
      in_string_ = false;
      return Take(1);
    }
    if (c == '\\') {
      const int unit = EscapedUnit(rest_);
      if (IsHigh(unit) && IsLow(EscapedUnit(rest_.substr(6)))) return Take(12);
      if (!IsHigh(unit) && !IsLow(unit)) return Take(2);
      found.surrogates = true;
      return Replace(6, kReplacement);
    }
    if (static_cast<unsigned char>(c) >= 0x20) return Take(1);
    found.bytes = true;
    Replace(1, fmt::format("\\u{:04X}", static_cast<unsigned char>(c)));
  }

  void MendOutside(WireJson& found) {
    if (rest_[0] == '"') {
      in_string_ = true;
      return Take(1);
    }
    constexpr std::string_view kOfNumbers =
        "+-.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const size_t length = std::min(rest_.find_first_not_of(kOfNumbers), rest_.size());
    if (length == 0) return Take(1);
    if (!IsOddNumber(rest_.substr(0, length))) return Take(length);
    found.numbers = true;
    Replace(length, "null");
  }

  static bool IsOddNumber(std::string_view word) {
    const std::string lower = AsciiLower(word);
    std::string_view name = lower;
    if (name.starts_with('-') || name.starts_with('+')) name.remove_prefix(1);
    for (const std::string_view odd : {"infinity", "inf", "nan"}) {
      if (name == odd) return true;
    }
    const bool number = !name.empty() && name[0] >= '0' && name[0] <= '9';
    return number && std::isinf(std::strtod(lower.c_str(), nullptr));
  }

  std::string_view rest_;
  std::string out_;
  bool in_string_ = false;
};

}  // namespace

Expected<WireJson> ParseWireJson(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  WireJson parsed;
  if (Expected<Json> strict = ParseJson(text, kAnswer)) {
    parsed.value = std::move(*strict);
    return parsed;
  }
  std::string valid;
  if (!text::IsValidUtf8(text)) {
    parsed.bytes = true;
    valid = text::ReplaceInvalidUtf8(text);
    text = valid;
  }
  const std::string mended = Mender(text).Mend(parsed);
  MORES_ASSIGN_OR_RETURN(parsed.value, ParseJson(mended, kAnswer));
  return parsed;
}

}  // namespace mores::chat
