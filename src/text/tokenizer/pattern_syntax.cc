#include "text/tokenizer/pattern_syntax.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr size_t kMaxPattern = 16384;  // bytes
constexpr int kMaxNesting = 32;        // of groups and of classes
constexpr int kMaxRepeat = 1000;

// White_Space: what \s holds; U+180E is not in it.
constexpr std::string_view kSpaceClass =
    "\\x{9}-\\x{d}\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}"
    "\\x{205f}\\x{3000}";
constexpr std::string_view kNotSpace =
    "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{21}-\\x{84}\\x{86}-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}"
    "\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}"
    "\\x{3001}-\\x{10ffff}";
constexpr std::string_view kWordClass = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
// Outside of a class \w, and with it \b, also holds the fractions and superscripts of Latin-1.
constexpr std::string_view kLoneWord =
    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}";
constexpr std::string_view kHex = "0-9A-Fa-f";
constexpr std::string_view kAny = "[\\x{0}-\\x{10ffff}]";

constexpr std::array<std::string_view, 36> kCategories = {
    "L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N",  "Nd",
    "Nl", "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S",  "Sm",
    "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf", "Cn", "Co"};
constexpr std::array<std::string_view, 8> kScripts = {"Han",   "Hiragana", "Katakana", "Hangul",
                                                      "Latin", "Cyrillic", "Greek",    "Arabic"};

// Pairs of letters that some single character folds to (sharp s, ligatures): without regard to
// case, Oniguruma takes that character for the pair, and PCRE2 does not.
constexpr std::array<std::string_view, 5> kFoldedPairs = {"ss", "st", "ff", "fi", "fl"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

enum class Case { kSensitive, kFolded };

// One recursive descent over the pattern, writing as it reads.
class Rewriter {
 public:
  Rewriter(std::string_view pattern, std::string_view where) : in_(pattern), where_(where) {}

  Expected<std::string> Rewrite() {
    if (in_.size() > kMaxPattern) {
      return MakeError(ErrorKind::kUnsupported, "{}: a pattern of {} bytes; at most {} are read",
                       where_, in_.size(), kMaxPattern);
    }
    if (!IsValidUtf8(in_)) return MakeError(ErrorKind::kCorrupt, "{}: not UTF-8", where_);
    MORES_RETURN_IF_ERROR(Alternatives(Case::kSensitive));
    if (!AtEnd()) return Broken("an unmatched ')'");
    return std::move(out_);
  }

 private:
  bool AtEnd() const { return at_ >= in_.size(); }
  bool Sees(std::string_view text) const { return in_.substr(at_).starts_with(text); }
  bool Take(std::string_view text) {
    if (!Sees(text)) return false;
    at_ += text.size();
    return true;
  }
  tl::unexpected<Error> Broken(std::string_view what) const {
    return MakeError(ErrorKind::kCorrupt, "{}: not a pattern: {} at byte {}", where_, what,
                     at_ + 1);
  }
  tl::unexpected<Error> Refuse(std::string_view what) const {
    return MakeError(ErrorKind::kUnsupported, "{}: {} at byte {} of the pattern is not supported",
                     where_, what, at_ + 1);
  }

  static std::string Code(char32_t c) { return fmt::format("\\x{{{:x}}}", uint32_t{c}); }

  // a|b|c, up to the end or the ')' of the group. Gives whether it can match nothing.
  Expected<bool> Alternatives(Case letters) {
    if (++nesting_ > kMaxNesting) return Refuse("nesting this deep");
    bool can_be_empty = false;
    do {
      MORES_ASSIGN_OR_RETURN(const bool empty, Sequence(letters));
      can_be_empty = can_be_empty || empty;
    } while (Take("|") && (out_ += '|', true));
    --nesting_;
    return can_be_empty;
  }

  Expected<bool> Sequence(Case letters) {
    bool can_be_empty = true;
    last_letter_ = 0;
    while (!AtEnd() && !Sees("|") && !Sees(")")) {
      MORES_ASSIGN_OR_RETURN(const Atom atom, OneAtom(letters));
      MORES_ASSIGN_OR_RETURN(const bool optional, Repeat(atom));
      can_be_empty = can_be_empty && (atom.can_be_empty || optional);
    }
    last_letter_ = 0;
    return can_be_empty;
  }

  struct Atom {
    bool can_be_empty = false;
    bool is_assertion = false;
  };

  Expected<Atom> OneAtom(Case letters) {
    if (Sees("(")) return Group(letters);
    if (Sees("[")) {
      last_letter_ = 0;
      MORES_ASSIGN_OR_RETURN(const std::string set, Class(letters));
      out_ += set;
      return Atom{};
    }
    if (Take(".")) {
      out_ += "[^\\n]";
      last_letter_ = 0;
      return Atom{};
    }
    if (Sees("^") || Sees("$")) return Refuse("an anchor");
    if (Sees("*") || Sees("+") || Sees("?")) return Broken("a repeat of nothing");
    if (Sees("\\")) return Escape(letters);
    const char32_t c = CharacterAt(in_, at_);
    MORES_RETURN_IF_ERROR(Literal(c, letters));
    at_ += CharacterSize(in_[at_]);
    return Atom{};
  }

  // Writes the character; `at_` still names its place.
  Status Literal(char32_t c, Case letters) {
    if (letters == Case::kFolded) {
      if (c >= 0x80) return Refuse("a character beyond ASCII under (?i)");
      const char letter = Lower(static_cast<char>(c));
      const char pair[] = {last_letter_, letter};
      if (std::find(kFoldedPairs.begin(), kFoldedPairs.end(), std::string_view(pair, 2)) !=
          kFoldedPairs.end()) {
        return Refuse("letters that a ligature folds to, under (?i),");
      }
      last_letter_ = letter;
    }
    out_ += Code(c);
    return {};
  }

  Expected<Atom> Escape(Case letters) {
    const size_t start = at_;
    if (Sees("\\b") || Sees("\\B")) {
      const std::string word = fmt::format("[{}]", kLoneWord);
      const bool boundary = Sees("\\b");
      out_ += boundary ? fmt::format("(?:(?<={0})(?!{0})|(?<!{0})(?={0}))", word)
                       : fmt::format("(?:(?<={0})(?={0})|(?<!{0})(?!{0}))", word);
      at_ += 2;
      last_letter_ = 0;
      return Atom{.can_be_empty = true, .is_assertion = true};
    }
    MORES_ASSIGN_OR_RETURN(const Member member, EscapeMember(letters));
    if (member.is_character) {
      const size_t end = at_;
      at_ = start;
      MORES_RETURN_IF_ERROR(Literal(member.character, letters));
      at_ = end;
      return Atom{};
    }
    last_letter_ = 0;
    const bool word = member.content == kWordClass;
    out_ += fmt::format("[{}{}]", member.negated ? "^" : "", word ? kLoneWord : member.content);
    return Atom{};
  }

  // A part of a class: one character, or a set of them as the inside of a PCRE2 class.
  struct Member {
    bool is_character = false;
    char32_t character = 0;
    std::string content;
    bool negated = false;  // the complement of `content`
  };
  static Member Character(char32_t c) {
    return {.is_character = true, .character = c, .content = Code(c)};
  }
  static Member Set(std::string_view content) { return {.content = std::string(content)}; }

  // From the backslash on.
  Expected<Member> EscapeMember(Case letters) {
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
  Expected<Member> HexCharacter() {
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
  Expected<Member> Property() {
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
  Expected<Member> Bracket() {
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
  Expected<std::string> Class(Case letters) {
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
  Expected<std::string> Union(Case letters) {
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

  Expected<Member> OneMember(Case letters) {
    if (Sees("\\b") || Sees("\\B")) return Refuse("\\b in a class");
    if (Sees("\\")) return EscapeMember(letters);
    const char32_t c = CharacterAt(in_, at_);
    if (letters == Case::kFolded && c >= 0x80) {
      return Refuse("a character beyond ASCII under (?i)");
    }
    at_ += CharacterSize(in_[at_]);
    return Character(c);
  }

  Expected<Member> ClassMember(Case letters) {
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

  Expected<Atom> Group(Case letters) {
    last_letter_ = 0;
    Atom atom;
    struct Opening {
      std::string_view text;
      bool is_assertion;
    };
    static constexpr std::array<Opening, 6> kOpenings = {{{"(?:", false},
                                                          {"(?>", false},
                                                          {"(?=", true},
                                                          {"(?!", true},
                                                          {"(?<=", true},
                                                          {"(?<!", true}}};
    std::string_view opening;
    if (Take("(?i:")) {
      opening = "(?i:";
      letters = Case::kFolded;
    } else if (Take("(?i)")) {
      // At the beginning of the whole pattern it means the same to both.
      if (at_ != 4) return Refuse("(?i) inside of a pattern");
      out_ += "(?i:";
      MORES_ASSIGN_OR_RETURN(atom.can_be_empty, Alternatives(Case::kFolded));
      if (!AtEnd()) return Broken("an unmatched ')'");
      out_ += ')';
      return atom;
    }
    for (const Opening& candidate : kOpenings) {
      if (!opening.empty() || !Take(candidate.text)) continue;
      opening = candidate.text;
      atom.is_assertion = candidate.is_assertion;
    }
    if (opening.empty()) {
      if (Sees("(?") || Sees("(*")) return Refuse("this kind of group");
      at_ += 1;
      opening = "(?:";  // nothing refers back to a group
    }
    if (letters == Case::kFolded && atom.is_assertion) return Refuse("an assertion under (?i)");
    out_ += opening;
    MORES_ASSIGN_OR_RETURN(const bool can_be_empty, Alternatives(letters));
    if (!Take(")")) return Broken("a group without its ')'");
    out_ += ')';
    last_letter_ = 0;
    atom.can_be_empty = can_be_empty || atom.is_assertion;
    return atom;
  }

  // The repeat behind an atom, if there is one. Gives whether it allows none.
  Expected<bool> Repeat(const Atom& atom) {
    const size_t start = at_;
    std::string repeat;
    bool optional = false, unbounded = false, braces = false;
    if (Take("*")) {
      repeat = "*";
      optional = unbounded = true;
    } else if (Take("+")) {
      repeat = "+";
      unbounded = true;
    } else if (Take("?")) {
      repeat = "?";
      optional = true;
    } else if (Sees("{")) {
      MORES_ASSIGN_OR_RETURN(const Bounds bounds, Braces());
      if (!bounds.present) return false;
      repeat = bounds.text;
      optional = bounds.least == 0;
      unbounded = bounds.most < 0;
      braces = true;
      if (bounds.exact && Sees("?")) return Refuse("'?' behind {n}");
    }
    if (repeat.empty()) return false;
    last_letter_ = 0;
    if (atom.is_assertion) {
      at_ = start;
      return Refuse("a repeated assertion");
    }
    if (unbounded && atom.can_be_empty) {
      at_ = start;
      return Refuse("a repeat of what can match nothing");
    }
    if (Take("?")) {
      repeat += '?';
    } else if (Sees("+")) {
      if (braces) return Refuse("'+' behind {n,m}");
      at_ += 1;
      repeat += '+';
    }
    if (Sees("*") || Sees("+") || Sees("?")) return Refuse("a repeat of a repeat");
    if (Sees("{")) {
      MORES_ASSIGN_OR_RETURN(const Bounds more, Braces());
      if (more.present) return Refuse("a repeat of a repeat");
    }
    out_ += repeat;
    return optional;
  }

  struct Bounds {
    bool present = false;  // else the brace is a literal one
    bool exact = false;    // {n}
    int least = 0, most = 0;
    std::string text;
  };

  // {n}, {n,}, {,m}, {n,m}; anything else begins with a literal brace.
  Expected<Bounds> Braces() {
    size_t i = at_ + 1;
    const auto number = [&]() -> int {
      if (i >= in_.size() || !IsDigit(in_[i])) return -1;
      int value = 0;
      for (; i < in_.size() && IsDigit(in_[i]); ++i) {
        value = std::min(value * 10 + (in_[i] - '0'), kMaxRepeat + 1);
      }
      return value;
    };
    const int least = number();
    int most = least;
    bool comma = false;
    if (i < in_.size() && in_[i] == ',') {
      comma = true;
      ++i;
      most = number();
    }
    const bool closed = i < in_.size() && in_[i] == '}';
    if (!closed || (least < 0 && most < 0)) return Bounds{};
    if (std::max(least, most) > kMaxRepeat) return Refuse("a repeat this large");
    if (most >= 0 && most < least) return Refuse("a repeat whose bounds are reversed");
    at_ = i + 1;
    Bounds bounds{.present = true, .exact = !comma, .least = std::max(least, 0), .most = most};
    bounds.text = !comma     ? fmt::format("{{{}}}", least)
                  : most < 0 ? fmt::format("{{{},}}", bounds.least)
                             : fmt::format("{{{},{}}}", bounds.least, most);
    return bounds;
  }

  std::string_view in_;
  std::string_view where_;
  size_t at_ = 0;
  int nesting_ = 0;
  char last_letter_ = 0;  // under (?i), the literal just before
  std::string out_;
};

}  // namespace

Expected<std::string> RewritePattern(std::string_view pattern, std::string_view where) {
  return Rewriter(pattern, where).Rewrite();
}

}  // namespace mores::text
