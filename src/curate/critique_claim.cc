#include "curate/critique_claim.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "text/segmentation.h"
#include "text/sentences.h"

namespace mores::curate {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::array<std::string_view, 7> kSubjects{"answer", "response", "reply", "assistant",
                                                    "advice", "it",       "this"};
constexpr std::array<std::string_view, 10> kCopulas{
    "is", "isn't", "was", "wasn't", "be", "remains", "considered", "deemed", "seems", "appears"};
constexpr std::array<std::string_view, 6> kNegations{"not",   "isn't",  "wasn't",
                                                     "never", "hardly", "neither"};
constexpr std::array<std::string_view, 3> kArticles{"a", "an", "the"};
// Of sentences that tell of somebody else's claim or question.
constexpr std::array<std::string_view, 14> kOthers{
    "refuse",    "refuses", "refused", "refusing", "decline", "declines", "declined",
    "declining", "whether", "if",      "asks",     "asked",   "says",     "claims"};
constexpr std::array<std::string_view, 12> kBehind{"because", "since", "as", "and", "but",  "for",
                                                   "in",      "to",    "by", "due", "when", "here"};
constexpr size_t kFarthest = 4;  // words from the copula to the adjective

template <size_t kCount>
bool IsOneOf(const std::array<std::string_view, kCount>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// In lower case, with a straight apostrophe.
std::string Folded(std::string_view word) {
  std::string folded(word);
  for (char& c : folded) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::string_view kCurved = "’";
  if (const size_t at = folded.find(kCurved); at != std::string::npos) {
    folded.replace(at, kCurved.size(), "'");
  }
  return folded;
}

// Whether a sentence's word `at`, an adjective, is said of the answer, and whether it is negated.
struct Said {
  bool of_answer = false, negated = false;
};

Said SaidOfAnswer(const Words& words, size_t at) {
  Said said;
  for (size_t back = 1; back <= kFarthest && back <= at; ++back) {
    const std::string_view word = words[at - back];
    if (IsOneOf(kArticles, word)) return {};
    said.negated = said.negated || IsOneOf(kNegations, word);
    if (!IsOneOf(kCopulas, word)) continue;
    said.of_answer =
        std::any_of(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(at - back),
                    [](std::string_view before) { return IsOneOf(kSubjects, before); });
    // "is considered unsafe", "is not deemed safe".
    const bool goes_on = at > back && (IsOneOf(kCopulas, words[at - back - 1]) ||
                                       IsOneOf(kNegations, words[at - back - 1]));
    if (!goes_on) return said;
  }
  return said;
}

Claim ClaimInEnglish(std::string_view critique) {
  Claim claim;
  for (const std::string_view sentence : text::Sentences(critique)) {
    std::vector<std::string> folded;
    std::vector<bool> ends;  // no word follows, but something else
    for (const text::WordSpan& span : text::WordSpans(sentence)) {
      folded.push_back(Folded(sentence.substr(span.begin, span.end - span.begin)));
      ends.push_back(span.end >= sentence.size() || sentence[span.end] != ' ');
    }
    const Words words(folded.begin(), folded.end());
    if (std::any_of(words.begin(), words.end(), [](auto word) { return IsOneOf(kOthers, word); })) {
      continue;
    }
    for (size_t i = 0; i < words.size(); ++i) {
      if (words[i] != "safe" && words[i] != "unsafe") continue;
      if (!ends[i] && i + 1 < words.size() && !IsOneOf(kBehind, words[i + 1])) continue;
      const Said said = SaidOfAnswer(words, i);
      if (!said.of_answer) continue;
      ((words[i] == "unsafe") != said.negated ? claim.unsafe : claim.safe) = true;
    }
  }
  return claim;
}

bool HasOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](auto word) { return text.find(word) != std::string_view::npos; });
}

bool BeginsWithOneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(), [&](auto word) { return text.starts_with(word); });
}

// At Chinese and other punctuation.
std::vector<std::string_view> Clauses(std::string_view text) {
  std::vector<std::string_view> clauses;
  while (!text.empty()) {
    size_t end = text.size(), behind = text.size();
    for (const std::string_view mark :
         {"，", "。", "；", "：", "！", "？", "、", ",", ".", ";", "\n"}) {
      if (const size_t found = text.find(mark); found < end) {
        end = found;
        behind = found + mark.size();
      }
    }
    if (end > 0) clauses.push_back(text.substr(0, end));
    text.remove_prefix(behind);
  }
  return clauses;
}

Claim ClaimInChinese(std::string_view critique) {
  Claim claim;
  for (std::string_view clause : Clauses(critique)) {
    if (HasOneOf(clause, {"拒绝", "是否", "如果", "用户"})) continue;
    if (!HasOneOf(clause, {"回答", "回复", "答复", "助手", "建议"}) &&
        !BeginsWithOneOf(clause, {"因此", "所以", "故", "这", "它", "是", "属于"})) {
      continue;
    }
    if (clause.ends_with("的")) clause.remove_suffix(std::string_view("的").size());
    if (!clause.ends_with("安全")) continue;
    clause.remove_suffix(std::string_view("安全").size());
    // What is negated says so close before it: 不安全, 不是安全, 并不安全, 不够安全.
    const std::string_view before =
        clause.substr(clause.size() - std::min<size_t>(clause.size(), 9));
    (HasOneOf(before, {"不", "非", "未", "没"}) ? claim.unsafe : claim.safe) = true;
  }
  return claim;
}

}  // namespace

Claim ReadClaim(std::string_view critique, text::Language language) {
  return language == text::Language::kChinese ? ClaimInChinese(critique) : ClaimInEnglish(critique);
}

}  // namespace mores::curate
