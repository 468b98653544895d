// The lexical baseline (MakeLexicalJudge in meta/aiu_judge.h).
#include <utility>

#include "meta/aiu_judge.h"
#include "text/lexical_text.h"
#include "text/sentences.h"

namespace mores::meta {
namespace {

using text::Entailment;
using text::EntailmentOptions;
using text::LexicalSentence;
using text::ReadLexically;
using text::ReadSentences;

// Raised whenever a ruling may come out otherwise.
constexpr int kVersion = 1;
// A clear majority of a claim's words, within what two or three sentences say together. A claim
// judges the dialogue in words of its own, so less is asked of that.
constexpr EntailmentOptions kByCritique = {.threshold = 0.65, .window = 2};
constexpr EntailmentOptions kByDialogue = {.threshold = 0.5, .window = 4};

std::string DescribeClaim(const Entailment& entailment, std::string_view source) {
  if (entailment.sentences == 0) return fmt::format("no word of it is in the {}", source);
  const size_t first = entailment.first_sentence + 1;
  const size_t last = first + entailment.sentences - 1;
  return fmt::format("{} of the {} has {:.0f} % of its words{}",
                     first == last ? fmt::format("sentence {}", first)
                                   : fmt::format("sentences {} to {}", first, last),
                     source, 100 * entailment.coverage,
                     entailment.contradicted ? ", with another negation" : "");
}

class LexicalJudge : public AiuJudge {
 public:
  std::string name() const override { return std::string(kLexicalJudgeName); }

  Json fingerprint() const override { return {{"judge", name()}, {"version", kVersion}}; }

  Expected<std::vector<Expected<std::vector<std::string>>>> Extract(
      std::span<const CritiqueItem* const> items) override {
    std::vector<Expected<std::vector<std::string>>> extracted;
    for (const CritiqueItem* item : items) {
      const std::vector<std::string_view> sentences = text::Sentences(item->critique);
      extracted.push_back(std::vector<std::string>(sentences.begin(), sentences.end()));
    }
    return extracted;
  }

  Expected<std::vector<Ruling>> RuleOnPrecision(std::span<const Claim> claims) override {
    return Rule(claims, kByDialogue, "dialogue", [](const CritiqueItem& item) {
      std::vector<LexicalSentence> sentences;
      for (const format::Turn& turn : item.dialogue.turns) {
        for (LexicalSentence& sentence : ReadSentences(turn.content)) {
          sentences.push_back(std::move(sentence));
        }
      }
      return sentences;
    });
  }

  Expected<std::vector<Ruling>> RuleOnRecall(std::span<const Claim> claims) override {
    return Rule(claims, kByCritique, "critique",
                [](const CritiqueItem& item) { return ReadSentences(item.critique); });
  }

 private:
  // `source_of` gives the sentences that must bear an item's claims out.
  template <class SourceOf>
  std::vector<Ruling> Rule(std::span<const Claim> claims, const EntailmentOptions& options,
                           std::string_view source_name, const SourceOf& source_of) const {
    std::vector<Ruling> rulings;
    rulings.reserve(claims.size());
    const CritiqueItem* item = nullptr;
    std::vector<LexicalSentence> source;
    for (const Claim& claim : claims) {
      if (claim.item != item) source = source_of(*claim.item);
      item = claim.item;
      const Entailment entailment = Entails(source, ReadLexically(claim.aiu), options);
      rulings.push_back({entailment.entailed ? RulingOutcome::kCorrect : RulingOutcome::kIncorrect,
                         DescribeClaim(entailment, source_name)});
    }
    return rulings;
  }
};

}  // namespace

std::unique_ptr<AiuJudge> MakeLexicalJudge() { return std::make_unique<LexicalJudge>(); }

}  // namespace mores::meta
