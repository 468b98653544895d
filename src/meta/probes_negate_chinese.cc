// Negation of Chinese claims by small rules: from the left, the first negation outside quotes is
// taken away, or the first verb, copula or auxiliary is negated, whichever comes first. Words are
// not segmented, so a list says where a character is no word of its own.
#include <span>
#include <utility>
#include <vector>

#include "base/table_file.h"
#include "meta/probes_rewrite.h"
#include "meta/tables.h"
#include "text/utf8.h"

namespace mores::meta {
namespace {

using Pair = std::pair<std::string_view, std::string_view>;

using WordList = std::vector<std::string_view>;
using PairList = std::vector<Pair>;

// The sections of tables/negation_chinese.tsv, which says what they hold.
struct ChineseWords {
  static const ChineseWords& Get() {
    static const ChineseWords words;
    return words;
  }

  WordList whole, actions, behind_noun, before_noun, openers, prepositions;
  PairList negations, negated;

 private:
  ChineseWords() {
    const TableFile table(kNegationChinese);
    whole = table.Section("whole").Words();
    actions = table.Section("actions").Words();
    behind_noun = table.Section("behind a noun").Words();
    before_noun = table.Section("before a noun").Words();
    openers = table.Section("openers").Words();
    prepositions = table.Section("prepositions").Words();
    for (const auto& row : table.Section("negations").rows) {
      negations.emplace_back(row[0], row.size() > 1 ? row[1] : std::string_view());
    }
    negated = table.Section("negated").Pairs();
  }
};

const ChineseWords& Chinese() { return ChineseWords::Get(); }

constexpr std::string_view kComma = "，", kPerfective = "了";

std::string_view LongestPrefix(const WordList& list, std::string_view text) {
  std::string_view best;
  for (const std::string_view one : list) {
    if (one.size() > best.size() && text.starts_with(one)) best = one;
  }
  return best;
}

Pair LongestPrefix(std::span<const Pair> list, std::string_view text) {
  Pair best;
  for (const Pair& one : list) {
    if (one.first.size() > best.first.size() && text.starts_with(one.first)) best = one;
  }
  return best;
}

bool EndsWithOneOf(const WordList& list, std::string_view text) {
  for (const std::string_view one : list) {
    if (text.ends_with(one)) return true;
  }
  return false;
}

// The first character of the clause that follows an opening such as 如果…，
size_t MainClause(std::string_view claim) {
  if (LongestPrefix(Chinese().openers, claim).empty()) return 0;
  const size_t comma = claim.find(kComma);
  return comma == std::string_view::npos ? 0 : comma + kComma.size();
}

// Past the quoted part that begins at `i`, or `i` where none does or it has no end.
size_t PastQuote(std::string_view claim, size_t i) {
  constexpr Pair kQuotes[] = {{"“", "”"}, {"「", "」"}, {"『", "』"}, {"《", "》"}, {"\"", "\""}};
  const Pair quote = LongestPrefix(kQuotes, claim.substr(i));
  if (quote.first.empty()) return i;
  const size_t end = claim.find(quote.second, i + quote.first.size());
  return end == std::string_view::npos ? i : end + quote.second.size();
}

std::string Join(std::string_view before, std::string_view middle, std::string_view after) {
  std::string out(before);
  out += middle;
  out += after;
  return out;
}

// Without the negation at the end of `before`; 任何 behind it needs one and gives way.
std::string Affirm(std::string_view before, Pair negation, std::string_view after) {
  constexpr std::string_view kAny = "任何", kSome = "某些";
  std::string_view middle = negation.second;
  if (middle == "没有") {
    // Of an action it says that it did not happen, else that there is none.
    const bool action = !LongestPrefix(Chinese().actions, after).empty() ||
                        !LongestPrefix(Chinese().prepositions, after).empty();
    middle = action ? "" : "有";
  }
  std::string rest(after);
  if (const size_t any = rest.find(kAny); any != std::string::npos) {
    rest.replace(any, kAny.size(), kSome);
  }
  return Join(before, middle, rest);
}

}  // namespace

std::optional<std::string> NegateChineseByRule(std::string_view claim) {
  for (const std::string_view not_only : {"不仅", "不但", "不只", "不光"}) {
    // Says two things, of which a toggled verb would negate one.
    if (claim.find(not_only) != std::string_view::npos) return std::nullopt;
  }
  for (size_t i = MainClause(claim); i < claim.size();) {
    if (const size_t past = PastQuote(claim, i); past != i) {
      i = past;
      continue;
    }
    const std::string_view before = claim.substr(0, i), rest = claim.substr(i);
    const std::string_view whole = LongestPrefix(Chinese().whole, rest);
    const Pair negation = LongestPrefix(Chinese().negations, rest);
    const Pair negated = LongestPrefix(Chinese().negated, rest);
    const std::string_view action = LongestPrefix(Chinese().actions, rest);
    if (!negation.first.empty() && negation.first.size() > whole.size()) {
      return Affirm(before, negation, rest.substr(negation.first.size()));
    }
    if (!negated.first.empty() && negated.first.size() > whole.size() &&
        negated.first.size() >= action.size()) {
      return Join(before, negated.second, rest.substr(negated.first.size()));
    }
    if (!whole.empty()) {
      i += whole.size();
      continue;
    }
    if (!action.empty()) {
      std::string_view after = rest.substr(action.size());
      const bool noun = after.empty() || !LongestPrefix(Chinese().behind_noun, after).empty() ||
                        EndsWithOneOf(Chinese().before_noun, before);
      if (!noun) {
        if (after.starts_with(kPerfective)) after.remove_prefix(kPerfective.size());
        return Join(before, Join("没有", action, ""), after);
      }
      i += action.size();
      continue;
    }
    i += text::CharacterSize(claim[i]);
  }
  return std::nullopt;
}

std::string FrameNegationChinese(std::string_view claim) { return Join("并非", claim, ""); }

}  // namespace mores::meta
