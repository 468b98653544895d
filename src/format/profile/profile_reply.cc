#include "format/profile/profile_reply.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "format/reply/label_text.h"
#include "format/reply/taken_back.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

constexpr size_t kLongestCategory = 120;  // code points
constexpr size_t kMostCategories = 32;
constexpr std::string_view kAroundNames = " \t\r\n*_`\"'[]";

char LowerLetter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool BeginsAlike(std::string_view text, std::string_view start) {
  return text.size() >= start.size() &&
         std::equal(start.begin(), start.end(), text.begin(),
                    [](char a, char b) { return LowerLetter(a) == LowerLetter(b); });
}

// What a line says behind `mark`, as "**Safety:** Unsafe" behind "Safety:", whatever the case and
// the marks around it; nullopt where it doesn't begin so.
std::optional<std::string_view> BehindMark(std::string_view line, std::string_view mark) {
  constexpr std::string_view kOpening = " \t\r*_#>`\"'-";
  constexpr std::string_view kClosing = "*_`\"'";
  const bool colon = mark.ends_with(':');
  if (colon) mark.remove_suffix(1);
  const size_t begin = line.find_first_not_of(kOpening);
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin);
  if (!BeginsAlike(line, mark)) return std::nullopt;
  line.remove_prefix(mark.size());
  line.remove_prefix(std::min(line.find_first_not_of(kClosing), line.size()));
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.starts_with("：")) return line.substr(std::string_view("：").size());
  if (line.starts_with(':')) return line.substr(1);
  if (colon) return std::nullopt;
  return line;
}

std::vector<LabelWord> WordsOf(const ReplyForm& form) {
  std::vector<LabelWord> words;
  for (const LabelChoice& label : form.labels) words.push_back({label.text, label.means});
  return words;
}

// A label that a text begins with, of a form whose critique goes on in the label's line.
LabelText ReadBeforeCritique(const ReplyForm& form, std::string_view text) {
  const size_t begin = std::min(text.find_first_not_of(kTextSpace), text.size());
  const LabelChoice* best = nullptr;
  for (const LabelChoice& label : form.labels) {
    const std::string_view rest = text.substr(begin);
    if (!BeginsAlike(rest, label.text)) continue;
    if (!rest.substr(label.text.size()).starts_with(form.after)) continue;
    if (best == nullptr || label.text.size() > best->text.size()) best = &label;
  }
  if (best == nullptr) return {};
  return {.label = best->means, .offset = begin, .rest = begin + best->text.size()};
}

// The label of a text that begins with one where the form has it.
LabelText ReadFormLabel(const ReplyForm& form, std::string_view text) {
  const LabelText stated = ReadLabelText(text, WordsOf(form));
  if (stated.label == Label::kUnparsed) {
    const bool goes_on = !form.after.empty() && form.after.find('\n') == std::string::npos;
    return goes_on && !stated.in_doubt ? ReadBeforeCritique(form, text) : stated;
  }
  if (stated.label != Label::kSafe || stated.is_alone) return stated;
  const std::string_view tail = Trim(form.after, kTextSpace);
  const bool goes_on = !tail.empty() && form.after.find('\n') == std::string::npos;
  return goes_on ? stated : LabelText{.in_doubt = true};
}

// Where what follows the label begins, without what the form has between.
std::string_view RestOf(const ReplyForm& form, std::string_view answer, size_t begin) {
  std::string_view rest = answer.substr(std::min(begin, answer.size()));
  if (rest.starts_with(form.after)) return rest.substr(form.after.size());
  const std::string_view after = Trim(form.after, kTextSpace);
  const std::string_view trimmed =
      rest.substr(std::min(rest.find_first_not_of(kTextSpace), rest.size()));
  return !after.empty() && trimmed.starts_with(after) ? trimmed.substr(after.size()) : trimmed;
}

StatedLabel ReadFirstLine(const ReplyForm& form, std::string_view answer) {
  const LabelText label = ReadFormLabel(form, answer);
  if (label.label == Label::kUnparsed) return {.in_doubt = label.in_doubt};
  const std::string_view rest = RestOf(form, answer, label.rest);
  if (label.label == Label::kSafe && TakesBackSafe(rest, WordsOf(form))) {
    return {.in_doubt = true};
  }
  return {.label = label.label, .offset = label.offset, .rest = rest, .decorated = label.decorated};
}

// Whether a line without the mark takes a label that means safe back: "Final Safety: Unsafe".
// Before the label at byte `label` a critique may stand, which speaks of what it likes.
bool TakenBackBeside(const ReplyForm& form, std::string_view answer, std::string_view mark,
                     size_t label) {
  constexpr size_t kShort = 60;  // bytes: no line of a critique
  const std::vector<LabelWord> words = WordsOf(form);
  const std::string_view after = Trim(form.after, kTextSpace);
  bool in_critique = false;  // behind the form's own mark, prose that speaks of what it likes
  for (size_t begin = 0, end = 0; begin < answer.size(); begin = end + 1) {
    end = std::min(answer.find('\n', begin), answer.size());
    const std::string_view line = answer.substr(begin, end - begin);
    if (BehindMark(line, mark)) continue;
    in_critique |= begin > label && !after.empty() && Trim(line, kTextSpace).starts_with(after);
    const bool states = ReadLabelText(line, words).label == Label::kUnsafe;
    const bool may_state = in_critique     ? false
                           : begin > label ? TakesBackSafe(line, words)
                                           : line.size() <= kShort && NamesUnsafe(line, words);
    if (states || may_state) return true;
  }
  return false;
}

StatedLabel ReadMarkedLines(const ReplyForm& form, std::string_view answer, std::string_view mark) {
  StatedLabel stated;
  bool found = false;
  for (size_t begin = 0, end = 0; begin < answer.size(); begin = end + 1) {
    end = std::min(answer.find('\n', begin), answer.size());
    const auto behind = BehindMark(answer.substr(begin, end - begin), mark);
    if (!behind) continue;
    // Where the mark has its line for itself, the label stands on the next.
    const auto at = static_cast<size_t>(behind->data() - answer.data());
    const bool blank = behind->find_first_not_of(kAroundNames) == std::string_view::npos;
    const LabelText label = ReadFormLabel(form, blank ? answer.substr(at) : *behind);
    if (found && label.label != stated.label) return {.in_doubt = true};
    if (label.label == Label::kUnparsed) return {.in_doubt = label.in_doubt};
    if (!found) {
      stated.label = label.label;
      stated.rest = RestOf(form, answer, at + label.rest);
      stated.decorated = label.decorated && at + label.offset != begin;
    }
    stated.offset = at + label.offset;
    found = true;
  }
  if (stated.label == Label::kSafe && TakenBackBeside(form, answer, mark, stated.offset))
    return {.in_doubt = true};
  return stated;
}

// "S1", "s10", "O3": a code of a category.
bool IsCode(std::string_view name) {
  const size_t letters = name.find_first_of("0123456789");
  return letters != std::string_view::npos && letters >= 1 && letters <= 2 && name.size() <= 4 &&
         std::all_of(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(letters),
                     [](char c) { return LowerLetter(c) >= 'a' && LowerLetter(c) <= 'z'; }) &&
         name.find_first_not_of("0123456789", letters) == std::string_view::npos;
}

bool IsNone(std::string_view name) {
  constexpr std::string_view kNone[] = {"none", "n/a", "na", "null", "-", "无", "没有"};
  return std::any_of(std::begin(kNone), std::end(kNone), [&](std::string_view none) {
    return name.size() == none.size() && BeginsAlike(name, none);
  });
}

std::vector<std::string_view> SplitNames(std::string_view line) {
  constexpr std::string_view kSeparators[] = {",", "，", "、", ";", "；"};
  std::vector<std::string_view> names;
  size_t begin = 0;
  for (size_t at = 0; at <= line.size();) {
    size_t width = at == line.size() ? 1 : 0;
    for (const std::string_view separator : kSeparators) {
      if (line.substr(at).starts_with(separator)) width = separator.size();
    }
    if (width == 0) {
      ++at;
      continue;
    }
    std::string_view name = Trim(line.substr(begin, at - begin), kAroundNames);
    if (name.starts_with("- ") || name.starts_with("• "))
      name.remove_prefix(name[0] == '-' ? 2 : 4);
    if (name.ends_with('.')) name.remove_suffix(1);
    names.push_back(Trim(name, kAroundNames));
    begin = at += width;
  }
  return names;
}

bool AreCodes(std::span<const std::string_view> names) {
  return std::all_of(names.begin(), names.end(),
                     [](std::string_view name) { return name.empty() || IsCode(name); });
}

// Short names, as categories have them; no sentence.
bool AreNames(std::span<const std::string_view> names) {
  constexpr std::ptrdiff_t kMostSpaces = 4;
  return std::all_of(names.begin(), names.end(), [](std::string_view name) {
    return std::count(name.begin(), name.end(), ' ') <= kMostSpaces &&
           name.find_first_of(".!?:") == std::string_view::npos;
  });
}

class CategoryList {
 public:
  void Add(std::span<const std::string_view> names) {
    for (const std::string_view name : names) {
      if (name.empty() || IsNone(name) || names_.size() == kMostCategories) continue;
      if (text::CountCodePoints(name) > kLongestCategory) continue;
      std::string one(name);
      if (IsCode(name)) {
        std::transform(one.begin(), one.end(), one.begin(), [](char c) {
          return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        });
      }
      const bool known = std::any_of(names_.begin(), names_.end(), [&](const std::string& other) {
        return other.size() == one.size() && BeginsAlike(other, one);
      });
      if (!known) names_.push_back(std::move(one));
    }
  }

  std::optional<std::string> Joined() const {
    if (names_.empty()) return std::nullopt;
    const bool codes =
        std::all_of(names_.begin(), names_.end(), [](const std::string& n) { return IsCode(n); });
    return fmt::format("{}", fmt::join(names_, codes ? "," : ", "));
  }

 private:
  std::vector<std::string> names_;
};

// The lines of `rest` up to the first that is no list of names; of a label that means safe they
// must be codes: a critique may stand there.
void AddFirstLines(std::string_view rest, Label label, CategoryList& list) {
  bool first = true;
  for (size_t begin = 0, end = 0; begin < rest.size(); begin = end + 1) {
    end = std::min(rest.find('\n', begin), rest.size());
    const auto names = SplitNames(rest.substr(begin, end - begin));
    if (names.size() == 1 && names[0].empty()) {
      if (first) continue;
      return;
    }
    const bool wanted = label == Label::kUnsafe ? first || AreNames(names) : AreCodes(names);
    if (!wanted) return;
    list.Add(names);
    first = false;
  }
}

void AddMarkedLines(std::string_view rest, std::string_view mark, CategoryList& list) {
  bool listed = false;  // below a mark with a line for itself
  for (size_t begin = 0, end = 0; begin < rest.size(); begin = end + 1) {
    end = std::min(rest.find('\n', begin), rest.size());
    const std::string_view line = rest.substr(begin, end - begin);
    if (const auto behind = BehindMark(line, mark)) {
      const auto names = SplitNames(*behind);
      listed = names.size() == 1 && names[0].empty();
      list.Add(names);
      continue;
    }
    if (!listed) continue;
    const auto names = SplitNames(line);
    listed = AreNames(names);
    if (listed) list.Add(names);
  }
}

// As the list of the form has what was said; else what was said.
std::string MeantCategory(const ReplyForm& form, const std::string& said) {
  const std::string_view first = std::string_view(said).substr(0, said.find(','));
  for (const CategoryChoice& choice : form.categories) {
    const bool same = choice.text.size() == first.size() && BeginsAlike(first, choice.text);
    if (same) return std::string(Name(choice.means));
  }
  return said;
}

}  // namespace

StatedLabel ReadFormReply(const ReplyForm& form, std::string_view answer) {
  const std::string_view mark = Trim(form.before, kTextSpace);
  return mark.empty() ? ReadFirstLine(form, answer) : ReadMarkedLines(form, answer, mark);
}

std::optional<std::string> ReadFormCategories(const ReplyForm& form, std::string_view rest,
                                              Label label) {
  if (!form.category || label == Label::kUnparsed) return std::nullopt;
  const std::string_view mark = Trim(*form.category, kTextSpace);
  CategoryList list;
  if (mark.empty()) {
    AddFirstLines(rest, label, list);
  } else {
    AddMarkedLines(rest, mark, list);
  }
  std::optional<std::string> said = list.Joined();
  if (form.categories.empty() || !said) return said;
  if (label == Label::kSafe) return std::nullopt;
  return MeantCategory(form, *said);
}

std::string_view ReadFormCritique(const ReplyForm& form, std::string_view rest) {
  if (form.categories.empty()) return rest;
  const std::string_view text =
      rest.substr(std::min(rest.find_first_not_of(kTextSpace), rest.size()));
  const size_t end = std::min(text.find('\n'), text.size());
  if (!BehindMark(text.substr(0, end), Trim(*form.category, kTextSpace))) return rest;
  return RestOf(form, text, end);
}

}  // namespace mores::format
