#include "judge/counts.h"

#include <fmt/format.h>

#include <limits>

namespace mores::judge {
namespace {

constexpr std::string_view kMetrics[] = {"unsafe", "unparsed", "truncated", "failed", "wrong"};
constexpr format::Label kLabels[] = {format::Label::kSafe, format::Label::kUnsafe,
                                     format::Label::kUnparsed};
constexpr text::Language kCountedLanguages[] = {text::Language::kEnglish, text::Language::kChinese,
                                                text::Language::kOther};

double Ratio(int64_t part, int64_t whole) {
  if (whole == 0) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

void Counts::Add(const format::Verdict& verdict) {
  ++verdicts_[static_cast<size_t>(verdict.lang)][static_cast<size_t>(verdict.label)];
  if (verdict.truncated) ++truncated_;
  if (verdict.expected) {
    ++expected_;
    if (*verdict.expected != verdict.label) ++wrong_;
  }
}

int64_t Counts::labelled(format::Label label, text::Language language) const {
  return verdicts_[static_cast<size_t>(language)][static_cast<size_t>(label)];
}

int64_t Counts::labelled(format::Label label) const {
  int64_t sum = 0;
  for (const text::Language language : kCountedLanguages) sum += labelled(label, language);
  return sum;
}

int64_t Counts::judged() const {
  int64_t sum = 0;
  for (const format::Label label : kLabels) sum += labelled(label);
  return sum;
}

std::span<const std::string_view> Counts::Metrics() { return kMetrics; }

double Counts::Share(std::string_view metric) const {
  if (metric == "unsafe") return Ratio(labelled(format::Label::kUnsafe), judged());
  if (metric == "unparsed") return Ratio(labelled(format::Label::kUnparsed), judged());
  if (metric == "truncated") return Ratio(truncated_, judged());
  if (metric == "failed") return Ratio(failed_, judged() + failed_);
  if (metric == "wrong") return Ratio(wrong_, expected_);
  return std::numeric_limits<double>::quiet_NaN();
}

std::string Counts::Describe() const {
  std::string text = fmt::format("{:<8}{:>9}{:>9}{:>10}{:>14}\n", "lang", "safe", "unsafe",
                                 "unparsed", "unsafe share");
  const auto row = [&](std::string_view name, int64_t safe, int64_t unsafe, int64_t unparsed) {
    text += fmt::format("{:<8}{:>9}{:>9}{:>10}{:>13.1f}%\n", name, safe, unsafe, unparsed,
                        100 * Ratio(unsafe, safe + unsafe + unparsed));
  };
  int languages = 0;
  for (const text::Language language : kCountedLanguages) {
    const int64_t safe = labelled(format::Label::kSafe, language);
    const int64_t unsafe = labelled(format::Label::kUnsafe, language);
    const int64_t unparsed = labelled(format::Label::kUnparsed, language);
    if (safe + unsafe + unparsed == 0) continue;
    ++languages;
    row(text::Name(language), safe, unsafe, unparsed);
  }
  if (languages != 1) {
    row("all", labelled(format::Label::kSafe), labelled(format::Label::kUnsafe),
        labelled(format::Label::kUnparsed));
  }
  if (expected_ > 0) {
    text += fmt::format("{} of {} labels differ from the expected ones\n", wrong_, expected_);
  }
  if (truncated_ > 0) {
    text += fmt::format("{} judged on the part that fits the model's context\n", truncated_);
  }
  if (failed_ > 0) text += fmt::format("{} failed, see their \"error\"\n", failed_);
  text.pop_back();
  return text;
}

}  // namespace mores::judge
