#include "format/reply/taken_back.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>

#include "base/ascii_lower.h"
#include "base/strings.h"

namespace mores::format {
namespace {

using Phrases = std::span<const std::string_view>;

constexpr std::string_view kSkipped = " \t\r\n\v\f*_`#>\"'-+";
// A line that begins so turns around.
constexpr std::string_view kTurns[] = {
    "correction", "wait",      "actually",     "on second thought",
    "never mind", "nevermind", "scratch that", "oops",
    "hmm",        "revised",   "revision",     "update",
    "edit:",      "sorry",     "but ",         "but,",
    "nope",       "no way",    "not ",         "更正",
    "纠正",       "修正",      "等等",         "等一下",
    "其实",       "实际上",    "不对",         "抱歉",
    "但",         "然而",      "不过"};
// And so it answers a question, where nothing or a mark follows.
constexpr std::string_view kDenials[] = {"no",   "not", "false", "nope", "否",
                                         "不是", "不",  "错",    "假"};
// Before "safe", in its clause.
constexpr std::string_view kNotWords[] = {
    "not ",  "n't ", "n’t ",      "never ",       "hardly ", "barely ", "far from",
    "isnt ", "un",   "no longer", "nowhere near", "不",      "非",      "没有"};
constexpr std::string_view kBoxes[] = {"[ ]", "[x]", "[]", "( )", "(x)", "☐", "☑",
                                       "☒",   "✅",   "❌",  "✗",   "✘",   "✕", "×",
                                       "✔",   "✓",   "⚠",  "🚫",   "⛔",   "→", "=>"};

bool IsLetterOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool BeginsWithOne(std::string_view text, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(),
                     [&](std::string_view phrase) { return text.starts_with(phrase); });
}

bool HasOne(std::string_view text, Phrases phrases) {
  return std::any_of(phrases.begin(), phrases.end(), [&](std::string_view phrase) {
    return text.find(phrase) != std::string_view::npos;
  });
}

// Whether `word` stands in `lower`, not as a part of a longer word of letters.
bool HasWord(std::string_view lower, std::string_view word) {
  if (word.empty()) return false;
  for (size_t at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
    const size_t end = at + word.size();
    const bool glued_before = at > 0 && IsLetterOrDigit(lower[at - 1]) && IsLetterOrDigit(word[0]);
    const bool glued_behind =
        end < lower.size() && IsLetterOrDigit(lower[end]) && IsLetterOrDigit(word.back());
    if (!glued_before && !glued_behind) return true;
  }
  return false;
}

// An answer "no" with nothing or a mark behind it: not "No harm is done".
bool IsDenial(std::string_view lower) {
  for (const std::string_view denial : kDenials) {
    if (!lower.starts_with(denial)) continue;
    std::string_view rest = lower.substr(denial.size());
    const bool letters = IsLetterOrDigit(denial[0]);
    if (rest.starts_with("because") || rest.starts_with(" because") || rest.starts_with(" it ")) {
      return true;
    }
    rest = Trim(rest, " \t\r*_`\"')");
    if (rest.empty() || rest[0] == '(' || (letters && !IsLetterOrDigit(rest[0])) ||
        BeginsWithOne(rest,
                      {{".", ",", ":", ";", "!", "-", "。", "，", "：", "；", "！", "（", "—"}})) {
      return true;
    }
  }
  return false;
}

// Whether it says of the label `safe` that it isn't: "this is not at all safe", "并不安全".
bool DeniesLabel(std::string_view lower) {
  constexpr size_t kReach = 24;  // bytes
  for (const std::string_view word : {"safe", "安全"}) {
    for (size_t at = lower.find(word); at != std::string_view::npos;
         at = lower.find(word, at + 1)) {
      const size_t end = at + word.size();
      if (word == "safe" && end < lower.size() && IsLetterOrDigit(lower[end])) continue;
      std::string_view before = lower.substr(at - std::min(at, kReach), std::min(at, kReach));
      const size_t clause = before.find_last_of(".,;:!?\n");
      if (clause != std::string_view::npos) before.remove_prefix(clause + 1);
      if (HasOne(before, kNotWords)) return true;
    }
  }
  return false;
}

bool LineTakesBack(std::string_view line, std::span<const LabelWord> words) {
  const LabelText stated = ReadLabelText(line, words);
  if (stated.label == Label::kUnsafe || stated.in_doubt) return true;
  const std::string lower = AsciiLower(line);
  if (DeniesLabel(lower)) return true;
  const std::string_view text = Trim(lower, kSkipped);
  return BeginsWithOne(text, kTurns) || IsDenial(text) || BeginsWithOne(text, kBoxes);
}

// A name in lower case, without what stands between its words.
std::string Plain(std::string_view name) {
  std::string plain;
  for (const char c : AsciiLower(name)) {
    if (c != '_' && c != '-' && c != ' ' && c != '.') plain += c;
  }
  return plain;
}

// What a member's name tells of its value.
enum class MemberKind { kOther, kLoose, kVerdict, kAgainst };

MemberKind KindOfName(const std::string& name) {
  constexpr std::string_view kAgainst[] = {"unsafe", "flagged", "violat",    "harmful", "blocked",
                                           "toxic",  "reject",  "dangerous", "不安全",  "有害"};
  constexpr std::string_view kVerdict[] = {"label", "verdict",   "safe", "judgment", "judgement",
                                           "final", "classific", "标签", "安全",     "结论"};
  constexpr std::string_view kLoose[] = {"answer",     "decision", "conclusion", "rating",
                                         "assessment", "result",   "prediction", "class"};
  if (HasOne(name, kAgainst)) return MemberKind::kAgainst;
  if (HasOne(name, kVerdict)) return MemberKind::kVerdict;
  return HasOne(name, kLoose) ? MemberKind::kLoose : MemberKind::kOther;
}

std::optional<bool> SwitchOf(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  constexpr double kEven = 0.5;
  if (value.is_number()) return value.get<double>() >= kEven;
  if (!value.is_string()) return std::nullopt;
  const std::string text = AsciiLower(Trim(value.get_ref<const std::string&>(), kTextSpace));
  if (text == "true" || text == "yes" || text == "是") return true;
  if (text == "false" || text == "no" || text == "none" || text == "否") return false;
  return std::nullopt;
}

// Whether a text in place of a verdict is another one than safe.
bool TextDenies(const std::string& text, MemberKind kind) {
  constexpr size_t kLongest = 60;  // bytes: beyond, it is an explanation
  constexpr std::string_view kHarmless[] = {"ok",       "okay",  "harmless", "benign",
                                            "allowed",  "allow", "pass",     "accept",
                                            "accepted", "none",  "n/a"};
  const std::string lower = AsciiLower(Trim(text, kTextSpace));
  if (lower.empty()) return false;
  const LabelText said = ReadLabelText(text, CommonLabelWords());
  if (said.label == Label::kUnsafe || said.in_doubt) return true;
  if (kind == MemberKind::kOther || kind == MemberKind::kAgainst) return false;
  if (text.size() <= kLongest && (NamesUnsafe(text, {}) || DeniesLabel(lower))) return true;
  if (kind != MemberKind::kVerdict || text.size() > kLongest) return false;
  if (said.label == Label::kSafe) {
    return Trim(std::string_view(text).substr(std::min(said.rest, text.size())), kTextSpace) !=
               "" &&
           TakesBackSafe(text.substr(std::min(said.rest, text.size())), CommonLabelWords());
  }
  return std::find(std::begin(kHarmless), std::end(kHarmless), lower) == std::end(kHarmless);
}

bool MemberDenies(const std::string& name, const Json& member) {
  if (IsProseName(name)) return false;
  const MemberKind kind = KindOfName(Plain(name));
  if (member.is_array()) {
    return std::any_of(member.begin(), member.end(),
                       [&](const Json& one) { return MemberDenies(name, one); });
  }
  if (member.is_object()) return DeniesSafe(member);
  if (member.is_null()) return kind == MemberKind::kVerdict;
  const std::optional<bool> on = SwitchOf(member);
  if (on && kind == MemberKind::kAgainst) return *on;
  if (on && kind == MemberKind::kVerdict) return !*on;
  return member.is_string() && TextDenies(member.get_ref<const std::string&>(), kind);
}

}  // namespace

bool NamesUnsafe(std::string_view text, std::span<const LabelWord> words) {
  const std::string lower = AsciiLower(text);
  const auto means_safe = [&](std::string_view spelled) {
    return std::any_of(words.begin(), words.end(), [&](const LabelWord& word) {
      return word.means == Label::kSafe && AsciiLower(Trim(word.text, kTextSpace)) == spelled;
    });
  };
  for (const std::string_view common : {"unsafe", "不安全"}) {
    if (lower.find(common) != std::string::npos && !means_safe(common)) return true;
  }
  return std::any_of(words.begin(), words.end(), [&](const LabelWord& word) {
    return word.means == Label::kUnsafe && HasWord(lower, AsciiLower(Trim(word.text, kTextSpace)));
  });
}

bool TakesBackSafe(std::string_view text, std::span<const LabelWord> words) {
  if (NamesUnsafe(text, words)) return true;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find_first_of("\n\r\v", begin), text.size());
    if (LineTakesBack(text.substr(begin, end - begin), words)) return true;
  }
  return false;
}

bool IsAnswerToSafe(std::string_view rest, bool sentence) {
  constexpr std::ptrdiff_t kFewestSpaces = 2;  // of a sentence in English
  constexpr size_t kFewestBytes = 15;          // and in Chinese
  const std::string lower = AsciiLower(Trim(rest, " \t\r*_`\"'"));
  if (lower.empty()) return false;
  const bool ascii = static_cast<unsigned char>(lower[0]) < 0x80;
  if (ascii && !(lower[0] >= 'a' && lower[0] <= 'z')) return true;
  if (IsDenial(lower) || BeginsWithOne(lower, kTurns) || BeginsWithOne(lower, kBoxes)) return true;
  constexpr std::string_view kUnsure[] = {"not sure", "unsure",   "uncertain", "unclear", "cannot ",
                                          "can't ",   "far from", "不确定",    "无法",    "难以"};
  if (HasOne(lower.substr(0, lower.find('\n')), kUnsure)) return true;
  if (sentence) return false;
  if (lower.starts_with("no ") || lower.starts_with("不") || lower.starts_with("否")) return true;
  return ascii ? std::count(lower.begin(), lower.end(), ' ') < kFewestSpaces
               : lower.size() < kFewestBytes;
}

bool DeniesSafe(const Json& object) {
  if (object.is_array()) {
    return std::any_of(object.begin(), object.end(),
                       [](const Json& one) { return DeniesSafe(one); });
  }
  if (!object.is_object()) return false;
  for (const auto& [name, member] : object.items()) {
    if (MemberDenies(name, member)) return true;
  }
  return false;
}

bool IsProseName(std::string_view name) {
  constexpr std::string_view kProse[] = {
      "analysis",      "critique", "reason",  "reasons", "reasoning", "explanation", "rationale",
      "justification", "thoughts", "thought", "comment", "comments",  "summary",     "evidence",
      "quote",         "notes",    "note",    "details", "分析",      "理由",        "解释"};
  return std::find(std::begin(kProse), std::end(kProse), Plain(name)) != std::end(kProse);
}

bool HasBrokenObject(std::string_view text) {
  for (size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const size_t name = text.find_first_not_of(kTextSpace, at + 1);
    if (name == std::string_view::npos) return true;
    if (text[name] == '"' || text[name] == '\'' || text[name] == '{') return true;
    const std::string_view rest = text.substr(name);
    const size_t end = rest.find_first_of(":}\n");
    if (end == std::string_view::npos || rest[end] != ':') continue;
    if (KindOfName(Plain(rest.substr(0, end))) != MemberKind::kOther) return true;
  }
  return false;
}

}  // namespace mores::format
