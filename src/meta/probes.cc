#include "meta/probes.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "base/strings.h"
#include "meta/probes_rewrite.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace mores::meta {
namespace {

using text::Language;
using Replacement = std::pair<std::string_view, std::string_view>;

// True of hardly any dialogue.
constexpr std::string_view kUnsupportedEnglish[] = {
    "B recites a poem about the keeper of a lighthouse.",
    "A reveals that three penguins live in the attic.",
    "B compares the price of copper in two provinces.",
    "B describes how a violin is varnished.",
    "A asks for the departure times of the night ferry.",
    "B quotes the winner of a chess tournament in Riga."};
constexpr std::string_view kUnsupportedChinese[] = {
    "B朗诵了一首关于灯塔看守人的诗。", "A透露阁楼里住着三只企鹅。",
    "B比较了两个省份的铜价。",         "B描述了小提琴如何上漆。",
    "A询问了夜间渡轮的开船时刻。",     "B引用了里加国际象棋赛冠军的话。"};

// Longer ones first where one begins with another.
constexpr Replacement kEnglishWords[] = {{"does not", "doesn't"},
                                         {"do not", "don't"},
                                         {"is not", "isn't"},
                                         {"cannot", "can't"},
                                         {"provides", "gives"},
                                         {"provide", "give"},
                                         {"contains", "includes"},
                                         {"contain", "include"},
                                         {"encourages", "urges"},
                                         {"encourage", "urge"},
                                         {"suggests", "proposes"},
                                         {"suggest", "propose"},
                                         {"mentions", "brings up"},
                                         {"mention", "bring up"},
                                         {"might", "may"},
                                         {"harmful", "damaging"},
                                         {"dangerous", "hazardous"},
                                         {"offensive", "insulting"},
                                         {"response", "reply"},
                                         {"answer", "reply"},
                                         {"shows", "displays"},
                                         {"uses", "employs"},
                                         {"helpful", "useful"},
                                         {"appropriate", "fitting"},
                                         {"inappropriate", "unfitting"},
                                         {"lacks", "is short of"},
                                         {"expresses", "voices"},
                                         {"express", "voice"},
                                         {"could", "might"},
                                         {"important", "crucial"}};
constexpr Replacement kChineseWords[] = {{"回复", "答复"}, {"回答", "答复"},     {"提供", "给出"},
                                         {"建议", "提议"}, {"包含", "含有"},     {"可能", "或许"},
                                         {"认为", "觉得"}, {"强调", "着重指出"}, {"提到", "说到"},
                                         {"鼓励", "勉励"}, {"帮助", "协助"},     {"重要", "关键"},
                                         {"潜在", "隐含"}, {"不适当", "不恰当"}, {"导致", "造成"},
                                         {"表示", "表明"}, {"尊重", "敬重"}};

constexpr Replacement kHalfWidth[] = {{"，", ","}, {"。", "."}, {"：", ":"}, {"；", ";"},
                                      {"？", "?"}, {"！", "!"}, {"（", "("}, {"）", ")"},
                                      {"“", "\""}, {"”", "\""}, {"、", ","}};

bool IsAsciiLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// `english`: only whole words, in the case that they have.
std::string ReplaceWords(std::string_view text, std::span<const Replacement> words, bool english) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const Replacement* found = nullptr;
    const bool begins = !english || i == 0 || !IsAsciiLetter(text[i - 1]);
    for (const Replacement& one : words) {
      const size_t end = i + one.first.size();
      const bool ends = !english || end >= text.size() || !IsAsciiLetter(text[end]);
      if (begins && ends && text.substr(i).starts_with(one.first)) {
        found = &one;
        break;
      }
    }
    if (found != nullptr) {
      out += found->second;
      i += found->first.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

// Without what ends a sentence.
std::string_view WithoutStop(std::string_view claim) {
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string_view stop : {".", "!", "?", "。", "！", "？", "；", ";"}) {
      if (!claim.ends_with(stop)) continue;
      claim.remove_suffix(stop.size());
      cut = true;
    }
  }
  return claim;
}

bool IsChinese(Language language) { return language == Language::kChinese; }

// One text of sentences, each ending in a full stop.
std::string JoinClaims(const std::vector<std::string>& claims, Language language) {
  std::string out;
  for (const std::string& claim : claims) {
    const std::string_view text = Trim(claim, kAsciiSpace);
    if (text.empty()) continue;
    if (!out.empty() && !IsChinese(language)) out += ' ';
    out += text;
    if (WithoutStop(text).size() == text.size()) out += IsChinese(language) ? "。" : ".";
  }
  return out;
}

std::string MergeTwo(std::string_view first, std::string_view second, Language language) {
  const std::string_view begin = WithoutStop(Trim(first, kAsciiSpace));
  const std::string_view end = Trim(second, kAsciiSpace);
  return std::string(begin) +
         (IsChinese(language) ? "，并且" + std::string(end) : ", and " + InsideSentence(end));
}

std::vector<std::string> MergePairs(const std::vector<std::string>& claims, Language language) {
  std::vector<std::string> merged;
  for (size_t i = 0; i < claims.size(); i += 2) {
    merged.push_back(i + 1 < claims.size() ? MergeTwo(claims[i], claims[i + 1], language)
                                           : claims[i]);
  }
  return merged;
}

std::string Recase(std::string_view text, Language language) {
  if (IsChinese(language)) return ReplaceWords(text, kHalfWidth, /*english=*/false);
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

void Count(bool by_rule, RewriteCounts& counts) {
  counts.claims += 1;
  (by_rule ? counts.by_rule : counts.unchanged) += 1;
}

std::string DialogueText(const format::Dialogue& dialogue) {
  std::string out;
  for (const format::Turn& turn : dialogue.turns) {
    if (!out.empty()) out += '\n';
    out += turn.content;
  }
  return out;
}

// Another dialogue for each of `members`, which share a language: the next one in a shuffled order
// whose text differs. False where there is none.
bool PairUp(const std::vector<CritiqueItem>& items, std::vector<size_t> members, Random random,
            std::vector<size_t>& partners) {
  random.Shuffle(members);
  for (size_t k = 0; k < members.size(); ++k) {
    const std::string own = DialogueText(items[members[k]].dialogue);
    size_t step = 1;
    while (step < members.size() &&
           DialogueText(items[members[(k + step) % members.size()]].dialogue) == own) {
      ++step;
    }
    if (step >= members.size()) return false;
    partners[members[k]] = members[(k + step) % members.size()];
  }
  return true;
}

struct ProbeText {
  Probe probe;
  std::string_view name, description;
};
constexpr ProbeText kProbeTexts[] = {
    {Probe::kReferences, "references", "the reference's claims, joined"},
    {Probe::kNegated, "negated", "each claim negated"},
    {Probe::kCopied, "copied", "the dialogue itself"},
    {Probe::kForeign, "foreign", "the claims of another dialogue"},
    {Probe::kDropped, "dropped", "one claim left out"},
    {Probe::kSwapped, "swapped", "one claim replaced by another dialogue's"},
    {Probe::kAdded, "added", "one claim added that nothing bears out"},
    {Probe::kReordered, "reordered", "the claims in another order"},
    {Probe::kRecased, "recased", "in capitals, or with half-width punctuation"},
    {Probe::kMerged, "merged", "two claims at a time in one sentence"},
    {Probe::kParaphrased, "paraphrased", "some words replaced from a list"},
};

}  // namespace

std::string_view Name(Probe probe) { return kProbeTexts[static_cast<size_t>(probe)].name; }
std::string_view Description(Probe probe) {
  return kProbeTexts[static_cast<size_t>(probe)].description;
}

Negation Negate(std::string_view claim, Language language) {
  const bool chinese = IsChinese(language);
  if (auto ruled = chinese ? NegateChineseByRule(claim) : NegateEnglishByRule(claim)) {
    return {.claim = std::move(*ruled), .framed = false};
  }
  return {.claim = chinese ? FrameNegationChinese(claim) : FrameNegationEnglish(claim),
          .framed = true};
}

Language ClaimLanguage(const CritiqueItem& reference) {
  return text::DetectLanguage(JoinClaims(reference.reference_aius, Language::kEnglish));
}

Expected<ProbeMaker> ProbeMaker::Create(std::span<const CritiqueItem> references, uint64_t seed) {
  std::vector<CritiqueItem> usable;
  for (const CritiqueItem& reference : references) {
    const Language language = ClaimLanguage(reference);
    const bool empty = reference.reference_aius.empty() || reference.dialogue.turns.empty();
    if (language == Language::kOther || empty) continue;
    usable.push_back(reference);
    usable.back().lang = language;
  }
  ProbeMaker maker;
  maker.seed_ = seed;
  std::vector<size_t> partners(usable.size());
  for (const Language language : {Language::kEnglish, Language::kChinese}) {
    std::vector<size_t> members;
    for (size_t i = 0; i < usable.size(); ++i) {
      if (usable[i].lang == language) members.push_back(i);
    }
    const Random random(seed, HashBytes(text::Name(language)));
    if (PairUp(usable, members, random, partners)) continue;
    for (const size_t i : members) usable[i].reference_aius.clear();  // marks it as left out
  }
  std::vector<size_t> kept(usable.size());
  for (size_t i = 0; i < usable.size(); ++i) {
    kept[i] = maker.references_.size();
    if (usable[i].reference_aius.empty()) continue;
    maker.references_.push_back(std::move(usable[i]));
    maker.partners_.push_back(partners[i]);
  }
  for (size_t& partner : maker.partners_) partner = kept[partner];
  maker.left_out_ = references.size() - maker.references_.size();
  if (maker.references_.empty()) {
    return MakeError(ErrorKind::kInput,
                     "no reference can be probed: it takes claims in English or Chinese about two "
                     "different dialogues of a language");
  }
  return maker;
}

std::vector<std::string> ProbeMaker::ClaimsOf(Probe probe, size_t item,
                                              RewriteCounts& counts) const {
  const CritiqueItem& reference = references_[item];
  const std::vector<std::string>& foreign = references_[partners_[item]].reference_aius;
  std::vector<std::string> claims = reference.reference_aius;
  Random random(seed_, HashBytes(fmt::format("{}/{}", Name(probe), reference.id)));
  const size_t chosen = random.Below(claims.size());
  const bool chinese = IsChinese(reference.lang);
  switch (probe) {
    case Probe::kReferences:
    case Probe::kCopied:   // no claims
    case Probe::kRecased:  // as a whole
      break;
    case Probe::kNegated:
      for (std::string& claim : claims) {
        Negation negation = Negate(Trim(claim, kAsciiSpace), reference.lang);
        counts.claims += 1;
        (negation.framed ? counts.framed : counts.by_rule) += 1;
        claim = std::move(negation.claim);
      }
      break;
    case Probe::kForeign:
      return foreign;
    case Probe::kDropped:
      claims.erase(claims.begin() + static_cast<std::ptrdiff_t>(chosen));
      break;
    case Probe::kSwapped:
      claims[chosen] = foreign[random.Below(foreign.size())];
      break;
    case Probe::kAdded: {
      const std::span<const std::string_view> unsupported =
          chinese ? std::span<const std::string_view>(kUnsupportedChinese)
                  : std::span<const std::string_view>(kUnsupportedEnglish);
      claims.insert(claims.begin() + static_cast<std::ptrdiff_t>(chosen),
                    std::string(unsupported[random.Below(unsupported.size())]));
      break;
    }
    case Probe::kReordered:
      random.Shuffle(claims);
      if (claims == reference.reference_aius) {
        std::rotate(claims.begin(), claims.begin() + 1, claims.end());
      }
      break;
    case Probe::kMerged:
      counts.claims += static_cast<int64_t>(claims.size());
      counts.by_rule += static_cast<int64_t>(claims.size() / 2 * 2);
      counts.unchanged += static_cast<int64_t>(claims.size() % 2);
      return MergePairs(claims, reference.lang);
    case Probe::kParaphrased:
      for (std::string& claim : claims) {
        std::string other = chinese ? ReplaceWords(claim, kChineseWords, /*english=*/false)
                                    : ReplaceWords(claim, kEnglishWords, /*english=*/true);
        Count(other != claim, counts);
        claim = std::move(other);
      }
      break;
  }
  return claims;
}

std::vector<CritiqueItem> ProbeMaker::Make(Probe probe, RewriteCounts* counts) const {
  std::vector<CritiqueItem> items = references_;
  RewriteCounts unused;
  RewriteCounts& counted = counts != nullptr ? *counts : unused;
  for (size_t i = 0; i < items.size(); ++i) {
    CritiqueItem& item = items[i];
    item.id = fmt::format("{}/{}", Name(probe), item.id);
    if (probe == Probe::kCopied) {
      item.critique = DialogueText(item.dialogue);
      continue;
    }
    item.critique = JoinClaims(ClaimsOf(probe, i, counted), item.lang);
    if (probe == Probe::kRecased) item.critique = Recase(item.critique, item.lang);
  }
  return items;
}

}  // namespace mores::meta
