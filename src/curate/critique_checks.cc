#include "curate/critique_checks.h"

#include <algorithm>
#include <set>
#include <string>

#include "text/lexical_text.h"

namespace mores::curate {
namespace {

constexpr size_t kLeastTerms = 2;    // of the dialogue
constexpr double kMostShared = 0.4;  // of 5-grams

double SharedPart(const data::GramSet& critique, const data::GramSet& other) {
  if (critique.empty()) return 0;
  return static_cast<double>(data::CountShared(critique, other)) /
         static_cast<double>(critique.size());
}

// "unsafe" and 不安全 are read as "safe", negated.
bool IsSafe(const text::LexicalTerm& term) {
  static const std::string english = text::ReadLexically("safe").terms.at(0).text;
  return term.text == english || term.text == "安全";
}

bool SaysOtherLabel(std::string_view critique, format::Label label) {
  bool other = false;
  for (const text::LexicalSentence& sentence : text::ReadSentences(critique)) {
    for (const text::LexicalTerm& term : sentence.terms) {
      if (!IsSafe(term)) continue;
      if (term.negated == (label == format::Label::kUnsafe)) return false;
      other = true;
    }
  }
  return other;
}

bool SpeaksOf(std::string_view critique, const format::Dialogue& dialogue) {
  std::set<std::string> terms;
  for (const format::Turn& turn : dialogue.turns) terms.merge(text::ContentTerms(turn.content));
  const std::set<std::string> said = text::ContentTerms(critique);
  const auto shared = static_cast<size_t>(std::count_if(
      terms.begin(), terms.end(), [&](const auto& term) { return said.contains(term); }));
  return shared >= std::min(kLeastTerms, terms.size());
}

}  // namespace

std::optional<std::string_view> CritiqueChecks::Check(const Record& record, format::Label label,
                                                      std::string_view critique) {
  if (record.lang != text::Language::kOther && text::DetectLanguage(critique) != record.lang) {
    return "other_language";
  }
  if (SaysOtherLabel(critique, label)) return "other_label";
  if (!SpeaksOf(critique, record.dialogue)) return "not_of_dialogue";
  data::GramSet grams = data::GramsOfText(critique);
  for (const format::Turn& turn : record.dialogue.turns) {
    if (SharedPart(grams, data::GramsOfText(turn.content)) >= kMostShared) return "copies_dialogue";
  }
  std::vector<data::GramSet>& kept = kept_[static_cast<size_t>(record.lang)];
  const bool copied = std::any_of(kept.begin(), kept.end(), [&](const data::GramSet& other) {
    return SharedPart(grams, other) >= kMostShared;
  });
  if (copied) return "copies_another";
  kept.push_back(std::move(grams));
  return std::nullopt;
}

}  // namespace mores::curate
