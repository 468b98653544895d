// The part of a rewriter of patterns that reads escapes and classes, upon which pattern_syntax.cc
// builds the rest. Inside src/text/tokenizer only.
#ifndef MORES_TEXT_TOKENIZER_PATTERN_CLASS_H_
#define MORES_TEXT_TOKENIZER_PATTERN_CLASS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mores::text {

// Unicode's words, as the inside of a PCRE2 class.
inline constexpr std::string_view kWordClass = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";

class ClassRewriter {
 public:
  enum class Case { kSensitive, kFolded };

 protected:
  ClassRewriter(std::string_view pattern, std::string_view where) : in_(pattern), where_(where) {}

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

  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  static char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
  static std::string Code(char32_t c) { return fmt::format("\\x{{{:x}}}", uint32_t{c}); }

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
  Expected<Member> EscapeMember(Case letters);
  // From '[' to its ']', as one PCRE2 expression that takes one character.
  Expected<std::string> Class(Case letters);
  static constexpr int kMaxNesting = 32;  // of groups and of classes

  std::string_view in_;
  std::string_view where_;
  size_t at_ = 0;
  int nesting_ = 0;

 private:
  Expected<Member> HexCharacter();
  Expected<Member> Property();
  Expected<Member> Bracket();
  Expected<std::string> Union(Case letters);
  Expected<Member> OneMember(Case letters);
  Expected<Member> ClassMember(Case letters);
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_PATTERN_CLASS_H_
