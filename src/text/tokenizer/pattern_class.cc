#include "text/tokenizer/pattern_class.h"

#include <algorithm>
#include <array>
#include <vector>

#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

// White_Space: what \s holds; U+180E is not in it.
constexpr std::string_view kSpaceClass =
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
    "\\x{205f}\\x{3000}";
constexpr std::string_view kNotSpace =
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
    "\\x{3001}-\\x{10ffff}";
constexpr std::string_view kHex = "0-9A-Fa-f";
constexpr std::string_view kAny = "[\\x{0}-\\x{10ffff}]";

constexpr std::array<std::string_view, 36> kCategories = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd",
    "Nl", "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm",
    "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cn", "Co"};
constexpr std::array<std::string_view, 8> kScripts = {"Han",   "Hiragana", "Katakana", "Hangul",
                                                      "Latin", "Cyrillic", "Greek",    "Arabic"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

// From the backslash on.
Expected<ClassRewriter::Member> ClassRewriter::EscapeMember(Case letters) {
  if (at_ + 1 >= in_.size()) return Broken("a lone backslash");
  const char c = in_[at_ + 1];
  const auto done = [&](Member member) {
    at_ += 2;
    return member;
  };
  switch (c) {
    case 'n':
      return done(Character('\n'));
    case 'r':
      return done(Character('\r'));
    case 't':
      return done(Character('\t'));
    case 'f':
      return done(Character('\f'));
    case 'v':
      return done(Character('\v'));
    case 'a':
      return done(Character('\a'));
    case 'e':
      return done(Character(0x1B));
    case 's':
      return done(Set(kSpaceClass));
    case 'S':
      return done(Set(kNotSpace));
    case 'x':
    case 'u':
      return HexCharacter();
    default:
      break;
  }
  if (IsLetter(c)) {
    if (letters == Case::kFolded) return Refuse(fmt::format("\\{} under (?i)", c));
    switch (c) {
      case 'd':
        return done(Set("\\p{Nd}"));
      case 'D':
        return done(Set("\\P{Nd}"));
      case 'w':
        return done(Set(kWordClass));
      case 'W':
        return done({.content = std::string(kWordClass), .negated = true});
      case 'h':
        return done(Set(kHex));
      case 'H':
        return done({.content = std::string(kHex), .negated = true});
      case 'p':
      case 'P':
        return Property();
      default:
        return Refuse(fmt::format("\\{}", c));
    }
  }
  if (IsDigit(c) || static_cast<unsigned char>(c) >= 0x80 || static_cast<unsigned char>(c) < 32) {
    return Refuse("a backslash before a digit or a character that needs none");
  }
  return done(Character(static_cast<char32_t>(c)));
}

// \xHH, \x{H...}, \uHHHH.
Expected<ClassRewriter::Member> ClassRewriter::HexCharacter() {
  const bool braced = in_.substr(at_).starts_with("\\x{");
  const size_t most = in_[at_ + 1] == 'u' ? 4 : braced ? 8 : 2;
  size_t i = at_ + (braced ? 3 : 2);
  char32_t value = 0;
  size_t digits = 0;
  for (; i < in_.size() && digits < most; ++i, ++digits) {
    const char c = Lower(in_[i]);
    if (!IsDigit(c) && !(c >= 'a' && c <= 'f')) break;
    value = value * 16 + static_cast<char32_t>(IsDigit(c) ? c - '0' : c - 'a' + 10);
  }
  const bool closed = !braced || (i < in_.size() && in_[i] == '}');
  // Two digits name a byte of a longer character there, beyond ASCII.
  const bool is_byte = in_[at_ + 1] == 'x' && !braced && value >= 0x80;
  if (digits == 0 || !closed || (most == 4 && digits < 4)) return Broken("a hexadecimal escape");
  if (is_byte || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
    return Refuse("this hexadecimal escape");
  }
  at_ = braced ? i + 1 : i;
  return Character(value);
}

// \p{Name}, \P{Name}, \p{^Name}: categories and a few scripts.
Expected<ClassRewriter::Member> ClassRewriter::Property() {
  bool negated = in_[at_ + 1] == 'P';
  const size_t open = at_ + 2;
  const size_t close = in_.find('}', open);
  if (open >= in_.size() || in_[open] != '{' || close == std::string_view::npos) {
    return Broken("\\p without {a name}");
  }
  std::string_view name = in_.substr(open + 1, close - open - 1);
  if (name.starts_with('^')) {
    negated = !negated;
    name.remove_prefix(1);
  }
  std::string property;
  if (std::find(kCategories.begin(), kCategories.end(), name) != kCategories.end()) {
    property = name;
  } else if (std::find(kScripts.begin(), kScripts.end(), name) != kScripts.end()) {
    property = fmt::format("sc:{}", name);
  } else if (name == "Alphabetic" || name == "Alpha") {
    property = "Alphabetic";
  } else {
    return Refuse(fmt::format("the property '{}'", FitColumns(name, 40)));
  }
  at_ = close + 1;
  return Set(fmt::format("\\{}{{{}}}", negated ? 'P' : 'p', property));
}

// [:name:] inside of a class.
Expected<ClassRewriter::Member> ClassRewriter::Bracket() {
  struct Named {
    std::string_view name, content;
  };
  static constexpr std::array<Named, 6> kNamed = {{{"[:alpha:]", "\\p{Alphabetic}"},
                                                   {"[:digit:]", "\\p{Nd}"},
                                                   {"[:alnum:]", "\\p{Alphabetic}\\p{Nd}"},
                                                   {"[:upper:]", "\\p{Uppercase}"},
                                                   {"[:lower:]", "\\p{Lowercase}"},
                                                   {"[:space:]", kSpaceClass}}};
  for (const Named& named : kNamed) {
    if (Take(named.name)) return Set(named.content);
  }
  return Refuse("this bracket expression");
}

// One or more classes joined by &&, as one PCRE2 expression that takes one character.
Expected<std::string> ClassRewriter::Class(Case letters) {
  if (++nesting_ > kMaxNesting) return Refuse("nesting this deep");
  at_ += 1;  // '['
  const bool negated = Take("^");
  if (Sees("]")) return Refuse("an empty class, or one that begins with ']',");
  std::vector<std::string> sets;  // each takes one character
  do {
    MORES_ASSIGN_OR_RETURN(std::string set, Union(letters));
    sets.push_back(std::move(set));
  } while (Take("&&"));
  if (!Take("]")) return Broken("a class without its ']'");
  --nesting_;
  if (sets.size() == 1) {
    // The usual case stays one class, which PCRE2 can optimise.
    if (!negated) return sets[0];
    if (sets[0].starts_with("[^")) return "[" + sets[0].substr(2);
    if (sets[0].starts_with("[")) return "[^" + sets[0].substr(1);
  }
  std::string all;
  for (size_t i = 0; i + 1 < sets.size(); ++i) all += fmt::format("(?={})", sets[i]);
  all += sets.back();
  return negated ? fmt::format("(?:(?!{}){})", all, kAny) : fmt::format("(?:{})", all);
}

// What stands between '[', '&&' and ']'.
Expected<std::string> ClassRewriter::Union(Case letters) {
  std::string content;
  std::string nested;  // alternatives beside `content`
  while (!AtEnd() && !Sees("]") && !Sees("&&")) {
    if (Sees("[") && !Sees("[:")) {
      MORES_ASSIGN_OR_RETURN(const std::string inner, Class(letters));
      nested += "|" + inner;
      continue;
    }
    MORES_ASSIGN_OR_RETURN(const Member member, ClassMember(letters));
    if (!member.negated) {
      content += member.content;
    } else {
      nested += fmt::format("|[^{}]", member.content);
    }
  }
  if (content.empty() && nested.empty()) return Refuse("an empty class");
  if (nested.empty()) return "[" + content + "]";
  if (content.empty() && nested.rfind('|') == 0) return nested.substr(1);
  if (!content.empty()) return fmt::format("(?:[{}]{})", content, nested);
  return fmt::format("(?:{})", nested.substr(1));
}

Expected<ClassRewriter::Member> ClassRewriter::OneMember(Case letters) {
  if (Sees("\\b") || Sees("\\B")) return Refuse("\\b in a class");
  if (Sees("\\")) return EscapeMember(letters);
  const char32_t c = CharacterAt(in_, at_);
  if (letters == Case::kFolded && c >= 0x80) {
    return Refuse("a character beyond ASCII under (?i)");
  }
  at_ += CharacterSize(in_[at_]);
  return Character(c);
}

Expected<ClassRewriter::Member> ClassRewriter::ClassMember(Case letters) {
  if (Sees("[:")) {
    if (letters == Case::kFolded) return Refuse("a bracket expression under (?i)");
    return Bracket();
  }
  MORES_ASSIGN_OR_RETURN(Member first, OneMember(letters));
  if (!Sees("-") || in_.substr(at_).starts_with("-]")) return first;
  if (!first.is_character) return Refuse("a '-' behind a set");
  at_ += 1;
  if (AtEnd()) return Broken("a class without its ']'");
  if (Sees("[")) return Refuse("a '-' before '['");
  MORES_ASSIGN_OR_RETURN(const Member last, OneMember(letters));
  if (!last.is_character) return Refuse("a range that ends in a set");
  if (last.character < first.character) return Broken("a range that runs backwards");
  return Set(Code(first.character) + "-" + Code(last.character));
}

}  // namespace mores::text
