// RFC 8259 into Json, by descent: one pass over the text. Written here because the library's parser
// refuses numbers beyond a double and halves of surrogate pairs wherever they stand, and tells of
// no key that comes twice.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/keyed_hash.h"

namespace mores {
namespace {

// Ordered objects look their keys up one after the other: here larger ones have an index, and the
// bound keeps hostile ones affordable for who asks them for members.
constexpr size_t kMaxKeys = size_t{1} << 16, kIndexedFrom = 16;

using KeyPlaces = std::unordered_map<std::string, size_t, KeyedTextHash>;

// The place of the member of this key, which is appended where there is none; whether it was.
std::pair<size_t, bool> PlaceOfKey(Json::object_t& members, KeyPlaces& places, std::string key) {
  const size_t end = members.size();
  if (end < kIndexedFrom) {
    const auto [member, fresh] = members.emplace(std::move(key), Json());
    return {static_cast<size_t>(member - members.begin()), fresh};
  }
  if (places.empty()) {
    for (size_t i = 0; i < end; ++i) places.emplace((members.begin() + i)->first, i);
  }
  const auto [known, fresh] = places.emplace(key, end);
  if (fresh) members.emplace_back(std::move(key), Json());
  return {known->second, fresh};
}

bool IsJsonSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsJsonDigit(char c) { return c >= '0' && c <= '9'; }
bool IsHighSurrogate(uint32_t point) { return point >= 0xD800 && point <= 0xDBFF; }
bool IsLowSurrogate(uint32_t point) { return point >= 0xDC00 && point <= 0xDFFF; }

void AppendUtf8Bytes(uint32_t point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Bytes of the character that begins with a byte above 0x7F; 0 where it is no valid UTF-8.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = byte(0), second = byte(1);
  const size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                        : first >= 0xE0 && first <= 0xEF ? 3
                        : first >= 0xF0 && first <= 0xF4 ? 4
                                                         : 0;
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (length == 0 || second < least || second > most) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

class JsonParser {
 public:
  JsonParser(std::string_view text, std::string_view where, const JsonOptions& options)
      : text_(text), where_(where), options_(options) {}

  Expected<Json> Parse() {
    if (const size_t nul = text_.find('\0'); nul != std::string_view::npos) {
      return MakeError(ErrorKind::kInput, "{}: NUL byte at byte {}", where_, nul + 1);
    }
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    Json value;
    if (!Value(value)) return MakeError(ErrorKind::kInput, "{}: {}", where_, problem_);
    SkipSpace();
    if (at_ < text_.size()) {
      Wrong("expected end of input");
      return MakeError(ErrorKind::kInput, "{}: {}", where_, problem_);
    }
    return value;
  }

 private:
  // A step on the way to the value that is read: a key, or a place in an array.
  struct Step {
    const std::string* key = nullptr;
    size_t index = 0;
  };

  // False, with `problem_` saying where and why.
  bool Wrong(std::string_view what) {
    const std::string_view before = text_.substr(0, at_);
    const size_t line_start = before.rfind('\n') + 1;  // 0 where there is none
    const size_t column = at_ - line_start + 1;
    const std::string_view shown = at_ < text_.size() ? what : "unexpected end of input";
    if (text_.find('\n') == std::string_view::npos) {
      problem_ = fmt::format("invalid JSON: column {}: {}", column, shown);
    } else {
      problem_ = fmt::format("invalid JSON: line {}, column {}: {}",
                             std::count(before.begin(), before.end(), '\n') + 1, column, shown);
    }
    return false;
  }

  bool Bound(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsJsonSpace(text_[at_])) ++at_;
  }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool Value(Json& value) {
    SkipSpace();
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    switch (c) {
      case '{':
      case '[':
        if (path_.size() == options_.max_depth) {
          return Bound(fmt::format("nested deeper than {} levels", options_.max_depth));
        }
        ++at_;
        return c == '{' ? Object(value) : Array(value);
      case '"':
        ++at_;
        value = std::string();
        return String(value.get_ref<std::string&>(), options_.lone_surrogates);
      case 't':
        value = true;
        return Word("true");
      case 'f':
        value = false;
        return Word("false");
      case 'n':
        value = nullptr;
        return Word("null");
      default:
        return c == '-' || IsJsonDigit(c) ? Number(value) : Wrong("expected a value");
    }
  }

  bool Word(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return Wrong("expected a value");
    at_ += word.size();
    return true;
  }

  bool Array(Json& value) {
    value = Json::array();
    auto& items = value.get_ref<Json::array_t&>();
    path_.push_back({});
    SkipSpace();
    if (!Take(']')) {
      for (;;) {
        path_.back().index = items.size();
        items.emplace_back();
        if (!Value(items.back())) return false;
        SkipSpace();
        if (Take(']')) break;
        if (!Take(',')) return Wrong("expected ',' or ']'");
      }
    }
    path_.pop_back();
    return true;
  }

  bool Object(Json& value) {
    value = Json::object();
    auto& members = value.get_ref<Json::object_t&>();
    const bool once = IsOnce();
    KeyPlaces places;
    path_.push_back({});
    SkipSpace();
    for (size_t keys = 0; !Take('}');) {
      if (keys > 0) {
        if (!Take(',')) return Wrong("expected ',' or '}'");
        SkipSpace();
      }
      if (++keys > kMaxKeys) {
        return Bound(fmt::format("an object with more than {} keys", kMaxKeys));
      }
      if (!Take('"')) return Wrong(keys == 1 ? "expected a key or '}'" : "expected a key");
      const size_t key_at = at_;
      std::string key;
      if (!String(key, KeySurrogates())) return false;
      SkipSpace();
      if (!Take(':')) return Wrong("expected ':'");
      const auto [place, fresh] = PlaceOfKey(members, places, std::move(key));
      const auto member = members.begin() + static_cast<Json::object_t::difference_type>(place);
      path_.back().key = &member->first;
      if (!fresh && once) {
        at_ = key_at;
        return Bound(fmt::format("field '{}': given twice", Path()));
      }
      if (!Value(member->second)) return false;
      SkipSpace();
    }
    path_.pop_back();
    return true;
  }

  // Whether the object that begins here may have a key only once.
  bool IsOnce() const {
    if (!options_.once) return false;
    // An array of records may stand around them.
    const size_t outer = !path_.empty() && path_[0].key == nullptr ? 1 : 0;
    if (path_.size() <= outer) return true;
    const std::string* top = path_[outer].key;
    return top != nullptr && std::find(options_.once_in.begin(), options_.once_in.end(), *top) !=
                                 options_.once_in.end();
  }

  // "messages[2].role"; of a hostile key only the beginning.
  std::string Path() const {
    constexpr size_t kShown = 60;
    std::string path;
    for (const Step& step : path_) {
      if (step.key == nullptr) {
        path += fmt::format("[{}]", step.index);
      } else {
        if (!path.empty()) path += '.';
        const std::string quoted = DumpJson(Json(step.key->substr(0, kShown)));
        path += quoted.substr(1, quoted.size() - 2);
      }
    }
    return path;
  }

  // Keys are names, which nobody judges.
  JsonOptions::LoneSurrogates KeySurrogates() const {
    using enum JsonOptions::LoneSurrogates;
    return options_.lone_surrogates == kRefused ? kRefused : kReplaced;
  }

  // What follows the opening quote.
  bool String(std::string& out, JsonOptions::LoneSurrogates lone) {
    for (;;) {
      const size_t begin = at_;
      while (at_ < text_.size()) {
        const auto c = static_cast<unsigned char>(text_[at_]);
        if (c == '"' || c == '\\' || c < 0x20) break;
        if (c < 0x80) {
          ++at_;
          continue;
        }
        const size_t length = Utf8Length(text_.substr(at_));
        if (length == 0) {
          out.clear();
          problem_ = fmt::format("invalid JSON: byte {}: ill-formed UTF-8", at_ + 1);
          return false;
        }
        at_ += length;
      }
      out.append(text_, begin, at_ - begin);
      if (Take('"')) return true;
      if (!Take('\\')) return Wrong("a control character in a string must be escaped");
      if (!Escape(out, lone)) return false;
    }
  }

  bool Escape(std::string& out, JsonOptions::LoneSurrogates lone) {
    constexpr std::string_view kEscapes = "\"\\/bfnrt";
    constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (const size_t known = kEscapes.find(c); c != '\0' && known != std::string_view::npos) {
      ++at_;
      out += kMeant[known];
      return true;
    }
    if (c != 'u') return Wrong("no such escape in a string");
    ++at_;
    uint32_t point = 0;
    if (!Hex(point)) return Wrong("expected four hexadecimal digits");
    if (IsHighSurrogate(point) && text_.substr(at_).starts_with("\\u")) {
      const size_t second = at_;
      at_ += 2;
      uint32_t low = 0;
      if (!Hex(low)) return Wrong("expected four hexadecimal digits");
      if (IsLowSurrogate(low)) {
        point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = second;
      }
    }
    if (IsHighSurrogate(point) || IsLowSurrogate(point)) {
      if (lone == JsonOptions::LoneSurrogates::kRefused) {
        return Wrong("half of a surrogate pair in a string");
      }
      if (lone == JsonOptions::LoneSurrogates::kReplaced) point = 0xFFFD;
    }
    AppendUtf8Bytes(point, out);
    return true;
  }

  bool Hex(uint32_t& point) {
    if (text_.size() - at_ < 4) return false;
    const auto [end, error] =
        std::from_chars(text_.data() + at_, text_.data() + at_ + 4, point, 16);
    if (error != std::errc() || end != text_.data() + at_ + 4) return false;
    at_ += 4;
    return true;
  }

  size_t Digits() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsJsonDigit(text_[at_])) ++at_;
    return at_ - begin;
  }

  bool Number(Json& value) {
    const size_t begin = at_;
    const bool negative = Take('-');
    bool whole = true;
    if (!Take('0') && Digits() == 0) return Wrong("expected a digit");
    if (Take('.')) {
      whole = false;
      if (Digits() == 0) return Wrong("expected a digit");
    }
    if (Take('e') || Take('E')) {
      whole = false;
      if (!Take('+')) Take('-');
      if (Digits() == 0) return Wrong("expected a digit");
    }
    const std::string_view text = text_.substr(begin, at_ - begin);
    const bool as_written = options_.numbers == JsonOptions::Numbers::kAsWritten;
    if (whole && Integer(text, negative, value)) {
      if (as_written && text == "-0") value = WrittenNumber(text);
      return true;
    }
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    // Of numbers too large and too small this says the same.
    if (read.ec != std::errc()) number = std::strtod(std::string(text).c_str(), nullptr);
    if (!std::isfinite(number) && !as_written) {
      return Bound("invalid JSON: a number is out of range");
    }
    value = number;
    if (as_written && (!std::isfinite(number) || value.dump() != text)) {
      value = WrittenNumber(text);
    }
    return true;
  }

  static bool Integer(std::string_view text, bool negative, Json& value) {
    const char* const end = text.data() + text.size();
    if (negative) {
      int64_t number = 0;
      if (std::from_chars(text.data(), end, number).ec != std::errc()) return false;
      value = number;
    } else {
      uint64_t number = 0;
      if (std::from_chars(text.data(), end, number).ec != std::errc()) return false;
      value = number;
    }
    return true;
  }

  const std::string_view text_;
  const std::string_view where_;
  const JsonOptions& options_;
  size_t at_ = 0;
  std::vector<Step> path_;
  std::string problem_;
};

}  // namespace

Expected<Json> ParseJson(std::string_view text, std::string_view where,
                         const JsonOptions& options) {
  return JsonParser(text, where, options).Parse();
}

}  // namespace mores
