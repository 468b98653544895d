#include "text/tokenizer/pattern_syntax.h"

#include <algorithm>
#include <array>

#include "text/tokenizer/pattern_class.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

constexpr size_t kMaxPattern = 16384;  // bytes
constexpr int kMaxRepeat = 1000;

// Outside of a class \w, and with it \b, also holds the fractions and superscripts of Latin-1.
constexpr std::string_view kLoneWord =
    "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{b2}\\x{b3}\\x{b9}\\x{bc}-\\x{be}";

// Pairs of letters that some single character folds to (sharp s, ligatures): without regard to
// case, Oniguruma takes that character for the pair, and PCRE2 does not.
constexpr std::array<std::string_view, 5> kFoldedPairs = {"ss", "st", "ff", "fi", "fl"};

// One recursive descent over the pattern, writing as it reads.
class Rewriter : private ClassRewriter {
 public:
  Rewriter(std::string_view pattern, std::string_view where) : ClassRewriter(pattern, where) {}

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

  char last_letter_ = 0;  // under (?i), the literal just before
  std::string out_;
};

}  // namespace

Expected<std::string> RewritePattern(std::string_view pattern, std::string_view where) {
  return Rewriter(pattern, where).Rewrite();
}

}  // namespace mores::text
