// Negation of English claims by small rules: find the finite verb of the main clause, and put "not"
// behind it or take it away. Without a parser; verbs are told by a list and by what precedes them.
#include <cctype>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/table_file.h"
#include "meta/probes_rewrite.h"
#include "meta/tables.h"

namespace mores::meta {
namespace {

struct Word {
  size_t begin = 0, end = 0;  // in the claim
  std::string lower;          // ’ written as '
  bool quoted = false;
};

using WordSet = std::unordered_set<std::string_view>;

// The sections of tables/negation_english.tsv, which says what they hold.
struct EnglishWords {
  static const EnglishWords& Get() {
    static const EnglishWords words;
    return words;
  }

  WordSet verbs, noun_like, participles, modals, openers, never_before_verb, plain_subjects,
      plural_subjects, adverbs;
  std::unordered_map<std::string_view, std::string_view> irregular_past;

 private:
  EnglishWords() {
    const TableFile table(kNegationEnglish);
    const auto read = [&](std::string_view section) {
      const std::vector<std::string_view> words = table.Section(section).Words();
      return WordSet(words.begin(), words.end());
    };
    verbs = read("verbs");
    noun_like = read("third persons like nouns");
    participles = read("participles");
    modals = read("modals");
    openers = read("openers");
    never_before_verb = read("never before a verb");
    plain_subjects = read("plain subjects");
    plural_subjects = read("plural subjects");
    adverbs = read("adverbs");
    const auto past = table.Section("irregular past").Pairs();
    irregular_past.insert(past.begin(), past.end());
  }
};

const EnglishWords& English() { return EnglishWords::Get(); }

bool IsVerb(std::string_view word) { return English().verbs.contains(word); }

bool IsWordByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '\'' || c == '-' || byte >= 0x80;
}

std::vector<Word> SplitWords(std::string_view claim) {
  constexpr std::string_view kApostrophe = "\u2019", kOpen = "\u201C", kClose = "\u201D";
  std::vector<Word> words;
  bool quoted = false;
  for (size_t i = 0; i < claim.size();) {
    const std::string_view rest = claim.substr(i);
    const bool opens = rest.starts_with(kOpen), closes = rest.starts_with(kClose);
    if (opens || closes || claim[i] == '"') {
      quoted = opens || (!closes && !quoted);
      i += claim[i] == '"' ? 1 : kOpen.size();
      continue;
    }
    if (!IsWordByte(claim[i])) {
      ++i;
      continue;
    }
    Word word{.begin = i, .end = i, .lower = {}, .quoted = quoted};
    while (i < claim.size() && IsWordByte(claim[i])) {
      const std::string_view left = claim.substr(i);
      if (left.starts_with(kOpen) || left.starts_with(kClose)) break;
      if (left.starts_with(kApostrophe)) {
        word.lower += '\'';
        i += kApostrophe.size();
        continue;
      }
      word.lower += static_cast<char>(std::tolower(static_cast<unsigned char>(claim[i])));
      ++i;
    }
    word.end = i;
    words.push_back(std::move(word));
  }
  return words;
}

// The verb of the list that `word` may be a form of, by taking `ending` off; empty if none is.
std::string BaseWithout(std::string_view word, std::string_view ending) {
  if (!word.ends_with(ending) || word.size() < ending.size() + 2) return {};
  std::string stem(word.substr(0, word.size() - ending.size()));
  if (stem.ends_with('i') && IsVerb(stem.substr(0, stem.size() - 1) + "y")) {
    stem.back() = 'y';
    return stem;
  }
  if (IsVerb(stem)) return stem;
  if (IsVerb(stem + "e")) return stem + "e";
  const size_t size = stem.size();  // "admitted"
  if (size > 2 && stem[size - 1] == stem[size - 2] && IsVerb(stem.substr(0, size - 1))) {
    return stem.substr(0, size - 1);
  }
  return {};
}

std::string BaseOfPast(std::string_view word) {
  const auto irregular = English().irregular_past.find(word);
  if (irregular != English().irregular_past.end()) return std::string(irregular->second);
  return BaseWithout(word, "ed");
}

std::string BaseOfThirdPerson(std::string_view word) {
  if (word.ends_with("'s") || word.ends_with("ss")) return {};
  std::string base = BaseWithout(word, "s");
  return base.empty() ? BaseWithout(word, "es") : base;
}

// A third person of no listed verb, by spelling.
std::string GuessBase(std::string_view word) {
  if (word.size() < 4 || !word.ends_with('s') || word.ends_with("ss") || word.ends_with("us") ||
      word.ends_with("is") || word.ends_with("'s")) {
    return {};
  }
  if (word.ends_with("ies")) return std::string(word.substr(0, word.size() - 3)) + "y";
  for (const std::string_view ending : {"sses", "shes", "ches", "xes", "zzes", "oes"}) {
    if (word.ends_with(ending)) return std::string(word.substr(0, word.size() - 2));
  }
  return std::string(word.substr(0, word.size() - 1));
}

class Negator {
 public:
  explicit Negator(std::string_view claim) : claim_(claim), words_(SplitWords(claim)) {}

  std::optional<std::string> Run() const {
    const size_t start = MainClause();
    if (start >= words_.size() || HasNotOnly()) return std::nullopt;
    if (Is(start, "no")) return Replace(start, "some");
    if (Is(start, "nobody") || Is(start, "none")) return Replace(start, "some people");
    if (Is(start, "nothing")) return Replace(start, "something");
    if (Is(start, "neither") || Is(start, "not")) return std::nullopt;
    int relative_clauses = 0;  // whose verb is still to come
    for (size_t i = start; i < words_.size(); ++i) {
      if (words_[i].quoted) continue;
      if (i > start && (Is(i, "who") || Is(i, "which") || Is(i, "that"))) {
        ++relative_clauses;
        continue;
      }
      const Verb verb = VerbAt(i);
      if (verb.kind == Kind::kNone) continue;
      if (relative_clauses-- > 0) continue;
      return Toggle(i, verb);
    }
    return std::nullopt;
  }

 private:
  enum class Kind { kNone, kContraction, kAuxiliary, kLexical };
  struct Verb {
    Kind kind = Kind::kNone;
    std::string_view helper;  // "does", "do", "did" for kLexical
    std::string base;
  };

  bool Is(size_t i, std::string_view word) const {
    return i < words_.size() && words_[i].lower == word;
  }
  std::string_view Lower(size_t i) const {
    return i < words_.size() ? std::string_view(words_[i].lower) : std::string_view();
  }

  // "not only ... but also" says two things, of which a toggled verb would negate one.
  bool HasNotOnly() const {
    for (size_t i = 0; i + 1 < words_.size(); ++i) {
      if (Is(i, "not") && Is(i + 1, "only")) return true;
    }
    return false;
  }

  // The word behind the comma that ends an opening such as "By doing so, ".
  size_t MainClause() const {
    if (words_.empty() || !English().openers.contains(words_[0].lower)) return 0;
    for (size_t i = 0; i + 1 < words_.size(); ++i) {
      if (words_[i].quoted || words_[i + 1].quoted) continue;
      const std::string_view between =
          claim_.substr(words_[i].end, words_[i + 1].begin - words_[i].end);
      if (between.starts_with(',')) return i + 1;
    }
    return 0;
  }

  size_t SkipAdverbs(size_t i) const {
    while (i < words_.size() &&
           (Lower(i).ends_with("ly") || English().adverbs.contains(Lower(i)))) {
      ++i;
    }
    return i;
  }

  bool PlainSubjectBefore(size_t i) const {
    if (i == 0) return false;
    size_t before = i - 1;
    while (before > 0 && (Lower(before).ends_with("ly") || Is(before, "also"))) --before;
    const Word& word = words_[before];
    const std::string_view text = claim_.substr(word.begin, word.end - word.begin);
    return text == "A" || text == "B" || English().plain_subjects.contains(word.lower);
  }

  bool PluralSubjectBefore(size_t i) const {
    if (i == 0) return false;
    const std::string_view word = Lower(i - 1);
    return English().plural_subjects.contains(word) ||
           (word.size() > 3 && word.ends_with('s') && !word.ends_with("'s") &&
            !word.ends_with("ss") && BaseOfThirdPerson(word).empty());
  }

  bool ParticipleAt(size_t i) const {
    return Lower(i).ends_with("ed") || English().participles.contains(Lower(i));
  }

  Verb HaveOrDo(size_t i) const {
    const std::string_view word = Lower(i);
    const size_t next = SkipAdverbs(i + 1);
    const bool negated = Is(next, "not") || Is(next, "never");
    if (word == "do" || word == "does" || word == "did") {
      const bool helps = negated || IsVerb(Lower(next));
      return helps ? Verb{Kind::kAuxiliary, {}, {}} : Verb{Kind::kLexical, word, "do"};
    }
    if (negated || ParticipleAt(next)) return {Kind::kAuxiliary, {}, {}};
    return {Kind::kLexical, word == "has" ? "does" : word == "have" ? "do" : "did", "have"};
  }

  Verb VerbAt(size_t i) const {
    const std::string_view word = Lower(i);
    if (word.ends_with("n't") || word == "cannot") return {Kind::kContraction, {}, {}};
    const std::string_view previous = i > 0 ? Lower(i - 1) : std::string_view();
    if (previous == "to") return {};
    if (English().modals.contains(word)) return {Kind::kAuxiliary, {}, {}};
    for (const std::string_view form : {"do", "does", "did", "has", "have", "had"}) {
      if (word == form) return HaveOrDo(i);
    }
    const bool plain_subject = PlainSubjectBefore(i);
    const bool after_determiner =
        previous.ends_with("'s") ||
        (English().never_before_verb.contains(previous) && !plain_subject);
    if (i == 0 || after_determiner) return {};
    std::string base = BaseOfThirdPerson(word);
    if (!base.empty() && (plain_subject || !English().noun_like.contains(word))) {
      return {Kind::kLexical, "does", std::move(base)};
    }
    if (plain_subject && base.empty()) base = GuessBase(word);
    if (plain_subject && !base.empty()) return {Kind::kLexical, "does", std::move(base)};
    base = BaseOfPast(word);
    if (!base.empty() && !Is(i + 1, "by") && !Is(i + 1, "in")) {
      return {Kind::kLexical, "did", std::move(base)};
    }
    if (IsVerb(word) && PluralSubjectBefore(i)) {
      return {Kind::kLexical, "do", std::string(word)};
    }
    return {};
  }

  std::string With(size_t begin, size_t end, std::string_view text) const {
    std::string out(claim_.substr(0, begin));
    out += text;
    out += claim_.substr(end);
    return out;
  }

  // In the case that the word had.
  std::string Replace(size_t i, std::string_view text) const {
    std::string word(text);
    const auto first = static_cast<unsigned char>(claim_[words_[i].begin]);
    if (std::isupper(first) != 0) word[0] = static_cast<char>(std::toupper(word[0]));
    return With(words_[i].begin, words_[i].end, word);
  }

  // Word i and the space behind the word before it.
  std::string Remove(size_t i) const { return With(words_[i - 1].end, words_[i].end, ""); }

  // A negation that stands behind the verb instead of "not".
  std::optional<std::string> ToggleOther(size_t verb, size_t next) const {
    if (verb > 0 && Is(verb - 1, "never")) return Replace(verb - 1, "sometimes");
    if (Is(next, "never")) return Replace(next, "sometimes");
    if (Is(next, "no") && Is(next + 1, "longer")) {
      return With(words_[next].begin, words_[next + 1].end, "still");
    }
    for (size_t i = next; i < next + 2; ++i) {
      if (Is(i, "no")) return Replace(i, "some");
      if (Is(i, "nothing")) return Replace(i, "something");
      if (Is(i, "nobody")) return Replace(i, "somebody");
      if (Is(i, "none")) return Replace(i, "some");
    }
    return std::nullopt;
  }

  std::optional<std::string> Toggle(size_t i, const Verb& verb) const {
    if (verb.kind == Kind::kContraction) return ToggleContraction(i);
    const size_t next = SkipAdverbs(i + 1);
    if (Is(next, "neither")) return std::nullopt;
    if (verb.kind == Kind::kAuxiliary && Is(next, "not")) return Remove(next);
    if (auto other = ToggleOther(i, next)) return other;
    if (verb.kind == Kind::kAuxiliary) {
      return With(words_[i].end, words_[i].end, Is(i, "can") ? "not" : " not");
    }
    return With(words_[i].begin, words_[i].end, std::string(verb.helper) + " not " + verb.base);
  }

  std::optional<std::string> ToggleContraction(size_t i) const {
    const std::string_view word = Lower(i);
    if (word == "cannot" || word == "can't") return Replace(i, "can");
    if (word == "won't") return Replace(i, "will");
    if (word == "shan't") return Replace(i, "shall");
    if (word == "ain't") return std::nullopt;
    return Replace(i, word.substr(0, word.size() - 3));
  }

  std::string_view claim_;
  std::vector<Word> words_;
};

}  // namespace

std::optional<std::string> NegateEnglishByRule(std::string_view claim) {
  return Negator(claim).Run();
}

std::string InsideSentence(std::string_view english) {
  std::string text(english);
  if (text.empty() || std::isupper(static_cast<unsigned char>(text[0])) == 0) return text;
  size_t end = 1;
  bool plain = true;
  while (end < text.size() && IsWordByte(text[end])) {
    plain = plain && std::islower(static_cast<unsigned char>(text[end])) != 0;
    ++end;
  }
  if (plain && end > 1) text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

std::string FrameNegationEnglish(std::string_view claim) {
  return "It is not true that " + InsideSentence(claim);
}

}  // namespace mores::meta
