#include "judge/places/unshown_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "base/ascii_lower.h"
#include "judge/places/place_text.h"
#include "text/sentences.h"

namespace mores::judge {
namespace {

using Words = std::span<const std::string_view>;

// What stands before "guidelines" where these are nobody's of a place.
constexpr std::string_view kGeneralGuidelines[] = {
    "safety",     "ethical",  "ethics",   "community", "content",  "usage",   "moral",
    "general",    "medical",  "clinical", "dietary",   "official", "style",   "professional",
    "acceptable", "internal", "platform", "policy",    "expert",   "national"};
constexpr std::string_view kGeneralGuidelinesChinese[] = {"安全", "道德", "伦理", "社区", "行为",
                                                          "内容", "职业", "使用", "平台"};
constexpr std::string_view kLocalEnglish[] = {"local norm",      "local norms",     "local custom",
                                              "local customs",   "local law",       "local laws",
                                              "local guideline", "local guidelines"};
constexpr std::string_view kLocalChinese[] = {"当地习俗",   "当地的习俗", "当地规范", "当地的规范",
                                              "当地法律",   "当地的法律", "当地准则", "当地的准则",
                                              "当地的规定", "当地规定"};
constexpr std::string_view kLawWords[] = {"law",  "laws", "legal", "illegal", "unlawful",
                                          "法律", "违法", "法规",  "犯法"};
constexpr std::string_view kCustomWords[] = {"local custom", "local customs", "local norm",
                                             "local norms",  "习俗",          "风俗"};
constexpr std::string_view kArticles[] = {"article", "section", "clause", "chapter", "act of", "§"};
constexpr std::string_view kCodes[] = {"penal code", "criminal code", "civil code"};
constexpr std::string_view kOrdinals[] = {"first", "second",  "third",  "fourth", "fifth",
                                          "sixth", "seventh", "eighth", "ninth",  "tenth"};
constexpr std::string_view kDigitsChinese[] = {"一", "二", "三", "四", "五",
                                               "六", "七", "八", "九", "十"};

bool IsLetterOrDigit(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

// Where `word` stands, as a whole word where it is English; npos for nowhere.
size_t FindWord(std::string_view text, std::string_view word, size_t from = 0) {
  for (size_t at = text.find(word, from); at != text.npos; at = text.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool begins = at == 0 || !IsLetterOrDigit(text[at - 1]) || !IsLetterOrDigit(word.front());
    const bool ends =
        end == text.size() || !IsLetterOrDigit(text[end]) || !IsLetterOrDigit(word.back());
    if (begins && ends) return at;
  }
  return text.npos;
}

bool HasAny(std::string_view text, Words words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return FindWord(text, word) != text.npos; });
}

// The number that a text begins with, spaces and signs before it left out.
std::optional<size_t> NumberAt(std::string_view text) {
  const size_t first = text.find_first_not_of(" #");
  if (first == text.npos) return std::nullopt;
  text.remove_prefix(first);
  size_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ptr == text.data()) return std::nullopt;
  return read.ec == std::errc() ? number : 0;
}

// The English word that ends before `at`.
std::string_view WordBefore(std::string_view text, size_t at) {
  while (at > 0 && text[at - 1] == ' ') --at;
  size_t begin = at;
  while (begin > 0 && (IsLetterOrDigit(text[begin - 1]) || text[begin - 1] == '-')) --begin;
  return text.substr(begin, at - begin);
}

// Reads sentences of one critique, in lower case.
class ShownReader {
 public:
  ShownReader(std::span<const guidelines::Guideline> shown, const format::Dialogue& dialogue)
      : shown_(shown) {
    for (const guidelines::Guideline& one : shown) {
      known_ += AsciiLower(one.topic + "\n" + ShownText(one) + "\n");
      norms_ = norms_ || one.kind == guidelines::Kind::kNorm;
      laws_ = laws_ || one.kind == guidelines::Kind::kPolicy;
    }
    for (const format::Turn& turn : dialogue.turns) known_ += AsciiLower(turn.content) + "\n";
    for (const std::string& rule : dialogue.rules) known_ += AsciiLower(rule) + "\n";
  }

  bool SpeaksOfUnshown(std::string_view sentence) const {
    const std::string lower = AsciiLower(sentence);
    if (CitesUnshown(sentence) || CountsBeyond(lower)) return true;
    if (shown_.empty()) return SpeaksOfGuideline(lower) || SpeaksOfPlace(lower);
    return NamesOtherLaw(lower) || SpeaksOfOtherKind(lower);
  }

 private:
  bool Knows(std::string_view words) const { return FindWord(known_, words) != known_.npos; }

  bool CitesUnshown(std::string_view sentence) const {
    if (CleanCitations(sentence, shown_).invented == 0) return false;
    const std::string cleaned = CleanCitations(sentence, shown_).text;
    return std::none_of(shown_.begin(), shown_.end(), [&](const guidelines::Guideline& one) {
      return cleaned.find(one.id) != std::string::npos;
    });
  }

  // "guideline 3", "the third guideline", "准则3", "第三条准则", of two.
  bool CountsBeyond(std::string_view lower) const {
    const auto beyond = [&](size_t number) { return number < 1 || number > shown_.size(); };
    for (const std::string_view word : {"guideline", "准则"}) {
      for (size_t at = lower.find(word); at != lower.npos; at = lower.find(word, at + 1)) {
        // In brackets it is a citation.
        const bool cites = at > 0 && (lower[at - 1] == '[' || lower.substr(0, at).ends_with("【"));
        const auto number = NumberAt(lower.substr(at + word.size()));
        if (!cites && number && beyond(*number)) return true;
      }
    }
    for (size_t i = 0; i < std::size(kOrdinals); ++i) {
      if (!beyond(i + 1)) continue;
      if (lower.find(fmt::format("{} guideline", kOrdinals[i])) != lower.npos ||
          lower.find(fmt::format("第{}条准则", kDigitsChinese[i])) != lower.npos ||
          lower.find(fmt::format("第{}条准则", i + 1)) != lower.npos) {
        return true;
      }
    }
    return false;
  }

  bool SpeaksOfGuideline(std::string_view lower) const {
    for (const std::string_view word : {"guideline", "guidelines"}) {
      for (size_t at = FindWord(lower, word); at != lower.npos;
           at = FindWord(lower, word, at + 1)) {
        const std::string_view before = WordBefore(lower, at);
        const bool general = std::find(std::begin(kGeneralGuidelines), std::end(kGeneralGuidelines),
                                       before) != std::end(kGeneralGuidelines);
        if (!general && !Knows("guideline") && !Knows("guidelines")) return true;
      }
    }
    constexpr std::string_view kChinese = "准则";
    for (size_t at = lower.find(kChinese); at != lower.npos; at = lower.find(kChinese, at + 1)) {
      const bool general =
          std::any_of(std::begin(kGeneralGuidelinesChinese), std::end(kGeneralGuidelinesChinese),
                      [&](std::string_view word) { return lower.substr(0, at).ends_with(word); });
      if (!general && !Knows(kChinese)) return true;
    }
    return false;
  }

  bool SpeaksOfPlace(std::string_view lower) const {
    const auto speaks = [&](Words words) {
      return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
        return FindWord(lower, word) != lower.npos && !Knows(word);
      });
    };
    return speaks(kLocalEnglish) || speaks(kLocalChinese);
  }

  // "Article 12", "§ 3", "第十二条", "《刑法》", "the Penal Code".
  bool NamesOtherLaw(std::string_view lower) const {
    for (const std::string_view word : kArticles) {
      for (size_t at = FindWord(lower, word); at != lower.npos;
           at = FindWord(lower, word, at + 1)) {
        const auto number = NumberAt(lower.substr(at + word.size()));
        if (number && !Knows(fmt::format("{} {}", word, *number))) return true;
      }
    }
    for (const std::string_view code : kCodes) {
      if (FindWord(lower, code) != lower.npos && !Knows(code)) return true;
    }
    constexpr std::string_view kOpen = "《", kClose = "》", kNumber = "第", kArticle = "条";
    for (size_t at = lower.find(kOpen); at != lower.npos; at = lower.find(kOpen, at + 1)) {
      const size_t end = lower.find(kClose, at);
      if (end == lower.npos) break;
      if (known_.find(lower.substr(at + kOpen.size(), end - at - kOpen.size())) ==
          std::string::npos) {
        return true;
      }
    }
    constexpr size_t kLongest = 24;  // bytes of a number of an article
    for (size_t at = lower.find(kNumber); at != lower.npos; at = lower.find(kNumber, at + 1)) {
      const size_t end = lower.find(kArticle, at);
      if (end == lower.npos || end - at > kLongest) continue;
      const std::string_view article = lower.substr(at, end + kArticle.size() - at);
      const bool guideline = lower.substr(end + kArticle.size()).starts_with("准则");
      if (!guideline && known_.find(article) == std::string::npos) return true;
    }
    return false;
  }

  // A law where norms alone were shown, or a custom where laws alone were.
  bool SpeaksOfOtherKind(std::string_view lower) const {
    if (!laws_ && HasAny(lower, kLawWords) && !HasAny(known_, kLawWords)) return true;
    return !norms_ && HasAny(lower, kCustomWords) && !HasAny(known_, kCustomWords);
  }

  std::span<const guidelines::Guideline> shown_;
  std::string known_;  // what was shown and what the dialogue says, in lower case
  bool norms_ = false, laws_ = false;
};

}  // namespace

ShownClaims KeepShownClaims(std::string_view critique, std::span<const guidelines::Guideline> shown,
                            const format::Dialogue& dialogue) {
  ShownClaims claims;
  const ShownReader reader(shown, dialogue);
  size_t kept = 0;  // bytes of the critique that were looked at
  for (const std::string_view sentence : text::Sentences(critique)) {
    if (!reader.SpeaksOfUnshown(sentence)) continue;
    ++claims.unshown;
    const auto begin = static_cast<size_t>(sentence.data() - critique.data());
    claims.text += critique.substr(kept, begin - kept);
    kept = begin + sentence.size();
    // One of the spaces around it goes with it.
    if (claims.text.empty() || claims.text.back() == ' ' || claims.text.back() == '\n') {
      while (kept < critique.size() && critique[kept] == ' ') ++kept;
    }
  }
  claims.text += critique.substr(kept);
  if (claims.unshown > 0) {
    const size_t end = claims.text.find_last_not_of(" \n");
    claims.text.resize(end == std::string::npos ? 0 : end + 1);
  }
  return claims;
}

void SetPlaceCritique(std::string_view critique, std::span<const guidelines::Guideline> shown,
                      const format::Dialogue& dialogue, PlaceAnswer& answer) {
  const ShownClaims claims = KeepShownClaims(critique, shown, dialogue);
  answer.critique = CleanCitations(claims.text, shown).text;
  answer.invented += CleanCitations(critique, shown).invented;
  answer.unshown += claims.unshown;
}

}  // namespace mores::judge
