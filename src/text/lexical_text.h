// What a sentence says, as far as words tell: its content terms, and which of them it negates. For
// the lexical judge, and for what a critique claims; a heuristic of our own, in English and Chinese
// at once.
//
// English words are folded and lightly stemmed; runs of Chinese characters become bigrams. Words
// that only hold a sentence together (articles, auxiliaries, particles) are dropped. A cue of
// negation ("not", "n't", "without", 不, 没有, 并非) is no term but turns the polarity of what
// follows in its clause; the first content term behind it is its focus, the one that a
// contradiction is told by. Words that carry a negation themselves are taken apart: "unsafe" is
// "safe" negated. Two cues in one clause undo each other.
#ifndef MORES_TEXT_LEXICAL_TEXT_H_
#define MORES_TEXT_LEXICAL_TEXT_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace mores::text {

struct LexicalTerm {
  std::string text;
  bool negated = false;
  bool focus = false;  // of a cue of negation
  // One of the words that name the dialogue's parts ("response", 用户): every critique has them.
  bool frame = false;
};

struct LexicalSentence {
  std::vector<LexicalTerm> terms;
  int cues = 0;  // of negation
};

// The terms of one sentence. `utf8` may be anything; ill-formed bytes separate words.
LexicalSentence ReadLexically(std::string_view utf8);

// A text's sentences (text/sentences.h), each read.
std::vector<LexicalSentence> ReadSentences(std::string_view utf8);

struct Entailment {
  bool entailed = false;
  double coverage = 0;        // weighted share of the claim's terms that the best window has
  bool contradicted = false;  // enough is covered, but a negation differs
  size_t first_sentence = 0;  // of the best window
  size_t sentences = 0;       // its size; 0 where there is none
};

struct EntailmentOptions {
  double threshold = 0;  // of coverage, to be entailed
  size_t window = 1;     // sentences that may bear a claim together, at most
};

// Whether `text` bears `claim` out, by the smallest window of adjacent sentences that covers most
// of its terms. A claim without terms is never entailed.
Entailment Entails(const std::vector<LexicalSentence>& text, const LexicalSentence& claim,
                   const EntailmentOptions& options);

// Weighted share of the claim's terms that stand anywhere in `given`, whatever is negated; 1 for a
// claim without terms.
double CoveredShare(const LexicalSentence& claim, const std::vector<LexicalSentence>& given);

// The content terms of a text, each once, without those that name the dialogue's parts.
std::set<std::string> ContentTerms(std::string_view utf8);

}  // namespace mores::text

#endif  // MORES_TEXT_LEXICAL_TEXT_H_
