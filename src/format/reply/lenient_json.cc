#include "format/reply/lenient_json.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "base/strings.h"

namespace mores::format {
namespace {

constexpr int kMaxLenientDepth = 64;

using Marks = std::span<const std::string_view>;

constexpr std::string_view kOtherSpace[] = {"\u00A0", "\u3000", "\uFEFF"};
constexpr std::string_view kCommas[] = {",", "，"};
constexpr std::string_view kColons[] = {":", "："};
// What a text in such quotes ends with, besides what it began with.
constexpr std::string_view kDoubleQuotes[] = {"“", "”", "„", "＂", "\""};
constexpr std::string_view kSingleQuotes[] = {"'", "‘", "’", "`"};

std::string_view OneOf(std::string_view text, Marks marks) {
  for (const std::string_view mark : marks) {
    if (text.starts_with(mark)) return mark;
  }
  return {};
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || static_cast<unsigned char>(c) >= 0x80;
}

// Without the space around it and the case of its letters.
std::string Folded(const std::string& text) {
  std::string folded(Trim(text, kTextSpace));
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return folded;
}

// Whether two values that stand under one name say the same.
bool SayTheSame(const Json& a, const Json& b) {
  if (!a.is_string() || !b.is_string()) return a == b;
  return Folded(a.get_ref<const std::string&>()) == Folded(b.get_ref<const std::string&>());
}

// Whether an object of the JSON `text` has two different values under one name.
class NamesTwice {
 public:
  static bool In(const std::string& text) {
    NamesTwice names;
    const auto look = [&](int, Json::parse_event_t event, Json& parsed) {
      names.Look(event, parsed);
      return true;
    };
    const Json parsed = Json::parse(text, look, /*allow_exceptions=*/false);
    return names.twice_ || parsed.is_discarded();
  }

 private:
  struct Level {
    bool is_object = false;
    std::string name;
    std::map<std::string, Json> seen;
  };

  void Look(Json::parse_event_t event, const Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        levels_.push_back({.is_object = event == Json::parse_event_t::object_start});
        return;
      case Json::parse_event_t::key:
        levels_.back().name = Folded(parsed.get_ref<const std::string&>());
        return;
      case Json::parse_event_t::object_end:
      case Json::parse_event_t::array_end:
        levels_.pop_back();
        break;
      case Json::parse_event_t::value:
        break;
    }
    if (levels_.empty() || !levels_.back().is_object) return;
    const auto [before, is_new] = levels_.back().seen.try_emplace(levels_.back().name, parsed);
    if (!is_new) twice_ |= !SayTheSame(before->second, parsed);
  }

  std::vector<Level> levels_;
  bool twice_ = false;
};

// Writes what stands in a text as JSON, piece by piece.
class LenientReader {
 public:
  LenientReader(std::string_view text, size_t begin, TornObject torn)
      : text_(text), at_(begin), may_be_torn_(torn == TornObject::kRead) {}

  std::optional<LenientJson> Read() {
    if (!Value(0)) return std::nullopt;
    Expected<Json> value = ParseJson(out_, "the reply");
    if (!value) return std::nullopt;
    result_.value = std::move(*value);
    result_.end = at_;
    result_.conflicting = NamesTwice::In(out_);
    return std::move(result_);
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  std::string_view Rest() const { return text_.substr(at_); }

  bool Take(Marks marks) {
    const std::string_view mark = OneOf(Rest(), marks);
    if (mark.empty()) return false;
    result_.repaired |= mark != marks.front();
    at_ += mark.size();
    return true;
  }

  // Space and comments.
  void SkipSpace() {
    while (!AtEnd()) {
      if (kTextSpace.find(text_[at_]) != std::string_view::npos) {
        ++at_;
        continue;
      }
      size_t end = at_ + OneOf(Rest(), kOtherSpace).size();
      if (Rest().starts_with("//")) end = std::min(text_.find('\n', at_), text_.size());
      if (Rest().starts_with("/*")) {
        const size_t close = text_.find("*/", at_ + 2);
        end = close == std::string_view::npos ? text_.size() : close + 2;
      }
      if (end == at_) return;
      result_.repaired = true;
      at_ = end;
    }
  }

  bool Value(int depth) {
    SkipSpace();
    if (AtEnd() || depth >= kMaxLenientDepth) return false;
    if (text_[at_] == '{') return Object(depth);
    if (text_[at_] == '[') return List(depth);
    if (IsQuote(Rest())) return Text();
    return Word();
  }

  static bool IsQuote(std::string_view text) {
    return !OneOf(text, kDoubleQuotes).empty() || !OneOf(text, kSingleQuotes).empty();
  }

  // Whether what follows ends a member or names its value: a quote before it ends a text.
  bool EndsThere(size_t after) {
    const size_t begin = std::min(text_.find_first_not_of(kTextSpace, after), text_.size());
    const std::string_view rest = text_.substr(begin);
    return rest.empty() || rest[0] == '}' || rest[0] == ']' || !OneOf(rest, kCommas).empty() ||
           !OneOf(rest, kColons).empty();
  }

  // Bytes of the quote that ends a text here; 0: none does.
  size_t ClosingQuote(std::string_view open) {
    if (open == "\"") return text_[at_] == '"' ? 1 : 0;
    const bool is_double = !OneOf(open, kDoubleQuotes).empty();
    const std::string_view mark =
        is_double ? OneOf(Rest(), kDoubleQuotes) : OneOf(Rest(), kSingleQuotes);
    return !mark.empty() && EndsThere(at_ + mark.size()) ? mark.size() : 0;
  }

  bool Text() {
    const std::string_view rest = Rest();
    std::string_view open = OneOf(rest, kDoubleQuotes);
    if (open.empty()) open = OneOf(rest, kSingleQuotes);
    result_.repaired |= open != "\"";
    at_ += open.size();
    text_begin_ = at_;
    out_ += '"';
    while (!AtEnd()) {
      if (const size_t quote = ClosingQuote(open); quote > 0) {
        text_end_ = at_;
        at_ += quote;
        out_ += '"';
        return true;
      }
      if (text_[at_] == '\\') {
        Escape();
      } else {
        Literal(text_[at_++]);
      }
    }
    if (!may_be_torn_) return false;
    text_end_ = at_;
    out_ += '"';
    torn_text_ = result_.torn = true;
    return true;
  }

  void Literal(char c) {
    if (c == '"') {
      out_ += "\\\"";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      result_.repaired = true;
      out_ += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out_ += c;
    }
  }

  // The code unit of an escape "\uXXXX" at `at`; -1: none stands there.
  int CodeUnit(size_t at) const {
    if (text_.substr(at, 2) != "\\u" || text_.size() < at + 6) return -1;
    int unit = 0;
    for (size_t i = at + 2; i < at + 6; ++i) {
      const int digit = HexDigit(text_[i]);
      if (digit < 0) return -1;
      unit = unit * 16 + digit;
    }
    return unit;
  }

  void Escape() {
    constexpr std::string_view kKnown = "\"\\/bfnrt";
    if (at_ + 1 == text_.size()) {  // torn
      ++at_;
      return;
    }
    const char c = text_[at_ + 1];
    if (kKnown.find(c) != std::string_view::npos) {
      out_.append(text_.substr(at_, 2));
      at_ += 2;
      return;
    }
    if (c == 'u' && EscapedUnit()) return;
    result_.repaired = true;
    ++at_;
    if (c == '\'') {
      out_ += '\'';
      ++at_;
    } else if (c == 'u' && text_.size() - at_ < 5) {  // torn
      at_ = text_.size();
    } else {
      out_ += "\\\\";
    }
  }

  bool EscapedUnit() {
    const int unit = CodeUnit(at_);
    if (unit < 0) return false;
    const bool high = unit >= 0xD800 && unit < 0xDC00, low = unit >= 0xDC00 && unit < 0xE000;
    const int next = high ? CodeUnit(at_ + 6) : -1;
    const bool pair = next >= 0xDC00 && next < 0xE000;
    if (low || (high && !pair)) {
      result_.repaired = true;
      out_ += "\\ufffd";
    } else {
      out_.append(text_.substr(at_, pair ? 12 : 6));
    }
    at_ += pair ? 12 : 6;
    return true;
  }

  // A number, a word that JSON has or Python has, or a text without quotes that is one word.
  bool Word() {
    const size_t begin = at_;
    while (!AtEnd() && (IsNameByte(text_[at_]) || text_[at_] == '+' || text_[at_] == '.') &&
           OneOf(Rest(), kCommas).empty() && OneOf(Rest(), kColons).empty()) {
      ++at_;
    }
    const std::string_view word = text_.substr(begin, at_ - begin);
    text_begin_ = begin, text_end_ = at_;
    if (word.empty()) return false;
    if (AtEnd() && may_be_torn_) {  // its end may be missing
      torn_word_ = result_.torn = true;
      out_ += "null";
      return true;
    }
    if (word[0] == '-' || (word[0] >= '0' && word[0] <= '9') || word == "true" || word == "false" ||
        word == "null") {
      out_ += word;
      return true;
    }
    result_.repaired = true;
    if (word == "True" || word == "TRUE") {
      out_ += "true";
    } else if (word == "False" || word == "FALSE") {
      out_ += "false";
    } else if (word == "None" || word == "NULL" || word == "NaN" || word == "undefined") {
      out_ += "null";
    } else if (EndsThere(at_) && word.find('.') == std::string_view::npos) {
      out_ += fmt::format("\"{}\"", word);
    } else {
      return false;
    }
    return true;
  }

  bool Name() {
    if (IsQuote(Rest())) return Text();
    const size_t begin = at_;
    while (!AtEnd() && IsNameByte(text_[at_]) && OneOf(Rest(), kColons).empty()) ++at_;
    if (at_ == begin) return false;
    result_.repaired = true;
    text_begin_ = begin, text_end_ = at_;
    out_ += fmt::format("\"{}\"", text_.substr(begin, at_ - begin));
    return true;
  }

  bool Object(int depth) {
    const bool outermost = objects_++ == 0;
    const bool closed = Members(depth, outermost);
    --objects_;
    return closed;
  }

  // Drops a member that was broken off, and ends the object.
  bool EndTorn(size_t kept) {
    if (!may_be_torn_) return false;
    result_.torn = true;
    out_.resize(kept);
    out_ += '}';
    return true;
  }

  bool Members(int depth, bool outermost) {
    ++at_;
    out_ += '{';
    for (bool first = true;; first = false) {
      const size_t kept = out_.size();
      SkipSpace();
      if (AtEnd()) return EndTorn(kept);
      if (text_[at_] == '}') {
        result_.repaired |= !first;  // behind a comma
        ++at_;
        out_ += '}';
        return true;
      }
      if (!first) out_ += ',';
      if (!Name()) return false;
      const std::string name(text_.substr(text_begin_, text_end_ - text_begin_));
      SkipSpace();
      if (AtEnd()) return EndTorn(kept);
      if (!Take(kColons)) return false;
      out_ += ':';
      SkipSpace();
      if (AtEnd()) return EndTorn(kept);
      const size_t begin = at_;
      const bool scalar = text_[at_] != '{' && text_[at_] != '[';
      if (!Value(depth + 1)) return false;
      if (torn_word_) return EndTorn(kept);
      if (outermost) {
        result_.members.push_back(scalar ? LenientMember{name, text_begin_, text_end_}
                                         : LenientMember{name, begin, at_});
        if (torn_text_) result_.torn_member = name;
      }
      SkipSpace();
      if (AtEnd()) return EndTorn(out_.size());
      if (text_[at_] == '}') {
        ++at_;
        out_ += '}';
        return true;
      }
      if (!Take(kCommas)) return false;
    }
  }

  bool List(int depth) {
    ++at_;
    out_ += '[';
    for (bool first = true;; first = false) {
      SkipSpace();
      if (AtEnd()) break;
      if (text_[at_] == ']') {
        result_.repaired |= !first;
        ++at_;
        out_ += ']';
        return true;
      }
      if (!first) out_ += ',';
      if (!Value(depth + 1)) return false;
      SkipSpace();
      if (AtEnd()) break;
      if (text_[at_] == ']') {
        ++at_;
        out_ += ']';
        return true;
      }
      if (!Take(kCommas)) return false;
    }
    if (!may_be_torn_) return false;
    result_.torn = true;
    if (out_.back() == ',') out_.pop_back();
    out_ += ']';
    return true;
  }

  std::string_view text_;
  size_t at_;
  bool may_be_torn_;
  std::string out_;
  size_t text_begin_ = 0, text_end_ = 0;  // of the last text, name or word
  bool torn_text_ = false, torn_word_ = false;
  int objects_ = 0;  // open ones
  LenientJson result_;
};

}  // namespace

std::optional<LenientJson> ReadLenientJson(std::string_view text, size_t begin, TornObject torn) {
  return LenientReader(text, begin, torn).Read();
}

}  // namespace mores::format
