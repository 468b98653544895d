// Patterns that cut text: the literal or regular ones of tokenizer.json, matched as the tokenizers
// library matches them with Oniguruma.
#ifndef MORES_TEXT_TOKENIZER_PATTERN_H_
#define MORES_TEXT_TOKENIZER_PATTERN_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::text {

// A stretch of a text in bytes, and whether a pattern matched it.
struct Stretch {
  size_t begin = 0;
  size_t end = 0;
  bool matched = false;
};

// How long the patterns of one text may take together. The bound is far above what any sane
// pattern needs, so that no result hangs on the speed of the machine.
class PatternBudget {
 public:
  explicit PatternBudget(size_t text_size);
  bool Exhausted() const;

 private:
  std::chrono::steady_clock::time_point end_;
};

// Immutable; safe to share between threads.
class Pattern {
 public:
  // A regular expression in Oniguruma's syntax. kUnsupported for what PCRE2 can't be made to match
  // alike (text/tokenizer/pattern_syntax.h), and for a pattern that backtracks without end on short
  // texts; kCorrupt for what is no pattern. `where` names the field for the error.
  static Expected<Pattern> Regex(std::string_view pattern, std::string_view where);
  // The text itself. REQUIRES: not empty.
  static Pattern Literal(std::string_view text);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  // Cuts `utf8` (valid) into what matches, from left to right, and what lies between; the stretches
  // cover the text. A match may be empty. Where the budget ends, or a match takes too many steps,
  // the rest is one unmatched stretch.
  void Cut(std::string_view utf8, const PatternBudget& budget,
           std::vector<Stretch>& stretches) const;

 private:
  struct Code;
  Pattern();
  enum class Outcome { kFound, kNone, kGivenUp };
  Outcome Find(std::string_view utf8, size_t from, const PatternBudget& budget,
               Stretch& match) const;

  std::string literal_;
  std::unique_ptr<Code> code_;  // null for a literal
};

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_PATTERN_H_
