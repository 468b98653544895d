#include "text/lexical_text.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/table_file.h"
#include "text/characters.h"
#include "text/sentences.h"
#include "text/tables.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::text {
namespace {

// Of a word that every critique has, against 1 of any other.
constexpr double kFrameWeight = 0.25;
// Sentences that cover this much of each other differ in their negations alone, so that an odd
// number between those is a contradiction, whatever their focuses.
constexpr double kSameMatter = 0.75;

using WordSet = std::unordered_set<std::string_view>;
using WordMap = std::unordered_map<std::string_view, std::string_view>;

enum class ChineseWord { kNone, kWhole, kFunction, kClause, kFrame, kCue };

class Lexicon {
 public:
  static const Lexicon& Get() {
    static const Lexicon lexicon;
    return lexicon;
  }

  // The kind of the longest entry that `text` begins with, and its code points in `length`.
  ChineseWord LongestAt(std::u32string_view text, size_t* length) const {
    for (size_t size = std::min(text.size(), longest_); size > 0; --size) {
      const auto found = chinese_.find(std::u32string(text.substr(0, size)));
      if (found == chinese_.end()) continue;
      *length = size;
      return found->second;
    }
    return ChineseWord::kNone;
  }

  WordSet function_words, clause_words, frame_words, cues, not_only;
  WordMap negative_words, irregular;

 private:
  Lexicon() {
    const TableFile table(kLexicalWords);
    const auto words = [&](std::string_view section) {
      const std::vector<std::string_view> list = table.Section(section).Words();
      return WordSet(list.begin(), list.end());
    };
    const auto pairs = [&](std::string_view section) {
      const auto list = table.Section(section).Pairs();
      return WordMap(list.begin(), list.end());
    };
    function_words = words("function words");
    clause_words = words("clause words");
    frame_words = words("frame words");
    cues = words("cues");
    not_only = words("not only");
    negative_words = pairs("negative words");
    irregular = pairs("irregular forms");
    Add(table.Section("Chinese: whole"), ChineseWord::kWhole);
    Add(table.Section("Chinese: function words"), ChineseWord::kFunction);
    Add(table.Section("Chinese: clause words"), ChineseWord::kClause);
    Add(table.Section("Chinese: frame words"), ChineseWord::kFrame);
    Add(table.Section("Chinese: cues"), ChineseWord::kCue);
  }

  void Add(const TableSection& section, ChineseWord kind) {
    for (const std::string_view word : section.Words()) {
      const std::vector<char32_t> points = ToCodePoints(word);
      longest_ = std::max(longest_, points.size());
      chinese_.emplace(std::u32string(points.begin(), points.end()), kind);
    }
  }

  size_t longest_ = 0;
  std::map<std::u32string, ChineseWord> chinese_;
};

bool IsHan(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x3134F);
}

// Lower case, half width, straight apostrophes.
char32_t Fold(char32_t c) {
  if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0;
  if (c == 0x2019 || c == 0x2018) return U'\'';
  return c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c;
}

bool EndsClause(char32_t c) {
  constexpr std::u32string_view kMarks = U",;:.!?()\"\n，；：。！？（）“”…";
  return kMarks.find(c) != std::u32string_view::npos;
}

bool IsVowel(char c) { return std::string_view("aeiouy").find(c) != std::string_view::npos; }

bool EndsIn(std::string_view word, std::string_view ending, size_t rest) {
  return word.size() >= ending.size() + rest && word.ends_with(ending);
}

// Takes endings of inflection and "-ly", "-ful" off: forms of one word should meet; that strangers
// meet now and then matters less.
std::string Stem(std::string_view word) {
  std::string stem(word);
  const auto cut = [&](size_t letters) { stem.resize(stem.size() - letters); };
  if (EndsIn(stem, "ies", 2)) {
    cut(3);
    stem += 'y';
  } else if (EndsIn(stem, "sses", 1)) {
    cut(2);
  } else if (EndsIn(stem, "s", 3) && !stem.ends_with("ss") && !stem.ends_with("us") &&
             !stem.ends_with("is")) {
    cut(1);
  }
  if (EndsIn(stem, "fully", 3)) cut(2);
  if (EndsIn(stem, "ful", 3)) cut(3);
  if (EndsIn(stem, "ly", 4)) cut(2);
  if (EndsIn(stem, "ied", 2)) {
    cut(3);
    stem += 'y';
  } else if (EndsIn(stem, "ing", 3)) {
    cut(3);
  } else if (EndsIn(stem, "ed", 3)) {
    cut(2);
  }
  const size_t size = stem.size();
  if (size > 3 && stem[size - 1] == stem[size - 2] && !IsVowel(stem[size - 1])) cut(1);
  if (EndsIn(stem, "e", 3)) cut(1);
  return stem;
}

// Reads one sentence from left to right.
class SentenceReader {
 public:
  explicit SentenceReader(std::string_view utf8) : lexicon_(Lexicon::Get()) {
    for (const char32_t c : ToCodePoints(utf8)) text_ += Fold(c);
    // What is said of the whole sentence negates it from behind.
    for (const std::u32string_view verdict :
         {U"是错误的", U"是不正确的", U"并不成立", U"不成立", U"并不属实", U"不属实"}) {
      const size_t at = text_.find(verdict);
      if (at == std::u32string::npos) continue;
      text_.erase(at, verdict.size());
      ++sentence_.cues;
      break;
    }
  }

  LexicalSentence Read() {
    for (size_t i = 0; i < text_.size();) {
      const char32_t c = text_[i];
      if (IsHan(c)) {
        i += TakeHan(i);
      } else if (IsWordCharacter(c)) {
        EndRun();
        i += TakeWord(i);
      } else {
        if (EndsClause(c)) EndClause();
        ++i;
      }
    }
    EndRun();
    return std::move(sentence_);
  }

 private:
  struct Character {
    char32_t c;
    bool negated, focus;
  };

  size_t TakeWord(size_t begin) {
    std::string word;
    size_t end = begin;
    for (; end < text_.size(); ++end) {
      const bool inner =
          text_[end] == U'\'' && end + 1 < text_.size() && IsWordCharacter(text_[end + 1]);
      if (IsHan(text_[end]) || (!IsWordCharacter(text_[end]) && !inner)) break;
      AppendCharacter(text_[end], word);
    }
    AddWord(word, NextWord(end));
    return end - begin;
  }

  // The word behind the one that ends at `at`, for "not only".
  std::string NextWord(size_t at) const {
    while (at < text_.size() && text_[at] == U' ') ++at;
    std::string word;
    for (; at < text_.size() && text_[at] >= U'a' && text_[at] <= U'z'; ++at) {
      word += static_cast<char>(text_[at]);
    }
    return word;
  }

  void AddWord(std::string word, const std::string& next) {
    if (word.ends_with("'s")) word.resize(word.size() - 2);
    if (word == "nor") {  // negates by itself, whatever stood before
      EndClause();
      return AddCue();
    }
    const bool wrong_that = word == "wrong" && (next == "that" || next == "to");
    if (wrong_that || word.ends_with("n't") || lexicon_.cues.contains(word)) {
      if (word == "not" && lexicon_.not_only.contains(next)) return;
      return AddCue();
    }
    if (lexicon_.clause_words.contains(word)) EndClause();
    if (lexicon_.function_words.contains(word) || lexicon_.clause_words.contains(word)) return;
    if (lexicon_.frame_words.contains(word)) {
      return AddTerm({.text = Stem(word), .negated = negated_, .frame = true});
    }
    if (const auto found = lexicon_.negative_words.find(word);
        found != lexicon_.negative_words.end()) {
      ++sentence_.cues;
      AddTerm({.text = Stem(found->second), .negated = !negated_, .focus = true});
      awaiting_focus_ = false;
      return;
    }
    const auto irregular = lexicon_.irregular.find(word);
    AddTerm({.text = Stem(irregular == lexicon_.irregular.end() ? word : irregular->second),
             .negated = negated_,
             .focus = std::exchange(awaiting_focus_, false)});
  }

  size_t TakeHan(size_t begin) {
    size_t length = 1;
    const std::u32string_view rest = std::u32string_view(text_).substr(begin);
    switch (lexicon_.LongestAt(rest, &length)) {
      case ChineseWord::kFunction:
        break;
      case ChineseWord::kClause:
        EndClause();
        break;
      case ChineseWord::kFrame: {
        EndRun();
        std::string word;
        for (const char32_t c : rest.substr(0, length)) AppendCharacter(c, word);
        AddTerm({.text = std::move(word), .negated = negated_, .frame = true});
        break;
      }
      case ChineseWord::kCue:
        AddCue();
        break;
      case ChineseWord::kWhole:
      case ChineseWord::kNone:
        for (const char32_t c : rest.substr(0, length)) {
          run_.push_back({c, negated_, std::exchange(awaiting_focus_, false)});
        }
    }
    return length;
  }

  void AddCue() {
    ++sentence_.cues;
    negated_ = !negated_;
    awaiting_focus_ = true;
  }

  // The run of Chinese content characters so far, as bigrams; a single character as it is. A bigram
  // is as negated as its last character, and the focus where its first is, so that what stands
  // before a cue joins what stands behind it alike with and without the cue.
  void EndRun() {
    for (size_t i = 0; i + 1 < run_.size(); ++i) {
      LexicalTerm term;
      AppendCharacter(run_[i].c, term.text);
      AppendCharacter(run_[i + 1].c, term.text);
      term.negated = run_[i + 1].negated;
      term.focus = run_[i].focus || (run_[i + 1].focus && i + 2 == run_.size());
      AddTerm(std::move(term));
    }
    if (run_.size() == 1) {
      LexicalTerm term{.negated = run_[0].negated, .focus = run_[0].focus};
      AppendCharacter(run_[0].c, term.text);
      AddTerm(std::move(term));
    }
    run_.clear();
  }

  void EndClause() {
    EndRun();
    negated_ = false;
    awaiting_focus_ = false;
  }

  void AddTerm(LexicalTerm term) { sentence_.terms.push_back(std::move(term)); }

  const Lexicon& lexicon_;
  std::u32string text_;
  LexicalSentence sentence_;
  std::vector<Character> run_;
  bool negated_ = false, awaiting_focus_ = false;
};

struct Use {
  bool plain = false, negated = false, focus = false;
  double weight = 1;
};
using Terms = std::map<std::string_view, Use>;  // by text

void AddTerms(const LexicalSentence& sentence, Terms& terms) {
  for (const LexicalTerm& term : sentence.terms) {
    Use& use = terms[term.text];
    (term.negated ? use.negated : use.plain) = true;
    use.focus = use.focus || term.focus;
    if (term.frame) use.weight = kFrameWeight;
  }
}

// Weighted share of `wanted` that `given` has.
double Coverage(const Terms& wanted, const Terms& given) {
  double all = 0, covered = 0;
  for (const auto& [term, use] : wanted) {
    all += use.weight;
    if (given.contains(term)) covered += use.weight;
  }
  return all > 0 ? covered / all : 0;
}

bool Contradicts(const Terms& text, int text_cues, const Terms& claim, int claim_cues) {
  for (const auto& [term, use] : claim) {
    const auto found = text.find(term);
    if (found == text.end() || !(use.focus || found->second.focus)) continue;
    if ((use.plain && !found->second.plain) || (use.negated && !found->second.negated)) return true;
  }
  return (text_cues - claim_cues) % 2 != 0 && Coverage(claim, text) >= kSameMatter &&
         Coverage(text, claim) >= kSameMatter;
}

}  // namespace

LexicalSentence ReadLexically(std::string_view utf8) { return SentenceReader(utf8).Read(); }

std::vector<LexicalSentence> ReadSentences(std::string_view utf8) {
  std::vector<LexicalSentence> sentences;
  for (const std::string_view sentence : Sentences(utf8)) {
    sentences.push_back(ReadLexically(sentence));
  }
  return sentences;
}

Entailment Entails(const std::vector<LexicalSentence>& text, const LexicalSentence& claim,
                   const EntailmentOptions& options) {
  Terms wanted;
  AddTerms(claim, wanted);
  Entailment best;
  if (wanted.empty()) return best;
  double best_likeness = -1;
  bool best_contradicted = false;
  for (size_t size = 1; size <= std::min(options.window, text.size()); ++size) {
    if (best.coverage >= options.threshold) break;
    for (size_t first = 0; first + size <= text.size(); ++first) {
      Terms given;
      int cues = 0;
      for (size_t i = first; i < first + size; ++i) {
        AddTerms(text[i], given);
        cues += text[i].cues;
      }
      const double coverage = Coverage(wanted, given), likeness = Coverage(given, wanted);
      // Of two that cover alike, the one that says less beside.
      if (std::pair(coverage, likeness) <= std::pair(best.coverage, best_likeness)) continue;
      best_likeness = likeness;
      best.coverage = coverage;
      best.first_sentence = first;
      best.sentences = size;
      best_contradicted = Contradicts(given, cues, wanted, claim.cues);
    }
  }
  best.contradicted = best.coverage >= options.threshold && best_contradicted;
  best.entailed = best.coverage >= options.threshold && !best.contradicted;
  return best;
}

double CoveredShare(const LexicalSentence& claim, const std::vector<LexicalSentence>& given) {
  Terms wanted, there;
  AddTerms(claim, wanted);
  if (wanted.empty()) return 1;
  for (const LexicalSentence& sentence : given) AddTerms(sentence, there);
  return Coverage(wanted, there);
}

std::set<std::string> ContentTerms(std::string_view utf8) {
  std::set<std::string> terms;
  for (LexicalTerm& term : ReadLexically(utf8).terms) {
    if (!term.frame) terms.insert(std::move(term.text));
  }
  return terms;
}

}  // namespace mores::text
