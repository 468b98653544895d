#include "text/language.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "text/characters.h"
#include "text/language_words.h"
#include "text/unicode.h"

namespace mores::text {
namespace {

// What a Chinese character says takes about three Latin letters.
constexpr int64_t kHanWeight = 3;
// Kana make Japanese, but a lone one decorates Chinese shop names: at least one in six.
constexpr int64_t kKanaShare = 6;
// A text of this many words of which hardly one is English is not English, whatever it is.
constexpr int kManyWords = 8;
constexpr int kSeveralWords = 5;  // of so many, one should be
constexpr double kLeastEnglish = 0.1;

constexpr size_t kMaxLists = 32;
using Evidence = std::array<double, kMaxLists>;  // per list of LatinWordLists()

struct Letters {
  int64_t han = 0, kana = 0, latin = 0, other = 0;
};

const std::unordered_map<std::string_view, uint32_t>& WordTable() {
  static const auto& table = *[] {
    auto* words = new std::unordered_map<std::string_view, uint32_t>();
    const auto lists = LatinWordLists();
    for (size_t list = 0; list < lists.size(); ++list) {
      for (const std::string_view word : lists[list].words) (*words)[word] |= 1u << list;
    }
    return words;
  }();
  return table;
}

// A Latin letter without its diacritics, lower case; 0 for a letter that is none.
void AppendFolded(UChar32 c, std::string& word) {
  switch (c) {
    case 0x111:
      word += 'd';
      return;
    case 0x131:
      word += 'i';
      return;
    case 0x142:
      word += 'l';
      return;
    case 0xF8:
      word += 'o';
      return;
    case 0xDF:
      word += "ss";
      return;
    case 0xE6:
      word += "ae";
      return;
    case 0x153:
      word += "oe";
      return;
    default:
      break;
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(status);
  icu::UnicodeString parts;
  if (U_SUCCESS(status) && nfd->getDecomposition(c, parts) && parts.char32At(0) < 0x80) {
    word += static_cast<char>(parts.char32At(0));
  } else {
    word += '?';  // matches no listed word
  }
}

// The words of the Latin letters, one at a time, and the evidence that each gives.
class LatinReader {
 public:
  void Add(UChar32 lower, bool upper_case) {
    if (word_.empty()) capital_ = upper_case;
    if (lower < 0x80) {
      word_ += static_cast<char>(lower);
    } else {
      marked_ = true;
      AppendFolded(lower, word_);
    }
  }
  void AddApostrophe() {
    if (!word_.empty()) word_ += '\'';
  }
  void AddMark() { marked_ = marked_ || !word_.empty(); }
  void EndWord();
  bool IsEnglish() const;

 private:
  void Judge(uint32_t lists);

  std::string word_;
  bool marked_ = false;   // has letters beyond ASCII
  bool capital_ = false;  // begins upper case
  int words_ = 0;
  double marked_words_ = 0;
  Evidence evidence_{};
};

// "don't", "we'll" speak for English, "l'eau", "dell'arte" for French and Italian.
bool EndsInEnglishContraction(std::string_view word) {
  constexpr std::array<std::string_view, 7> kEnds = {"'t", "'s", "'m", "'d", "'re", "'ve", "'ll"};
  return std::any_of(kEnds.begin(), kEnds.end(),
                     [&](std::string_view end) { return word.ends_with(end); });
}

bool EndsInOneOf(std::string_view word, std::span<const std::string_view> endings) {
  constexpr size_t kStem = 3;  // letters that must stand before an ending
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
    return word.size() >= ending.size() + kStem && word.ends_with(ending);
  });
}

void LatinReader::EndWord() {
  while (!word_.empty() && word_.back() == '\'') word_.pop_back();
  if (word_.empty()) return;
  ++words_;
  uint32_t lists = 0;
  const auto look_up = [&](std::string_view word) {
    const auto found = WordTable().find(word);
    return found == WordTable().end() ? 0u : found->second;
  };
  lists = look_up(word_);
  const size_t apostrophe = word_.rfind('\'');
  if (lists == 0 && apostrophe != std::string::npos) {
    if (EndsInEnglishContraction(word_)) {
      lists = 1u << kEnglishList;
    } else {
      lists = look_up(std::string_view(word_).substr(apostrophe + 1)) & ~(1u << kEnglishList);
    }
  }
  Judge(lists);
  word_.clear();
  marked_ = false;
}

void LatinReader::Judge(uint32_t lists) {
  const auto all = LatinWordLists();
  const bool english = (lists >> kEnglishList & 1) != 0;
  const bool foreign = (lists & ~(1u << kEnglishList)) != 0;
  // A capital within a text may be a name, which travels between languages.
  if (marked_ && !english) marked_words_ += capital_ && !foreign ? 0.5 : 1;
  if (lists == 0) {
    // An unknown word: its ending is a hint.
    for (size_t list = 0; list < all.size(); ++list) {
      if (EndsInOneOf(word_, all[list].endings)) evidence_[list] += 0.3;
    }
    return;
  }
  for (size_t list = 0; list < all.size(); ++list) {
    if ((lists >> list & 1) != 0) evidence_[list] += english && foreign ? 0.5 : 1;
  }
}

bool LatinReader::IsEnglish() const {
  const double english = evidence_[kEnglishList];
  const double foreign =
      marked_words_ + *std::max_element(evidence_.begin() + kEnglishList + 1, evidence_.end());
  if (foreign > english) return false;
  if (words_ >= kManyWords) return english >= kLeastEnglish * words_;
  return words_ < kSeveralWords || english > 0;
}

// Where an address or a name that belongs to no language begins at `i`, its end; else `i`.
size_t SkipAddress(const std::vector<char32_t>& text, size_t i) {
  const auto begins = [&](std::u32string_view what) {
    return text.size() - i > what.size() && std::equal(what.begin(), what.end(), &text[i]);
  };
  const bool mention = text[i] == U'@' && i + 1 < text.size() && text[i + 1] < 0x80 &&
                       (i == 0 || !u_isalnum(static_cast<UChar32>(text[i - 1])));
  if (!mention && !begins(U"http://") && !begins(U"https://") && !begins(U"www.")) return i;
  size_t end = i + 1;
  while (end < text.size() && text[end] < 0x80 && !IsSpace(text[end])) ++end;
  return end;
}

UChar32 NarrowWidth(char32_t c) {
  const bool full_width_letter = (c >= 0xFF21 && c <= 0xFF3A) || (c >= 0xFF41 && c <= 0xFF5A);
  return static_cast<UChar32>(full_width_letter ? c - 0xFEE0 : c);
}

void CountLetter(UChar32 c, Letters& letters, LatinReader& latin) {
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = c < 0x80 ? USCRIPT_LATIN : uscript_getScript(c, &status);
  if (script == USCRIPT_LATIN) {
    ++letters.latin;
    latin.Add(u_tolower(c), u_isupper(c));
    return;
  }
  latin.EndWord();
  if (script == USCRIPT_HAN || script == USCRIPT_BOPOMOFO) {
    ++letters.han;
  } else if (script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA) {
    ++letters.kana;
  } else if (script != USCRIPT_COMMON && script != USCRIPT_INHERITED) {
    ++letters.other;
  }
}

}  // namespace

std::string_view Name(Language language) {
  switch (language) {
    case Language::kEnglish:
      return "en";
    case Language::kChinese:
      return "zh";
    case Language::kOther:
      return "other";
  }
  return "other";
}

Language DetectLanguage(std::string_view utf8) {
  const std::vector<char32_t> text = ToCodePoints(utf8);
  Letters letters;
  LatinReader latin;
  for (size_t i = 0; i < text.size();) {
    if (const size_t end = SkipAddress(text, i); end != i) {
      latin.EndWord();
      i = end;
      continue;
    }
    const UChar32 c = NarrowWidth(text[i++]);
    if (u_isalpha(c)) {
      CountLetter(c, letters, latin);
    } else if (c == '\'' || c == 0x2019) {
      latin.AddApostrophe();
    } else if (u_charType(c) == U_NON_SPACING_MARK) {
      latin.AddMark();
    } else {
      latin.EndWord();
    }
  }
  latin.EndWord();
  const int64_t han = kHanWeight * (letters.han + letters.kana);
  if (han > letters.latin && han > letters.other) {
    const bool japanese = letters.kana * kKanaShare >= letters.han + letters.kana;
    return japanese ? Language::kOther : Language::kChinese;
  }
  if (letters.latin == 0 || letters.other > letters.latin) return Language::kOther;
  return latin.IsEnglish() ? Language::kEnglish : Language::kOther;
}

}  // namespace mores::text
