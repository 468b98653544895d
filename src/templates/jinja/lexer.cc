#include "templates/jinja/lexer.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "templates/jinja/string.h"
#include "templates/jinja/text.h"

namespace mores::templates::jinja {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// Line ends become "\n", and one at the very end goes.
std::string NormalizeLines(std::string_view source) {
  std::string lines;
  lines.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      lines += source[i];
      continue;
    }
    lines += '\n';
    if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
  }
  if (lines.ends_with('\n')) lines.pop_back();
  return lines;
}

size_t SkipSpace(std::string_view text, size_t at) {
  return at + Strip(text.substr(at), std::nullopt, Side::kLeft).begin;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(NormalizeLines(source)) {}

  Expected<std::vector<Token>> Run() {
    while (at_ < source_.size()) MORES_RETURN_IF_ERROR(LexText());
    Push(Token::Kind::kEnd);
    return std::move(tokens_);
  }

 private:
  template <class... Args>
  tl::unexpected<Error> Fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
    return MakeError(kind, "line {}: {}", line_, fmt::format(format, std::forward<Args>(args)...));
  }

  bool LooksAt(std::string_view wanted) const {
    return std::string_view(source_).substr(at_).starts_with(wanted);
  }

  void MoveTo(size_t at) {
    line_ += static_cast<int>(std::count(source_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         source_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    line_starting_ = at > at_ ? source_[at - 1] == '\n' : line_starting_;
    at_ = at;
  }

  Token& Push(Token::Kind kind, std::string text = "") {
    tokens_.push_back({.kind = kind, .line = line_, .text = std::move(text)});
    return tokens_.back();
  }

  // Text up to a tag or comment, and that tag.
  Status LexText() {
    size_t tag = source_.find('{', at_);
    while (tag != std::string::npos &&
           (tag + 1 == source_.size() ||
            std::string_view("{%#").find(source_[tag + 1]) == std::string_view::npos)) {
      tag = source_.find('{', tag + 1);
    }
    if (tag == std::string::npos) {
      Push(Token::Kind::kData, source_.substr(at_));
      MoveTo(source_.size());
      return {};
    }
    const char type = source_[tag + 1];
    const char sign = Sign(tag + 2);
    PushData(tag, sign, type != '{');
    const size_t begin = tag;
    MoveTo(tag + 2 + (sign != '\0' ? 1 : 0));
    if (type == '#') return SkipComment();
    if (type == '{') {
      Push(Token::Kind::kVariableBegin);
      return LexExpression(Token::Kind::kVariableEnd);
    }
    if (const std::optional<size_t> body = RawBody(begin)) return LexRaw(*body);
    Push(Token::Kind::kBlockBegin);
    return LexExpression(Token::Kind::kBlockEnd);
  }

  char Sign(size_t at) const {
    return at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at] : '\0';
  }

  // The text from here to `end`, at which a tag begins that may take white space away.
  void PushData(size_t end, char sign, bool strips_line) {
    std::string_view text = std::string_view(source_).substr(at_, end - at_);
    if (sign == '-') {
      text = text.substr(0, Strip(text, std::nullopt, Side::kRight).end);
    } else if (sign != '+' && strips_line) {
      const size_t line_end = text.rfind('\n');
      const size_t line = line_end == std::string_view::npos ? 0 : line_end + 1;
      if ((line > 0 || line_starting_) && SkipSpace(text, line) == text.size()) {
        text = text.substr(0, line);
      }
    }
    if (!text.empty()) Push(Token::Kind::kData, std::string(text));
  }

  // Moves behind the end of a tag, `%}` or the like with its sign, if it stands here.
  bool TakeEnd(std::string_view end, bool takes_plus, bool takes_line) {
    const char sign = Sign(at_);
    const size_t begin = at_ + (sign != '\0' ? 1 : 0);
    if (source_.compare(begin, end.size(), end) != 0) return false;
    if (sign == '+' && !takes_plus) return false;
    size_t next = begin + end.size();
    if (sign == '-') {
      next = SkipSpace(source_, next);
    } else if (sign == '\0' && takes_line && next < source_.size() && source_[next] == '\n') {
      ++next;
    }
    MoveTo(next);
    return true;
  }

  Status SkipComment() {
    const size_t hash = source_.find("#}", at_);
    if (hash == std::string::npos) return Fail(ErrorKind::kCorrupt, "a comment has no end");
    size_t end = hash;
    if (end > at_ && Sign(end - 1) != '\0') --end;
    MoveTo(end);
    TakeEnd("#}", /*takes_plus=*/true, /*takes_line=*/true);
    return {};
  }

  // Where the text of {% raw %} begins, if that tag begins at `tag`.
  std::optional<size_t> RawBody(size_t tag) const {
    constexpr std::string_view kRaw = "raw";
    size_t at = SkipSpace(source_, tag + 2 + (Sign(tag + 2) != '\0' ? 1 : 0));
    if (source_.compare(at, kRaw.size(), kRaw) != 0) return std::nullopt;
    at = SkipSpace(source_, at + kRaw.size());
    if (source_.compare(at, 2, "%}") == 0) return at + 2;
    if (source_.compare(at, 3, "-%}") == 0) return SkipSpace(source_, at + 3);
    return std::nullopt;
  }

  Status LexRaw(size_t body) {
    constexpr std::string_view kEndRaw = "endraw";
    MoveTo(body);
    for (size_t tag = source_.find("{%", at_); tag != std::string::npos;
         tag = source_.find("{%", tag + 1)) {
      const char sign = Sign(tag + 2);
      const size_t name = SkipSpace(source_, tag + 2 + (sign != '\0' ? 1 : 0));
      if (source_.compare(name, kEndRaw.size(), kEndRaw) != 0) continue;
      const size_t end = SkipSpace(source_, name + kEndRaw.size());
      const size_t percent = end + (Sign(end) != '\0' ? 1 : 0);
      if (source_.compare(percent, 2, "%}") != 0) continue;
      PushData(tag, sign, /*strips_line=*/true);
      MoveTo(end);
      TakeEnd("%}", /*takes_plus=*/true, /*takes_line=*/true);
      return {};
    }
    return Fail(ErrorKind::kCorrupt, "{{% raw %}} has no end");
  }

  // Tokens of an expression or statement up to its end, which inside brackets are operators.
  Status LexExpression(Token::Kind end) {
    const bool block = end == Token::Kind::kBlockEnd;
    std::string open;
    while (true) {
      MoveTo(SkipSpace(source_, at_));
      if (at_ == source_.size()) return {};  // the parser names what is missing
      if (open.empty()) {
        const int line = line_;
        if (TakeEnd(block ? "%}" : "}}", block, block)) {
          Push(end).line = line;
          return {};
        }
      }
      const char c = source_[at_];
      if (IsDigit(c)) {
        MORES_RETURN_IF_ERROR(LexNumber());
      } else if (IsNameCharacter(c)) {
        size_t next = at_;
        while (next < source_.size() && IsNameCharacter(source_[next])) ++next;
        Push(Token::Kind::kName, source_.substr(at_, next - at_));
        MoveTo(next);
      } else if (c == '"' || c == '\'') {
        MORES_RETURN_IF_ERROR(LexString(c));
      } else {
        MORES_RETURN_IF_ERROR(LexOperator(open));
      }
    }
  }

  Status LexOperator(std::string& open) {
    constexpr std::string_view kOperators[] = {"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                               "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                               ">",  "<",  "=",  ".",  ":",  "|",  ",", ";"};
    const auto* found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                     [&](std::string_view name) { return LooksAt(name); });
    if (found == std::end(kOperators)) {
      size_t next = at_;
      const auto code = static_cast<uint32_t>(NextCodePoint(source_, next));
      return Fail(code < 0x80 ? ErrorKind::kCorrupt : ErrorKind::kUnsupported,
                  "unexpected character U+{:04X} in a tag", code);
    }
    constexpr std::string_view kOpening = "([{", kClosing = ")]}";
    const char c = found->front();
    if (kOpening.find(c) != std::string_view::npos) {
      open.push_back(c);
    } else if (const size_t kind = kClosing.find(c); kind != std::string_view::npos) {
      if (open.empty() || open.back() != kOpening[kind]) {
        return Fail(ErrorKind::kCorrupt, "unexpected '{}'", c);
      }
      open.pop_back();
    }
    Push(Token::Kind::kOperator, std::string(*found));
    MoveTo(at_ + found->size());
    return {};
  }

  Status LexString(char quote) {
    size_t end = at_ + 1;
    while (end < source_.size() && source_[end] != quote) end += source_[end] == '\\' ? 2 : 1;
    if (end >= source_.size()) return Fail(ErrorKind::kCorrupt, "a string has no end");
    auto value = ReadPythonEscapes(std::string_view(source_).substr(at_ + 1, end - at_ - 1));
    if (!value) return Fail(value.error().kind, "{}", value.error().message);
    Push(Token::Kind::kString, std::move(*value));
    MoveTo(end + 1);
    return {};
  }

  // Digits with single underscores between them, without those.
  std::string TakeDigits(size_t& at) const {
    std::string digits;
    while (at < source_.size()) {
      const bool joins = source_[at] == '_' && !digits.empty() && at + 1 < source_.size() &&
                         IsDigit(source_[at + 1]);
      if (joins) ++at;
      if (!IsDigit(source_[at])) break;
      digits += source_[at++];
    }
    return digits;
  }

  Status LexNumber() {
    size_t at = at_;
    std::string digits = TakeDigits(at);
    const auto digit_at = [&](size_t i) { return i < source_.size() && IsDigit(source_[i]); };
    bool is_float = false;
    // A digit behind a point is an index, as in `turns.0.1`.
    const bool may_be_float = at_ == 0 || source_[at_ - 1] != '.';
    if (may_be_float && at < source_.size() && source_[at] == '.' && digit_at(at + 1)) {
      is_float = true;
      digits += '.' + TakeDigits(++at);
    }
    if (may_be_float && at < source_.size() && (source_[at] == 'e' || source_[at] == 'E')) {
      size_t exponent = at + 1;
      const char sign = Sign(exponent);
      if (sign != '\0') ++exponent;
      if (digit_at(exponent)) {
        is_float = true;
        digits += 'e';
        if (sign == '-') digits += sign;
        digits += TakeDigits(exponent);
        at = exponent;
      }
    }
    if (at < source_.size() && IsNameCharacter(source_[at])) {
      return Fail(ErrorKind::kUnsupported, "a number of this form is not supported");
    }
    const char* end = digits.data() + digits.size();
    if (is_float) {
      Token& token = Push(Token::Kind::kFloat);
      if (std::from_chars(digits.data(), end, token.number).ec != std::errc()) {
        return Fail(ErrorKind::kUnsupported, "a number is out of range");
      }
    } else {
      if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of('0') != digits.npos) {
        return Fail(ErrorKind::kCorrupt, "a number begins with 0");
      }
      Token& token = Push(Token::Kind::kInteger);
      if (std::from_chars(digits.data(), end, token.integer).ec != std::errc()) {
        return Fail(ErrorKind::kUnsupported, "an integer of more than 64 bits");
      }
    }
    MoveTo(at);
    return {};
  }

  const std::string source_;
  size_t at_ = 0;
  int line_ = 1;
  bool line_starting_ = true;  // nothing stands before `at_` on its line, as far as Jinja2 looks
  std::vector<Token> tokens_;
};

}  // namespace

Expected<std::vector<Token>> Tokenize(std::string_view source) { return Lexer(source).Run(); }

}  // namespace mores::templates::jinja
