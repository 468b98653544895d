#include "curate/critique_checks.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/random.h"
#include "curate/critique_claim.h"
#include "text/lexical_text.h"
#include "text/segmentation.h"
#include "text/unicode.h"

namespace mores::curate {
namespace {

constexpr size_t kLeastTerms = 2;    // of the dialogue
constexpr double kMostShared = 0.4;  // of 5-grams
constexpr size_t kGram = 5;

// 5-grams of words; of Chinese, of characters.
data::GramSet GramsOf(std::string_view text, text::Language language) {
  if (language == text::Language::kChinese) return data::GramsOfText(text);
  std::vector<uint64_t> words;
  for (const text::WordSpan& span : text::WordSpans(text)) {
    words.push_back(
        HashBytes(text::NormalizeForMatch(text.substr(span.begin, span.end - span.begin))));
  }
  data::GramSet grams;
  for (size_t i = 0; i < words.size() && (i == 0 || i + kGram <= words.size()); ++i) {
    uint64_t hash = 0;
    for (size_t k = i; k < std::min(i + kGram, words.size()); ++k) hash = MixBits(hash ^ words[k]);
    grams.push_back(hash);
  }
  std::sort(grams.begin(), grams.end());
  grams.erase(std::unique(grams.begin(), grams.end()), grams.end());
  return grams;
}

double SharedPart(const data::GramSet& critique, const data::GramSet& other) {
  if (critique.empty()) return 0;
  return static_cast<double>(data::CountShared(critique, other)) /
         static_cast<double>(critique.size());
}

bool SaysOtherLabel(std::string_view critique, const Record& record, format::Label label) {
  const Claim claim = ReadClaim(critique, record.lang);
  return label == format::Label::kUnsafe ? claim.safe && !claim.unsafe
                                         : claim.unsafe && !claim.safe;
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
  if (SaysOtherLabel(critique, record, label)) return "other_label";
  if (!SpeaksOf(critique, record.dialogue)) return "not_of_dialogue";
  const data::GramSet grams = GramsOf(critique, record.lang);
  for (const format::Turn& turn : record.dialogue.turns) {
    if (SharedPart(grams, GramsOf(turn.content, record.lang)) >= kMostShared)
      return "copies_dialogue";
  }
  if (!kept_[static_cast<size_t>(record.lang)].AddUnlessCopy(grams)) return "copies_another";
  return std::nullopt;
}

bool CritiqueChecks::Kept::AddUnlessCopy(const data::GramSet& grams) {
  std::unordered_map<size_t, size_t> shared;
  const double most = kMostShared * static_cast<double>(grams.size());
  for (const uint64_t gram : grams) {
    const auto found = critiques_with_.find(gram);
    if (found == critiques_with_.end()) continue;
    for (const size_t critique : found->second) {
      if (static_cast<double>(++shared[critique]) >= most) return false;
    }
  }
  for (const uint64_t gram : grams) critiques_with_[gram].push_back(count_);
  ++count_;
  return true;
}

}  // namespace mores::curate
