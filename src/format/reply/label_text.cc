#include "format/reply/label_text.h"

#include <algorithm>
#include <iterator>

#include "base/strings.h"
#include "format/reply/taken_back.h"

namespace mores::format {
namespace {

using Texts = std::span<const std::string_view>;

constexpr LabelWord kCommonWords[] = {{"safe", Label::kSafe},
                                      {"unsafe", Label::kUnsafe},
                                      {"安全", Label::kSafe},
                                      {"不安全", Label::kUnsafe}};

// Around a label, on either side.
constexpr std::string_view kMarks[] = {
    " ",  "\t", "*",  "`",  "#",  "\"",     "'",      "(",      ")",     "[",
    "]",  ">",  "$",  "“",  "”",  "‘",      "’",      "「",     "」",    "『",
    "』", "【", "】", "（", "）", "\u00A0", "\u3000", "\u200B", "\uFEFF"};
constexpr std::string_view kOpenings[] = {
    "<|begin_of_box|>", "\\boxed{", "\\text{", "\\textbf{", "- ", "• ", "_"};
constexpr std::string_view kClosings[] = {"}", "_", "<|end_of_box|>"};
// Elements that models put around an answer.
constexpr std::string_view kElements[] = {"answer", "label",    "verdict", "final_answer", "final",
                                          "output", "response", "result",  "safety"};
// What a label may be named with, before a colon or in brackets.
constexpr std::string_view kNames[] = {"final answer",
                                       "final label",
                                       "final verdict",
                                       "final judgment",
                                       "final judgement",
                                       "safety label",
                                       "safety rating",
                                       "safety assessment",
                                       "safety verdict",
                                       "answer",
                                       "label",
                                       "verdict",
                                       "judgment",
                                       "judgement",
                                       "result",
                                       "safety",
                                       "classification",
                                       "assessment",
                                       "rating",
                                       "decision",
                                       "conclusion",
                                       "output",
                                       "最终答案",
                                       "最终结论",
                                       "最终判断",
                                       "安全标签",
                                       "安全性",
                                       "标签",
                                       "答案",
                                       "结论",
                                       "判断",
                                       "判定",
                                       "结果"};
constexpr std::string_view kNameColons[] = {":", "："};
constexpr std::string_view kSeparators[] = {".",  ",",  ":",  ";",  "!",  "|", "。",
                                            "，", "：", "；", "！", "、", "—"};
// Before these a space may stand, or must.
constexpr std::string_view kSpacedSeparators[] = {" -", " –", " (", " [", "（", "【"};
constexpr std::string_view kDoubtMarks[] = {"?", "？", "/", "\\", "…", "..", "~", "="};

// Behind a label, as all that follows it: an answer to the question which the label was.
constexpr std::string_view kAnswers[] = {"yes",   "no",   "not",  "true", "false",
                                         "maybe", "nope", "是",   "否",   "不是",
                                         "对",    "错",   "不对", "不",   "假"};
// Behind `safe`: it is so in part, or not at all.
constexpr std::string_view kHedges[] = {
    "but",         "however",      "though",      "although",     "except",    "unless",
    "if",          "or",           "yet",         "only",         "when",      "provided",
    "assuming",    "mostly",       "partially",   "partly",       "somewhat",  "conditionally",
    "probably",    "possibly",     "likely",      "borderline",   "maybe",     "perhaps",
    "almost",      "generally",    "largely",     "depends",      "depending", "wait",
    "actually",    "hmm",          "never",       "with",         "hopefully", "apparently",
    "arguably",    "questionable", "uncertain",   "unsure",       "ambiguous", "controversial",
    "potentially", "nevertheless", "nonetheless", "correction",   "ish",       "for now",
    "at first",    "not really",   "not quite",   "not entirely", "not fully", "not completely",
    "in part",     "but",          "但",          "不过",         "然而",      "可是",
    "只是",        "除非",         "除了",        "如果",         "或",        "还是",
    "也许",        "可能",         "大概",        "大体",         "部分",      "不太",
    "不完全",      "存疑"};
char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool StartsAlike(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(),
                    [](char a, char b) { return LowerAscii(a) == LowerAscii(b); });
}

std::string_view StartAmong(std::string_view text, Texts starts) {
  for (const std::string_view start : starts) {
    if (StartsAlike(text, start)) return text.substr(0, start.size());
  }
  return {};
}

// Whether a word of ASCII that ends at `at` goes on there. Of Chinese that isn't told.
bool GoesOn(std::string_view text, size_t at) {
  if (at == 0 || at >= text.size()) return false;
  if (!IsWordByte(text[at - 1])) return false;
  const size_t next = text.find_first_not_of('_', at);  // underscores at the end are Markdown's
  return next != std::string_view::npos && IsWordByte(text[next]);
}

// The tag <NAME> or </NAME> of an element around an answer.
std::string_view ElementTag(std::string_view text, std::string_view open) {
  if (!text.starts_with(open)) return {};
  const std::string_view name = StartAmong(text.substr(open.size()), kElements);
  const size_t end = open.size() + name.size();
  if (name.empty() || end >= text.size() || text[end] != '>') return {};
  return text.substr(0, end + 1);
}

// Moves `at` past marks that open something, or close it.
void SkipMarks(std::string_view line, size_t& at, Texts more, std::string_view element) {
  for (;;) {
    const std::string_view rest = line.substr(at);
    std::string_view mark = StartAmong(rest, kMarks);
    if (mark.empty()) mark = StartAmong(rest, more);
    if (mark.empty()) mark = ElementTag(rest, element);
    if (mark.empty()) return;
    at += mark.size();
  }
}

// "Label:" and the like, with what stands around it.
void SkipName(std::string_view line, size_t& at) {
  const std::string_view name = StartAmong(line.substr(at), kNames);
  if (name.empty()) return;
  size_t end = at + name.size();
  const size_t name_end = end;
  SkipMarks(line, end, {}, "</");
  const std::string_view between = line.substr(name_end, end - name_end);
  if (between.starts_with('"') || between.starts_with('\'')) return;  // a member of an object
  const bool bracketed =
      between.starts_with("]") || between.starts_with("】") || between.starts_with("」");
  const std::string_view colon = StartAmong(line.substr(end), kNameColons);
  if (colon.empty() && !bracketed) return;
  at = end + colon.size();
  SkipMarks(line, at, kOpenings, "<");
}

const LabelWord* WordAt(std::string_view text, std::span<const LabelWord> words) {
  const LabelWord* best = nullptr;
  bool best_exact = false;
  for (const LabelWord& word : words) {
    const std::string_view spelled = Trim(word.text, kTextSpace);
    if (spelled.empty() || !StartsAlike(text, spelled) || GoesOn(text, spelled.size())) continue;
    const bool exact = text.starts_with(spelled);
    const size_t length = best == nullptr ? 0 : Trim(best->text, kTextSpace).size();
    if (best != nullptr && (spelled.size() < length || (spelled.size() == length && !exact))) {
      continue;
    }
    if (best != nullptr && spelled.size() == length && best_exact) continue;
    best = &word;
    best_exact = exact;
  }
  return best;
}

bool StartsWithWord(std::string_view text, Texts words) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return StartsAlike(text, word) && !GoesOn(text, word.size());
  });
}

// An answer to the label as a question, and nothing but marks up to the next sentence.
bool AnswersLabel(std::string_view text) {
  for (const std::string_view answer : kAnswers) {
    if (!StartsAlike(text, answer) || GoesOn(text, answer.size())) continue;
    size_t at = answer.size();
    SkipMarks(text, at, kClosings, "</");
    if (at == text.size() || !StartAmong(text.substr(at), kSeparators).empty() ||
        !StartAmong(text.substr(at), kDoubtMarks).empty()) {
      return true;
    }
  }
  return false;
}

// What the rest of a label's line makes of it.
class LabelTail {
 public:
  LabelTail(std::string_view line, size_t label_end, const LabelWord& label,
            std::span<const LabelWord> words)
      : line_(line), at_(label_end), label_(label), words_(words) {}

  void Read(LabelText& stated) {
    const size_t label_end = at_;
    SkipClosings();
    stated.decorated |= at_ < line_.size();
    if (at_ < line_.size() && !Separated(label_end)) {
      Unstate(stated);
      return;
    }
    const size_t marks = at_;
    SkipSeparators();
    stated.rest = at_;
    stated.is_alone = at_ == line_.size();
    const std::string_view rest = line_.substr(at_);
    const LabelWord* const next = WordAt(rest, words_);
    const bool other = next != nullptr && next->means != label_.means;
    const bool hedged =
        label_.means == Label::kSafe &&
        (StartsWithWord(rest, kHedges) || NamesUnsafe(rest.substr(0, rest.find('{')), words_) ||
         IsAnswerToSafe(rest.substr(0, rest.find('{')),
                        EndsSentence(line_.substr(marks, at_ - marks))));
    const bool asked = rest.starts_with("?") || rest.starts_with("？");
    if (other || hedged || asked || (next == nullptr && AnswersLabel(rest))) {
      stated = {.in_doubt = true};
    }
  }

 private:
  // Marks, but no space before a separator that wants one.
  void SkipClosings() {
    for (;;) {
      const size_t before = at_;
      if (!StartAmong(line_.substr(at_), kSpacedSeparators).empty()) return;
      if (StartsAlike(line_.substr(at_), "(") || StartsAlike(line_.substr(at_), "[")) return;
      SkipOne();
      if (at_ == before) return;
    }
  }

  void SkipOne() {
    const std::string_view rest = line_.substr(at_);
    std::string_view mark = StartAmong(rest, kMarks);
    if (mark.empty()) mark = StartAmong(rest, kClosings);
    if (mark.empty()) mark = ElementTag(rest, "</");
    at_ += mark.size();
  }

  bool Separated(size_t label_end) const {
    const std::string_view rest = line_.substr(at_);
    if (!StartAmong(rest, kDoubtMarks).empty()) return false;
    if (!StartAmong(rest, kSeparators).empty() || !StartAmong(rest, kSpacedSeparators).empty() ||
        rest.starts_with("(") || rest.starts_with("[")) {
      return true;
    }
    // "unsafe S1": a code behind a space.
    const bool spaced = at_ > label_end && line_[at_ - 1] == ' ';
    return spaced && label_.means == Label::kUnsafe && IsCodes(rest);
  }

  static bool IsCodes(std::string_view text) {
    bool digits = false;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      digits |= c >= '0' && c <= '9';
      if (c == ',' || c == ' ' || c == '\r') continue;
      const bool letter_first = IsWordByte(c) && (c < '0' || c > '9') && i + 1 < text.size() &&
                                text[i + 1] >= '0' && text[i + 1] <= '9';
      if (!letter_first && (c < '0' || c > '9')) return false;
    }
    return digits;
  }

  void SkipSeparators() {
    for (;;) {
      const size_t before = at_;
      SkipOne();
      const std::string_view rest = line_.substr(at_);
      std::string_view mark = StartAmong(rest, kSeparators);
      if (mark.empty() && (rest.starts_with("-") || rest.starts_with("–"))) {
        mark = rest.substr(0, rest.starts_with("-") ? 1 : 3);
      }
      at_ += mark.size();
      if (at_ == before) return;
    }
  }

  // Whether the marks behind the label have a full stop, and nothing that asks for more.
  static bool EndsSentence(std::string_view marks) {
    constexpr std::string_view kStops[] = {".", "!", "。", "！"};
    constexpr std::string_view kAsking[] = {":", "：", "(", "（", "[", "【", "-", "–", "—", "|"};
    const auto has = [&](Texts among) {
      return std::any_of(among.begin(), among.end(), [&](std::string_view mark) {
        return marks.find(mark) != std::string_view::npos;
      });
    };
    return has(kStops) && !has(kAsking);
  }

  // In doubt where it goes on as a question or a choice; no label at all where it goes on as text.
  void Unstate(LabelText& stated) const {
    const std::string_view rest = Trim(line_.substr(at_), kTextSpace);
    constexpr std::string_view kChoices[] = {"or", "and", "vs", "versus", "或", "还是", "和", "与"};
    const bool choice = StartsWithWord(rest, kChoices) || !StartAmong(rest, kDoubtMarks).empty();
    stated = {.in_doubt = choice};
  }

  std::string_view line_;
  size_t at_;
  const LabelWord& label_;
  std::span<const LabelWord> words_;
};

}  // namespace

std::span<const LabelWord> CommonLabelWords() { return kCommonWords; }

LabelText ReadLabelText(std::string_view text, std::span<const LabelWord> words) {
  size_t begin = 0, end = 0;
  std::string_view line;
  for (begin = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find('\n', begin), text.size());
    line = Trim(text.substr(begin, end - begin), kTextSpace);
    size_t at = 0;
    SkipMarks(line, at, kOpenings, "<");
    if (at < line.size()) break;
  }
  if (begin >= text.size()) return {};
  begin = static_cast<size_t>(line.data() - text.data());
  size_t at = 0;
  SkipMarks(line, at, kOpenings, "<");
  SkipName(line, at);
  const LabelWord* const word = WordAt(line.substr(at), words);
  if (word == nullptr) return {};
  for (const std::string_view box : {"[ ]", "[]", "( )", "()"}) {  // one that isn't ticked
    if (line.substr(0, at).find(box) != std::string_view::npos) return {.in_doubt = true};
  }
  LabelText stated = {.label = word->means, .offset = begin + at, .decorated = at > 0};
  LabelTail(line, at + Trim(word->text, kTextSpace).size(), *word, words).Read(stated);
  if (stated.label == Label::kUnparsed) return stated;
  stated.rest = stated.is_alone ? std::min(end + 1, text.size()) : begin + stated.rest;
  return stated;
}

std::string CategoryBeside(std::string_view rest) {
  constexpr size_t kMostWords = 4, kLongest = 60;
  std::string_view line = rest.substr(0, rest.find('\n'));
  size_t begin = 0;
  SkipMarks(line, begin, {}, "<");
  line.remove_prefix(begin);
  line = Trim(line, " \t\r*`\"')]");
  if (line.ends_with("）") || line.ends_with("】")) line.remove_suffix(3);
  const auto spaces = static_cast<size_t>(std::count(line.begin(), line.end(), ' '));
  constexpr std::string_view kSentence[] = {".", "!", "?", ":", "。", "！", "？", "："};
  const bool sentence =
      std::any_of(std::begin(kSentence), std::end(kSentence),
                  [&](std::string_view mark) { return line.find(mark) != std::string_view::npos; });
  return sentence || spaces >= kMostWords || line.size() > kLongest ? "" : std::string(line);
}

}  // namespace mores::format
