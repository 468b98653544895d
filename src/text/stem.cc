#include "text/stem.h"

#include <algorithm>
#include <span>

namespace mores::text {
namespace {

struct Rule {
  std::string_view suffix, replacement;
};

constexpr Rule kStep2[] = {
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
    {"abli", "able"},   {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},     {"ousli", "ous"},
    {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},  {"iveness", "ive"},
    {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"}, {"biliti", "ble"}};
constexpr Rule kStep3[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"},
                           {"ical", "ic"},  {"ful", ""},   {"ness", ""}};
constexpr std::string_view kStep4[] = {"al",  "ance",  "ence", "er",  "ic",  "able", "ible",
                                       "ant", "ement", "ment", "ent", "ion", "ou",   "ism",
                                       "ate", "iti",   "ous",  "ive", "ize"};

bool IsConsonant(std::string_view word, size_t i) {
  switch (word[i]) {
    case 'a':
    case 'e':
    case 'i':
    case 'o':
    case 'u':
      return false;
    case 'y':
      return i == 0 || !IsConsonant(word, i - 1);
    default:
      return true;
  }
}

// The paper's m: how often a vowel is followed by a consonant.
int Measure(std::string_view stem) {
  int measure = 0;
  bool vowel = false;
  for (size_t i = 0; i < stem.size(); ++i) {
    const bool consonant = IsConsonant(stem, i);
    if (consonant && vowel) ++measure;
    vowel = !consonant;
  }
  return measure;
}

bool HasVowel(std::string_view stem) {
  for (size_t i = 0; i < stem.size(); ++i) {
    if (!IsConsonant(stem, i)) return true;
  }
  return false;
}

bool EndsInDouble(std::string_view word) {
  const size_t n = word.size();
  return n >= 2 && word[n - 1] == word[n - 2] && IsConsonant(word, n - 1);
}

// Consonant, vowel, consonant that isn't w, x or y.
bool EndsInShort(std::string_view word) {
  const size_t n = word.size();
  return n >= 3 && IsConsonant(word, n - 3) && !IsConsonant(word, n - 2) &&
         IsConsonant(word, n - 1) && word[n - 1] != 'w' && word[n - 1] != 'x' && word[n - 1] != 'y';
}

std::string_view Before(std::string_view word, std::string_view suffix) {
  return word.substr(0, word.size() - suffix.size());
}

// Plurals, and -ed and -ing.
void Step1(std::string& word) {
  if (word.ends_with("sses") || word.ends_with("ies")) {
    word.resize(word.size() - 2);
  } else if (word.ends_with('s') && !word.ends_with("ss")) {
    word.pop_back();
  }
  if (word.ends_with("eed")) {
    if (Measure(Before(word, "eed")) > 0) word.pop_back();
  } else {
    const std::string_view suffix = word.ends_with("ed")    ? "ed"
                                    : word.ends_with("ing") ? "ing"
                                                            : "";
    if (!suffix.empty() && HasVowel(Before(word, suffix))) {
      word.resize(word.size() - suffix.size());
      if (word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz")) {
        word += 'e';
      } else if (EndsInDouble(word) && word.back() != 'l' && word.back() != 's' &&
                 word.back() != 'z') {
        word.pop_back();
      } else if (Measure(word) == 1 && EndsInShort(word)) {
        word += 'e';
      }
    }
  }
  if (word.ends_with('y') && HasVowel(Before(word, "y"))) word.back() = 'i';
}

// The longest suffix that fits is replaced where enough stands before it.
void ReplaceSuffix(std::string& word, std::span<const Rule> rules) {
  const Rule* longest = nullptr;
  for (const Rule& rule : rules) {
    if (word.ends_with(rule.suffix) && (!longest || rule.suffix.size() > longest->suffix.size())) {
      longest = &rule;
    }
  }
  if (!longest || Measure(Before(word, longest->suffix)) == 0) return;
  word.resize(word.size() - longest->suffix.size());
  word += longest->replacement;
}

void Step4(std::string& word) {
  std::string_view longest;
  for (const std::string_view suffix : kStep4) {
    if (word.ends_with(suffix) && suffix.size() > longest.size()) longest = suffix;
  }
  const std::string_view stem = Before(word, longest);
  if (longest.empty() || Measure(stem) <= 1) return;
  if (longest == "ion" && !stem.ends_with('s') && !stem.ends_with('t')) return;
  word.resize(stem.size());
}

void Step5(std::string& word) {
  if (word.ends_with('e')) {
    const std::string_view stem = Before(word, "e");
    const int measure = Measure(stem);
    if (measure > 1 || (measure == 1 && !EndsInShort(stem))) word.pop_back();
  }
  if (word.ends_with("ll") && Measure(word) > 1) word.pop_back();
}

}  // namespace

std::string Stem(std::string_view word) {
  std::string stem(word);
  const bool english =
      std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (word.size() <= 2 || word.size() > 40 || !english) return stem;
  Step1(stem);
  ReplaceSuffix(stem, kStep2);
  ReplaceSuffix(stem, kStep3);
  Step4(stem);
  Step5(stem);
  return stem;
}

}  // namespace mores::text
