// What takes a critique apart into atomic information units (AIUs) and rules over each: a language
// model, or the lexical baseline. Source: SAFETY-J (arXiv 2407.17075), section 4.
#ifndef MORES_META_AIU_JUDGE_H_
#define MORES_META_AIU_JUDGE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "chat/chat_model.h"
#include "format/dialogue.h"
#include "text/language.h"

namespace mores::meta {

// One critique to be measured, and the AIUs of the reference critique of its dialogue.
struct CritiqueItem {
  std::string id;
  format::Dialogue dialogue;
  std::string critique;
  std::vector<std::string> reference_aius;
  text::Language lang = text::Language::kOther;  // of the dialogue
};

enum class RulingOutcome { kCorrect, kIncorrect, kUnparsed };
struct Ruling {
  RulingOutcome outcome = RulingOutcome::kUnparsed;
  std::string analysis;  // why; for kUnparsed what was wrong with the reply
  // Set where the request itself failed: that is no ruling, and fails its item.
  std::optional<Error> failure;
};
std::string_view Name(RulingOutcome outcome);  // "correct", "incorrect", "unparsed"

// An AIU of an item, to be ruled over.
struct Claim {
  const CritiqueItem* item = nullptr;
  std::string_view aiu;
};

// One caller at a time. Rulings of an item do not depend on what else is in the call.
class AiuJudge {
 public:
  virtual ~AiuJudge() = default;
  // "lexical-baseline", or the model's name.
  virtual std::string name() const = 0;
  // Everything that shapes rulings: for the fingerprint of a run.
  virtual Json fingerprint() const = 0;

  // The AIUs of each item's critique, in order, none of them blank; none for a blank critique. A
  // reply that can't be read is an error of its item of kInput, a request that failed one of any
  // other kind; an error of the call is the model's.
  virtual Expected<std::vector<Expected<std::vector<std::string>>>> Extract(
      std::span<const CritiqueItem* const> items) = 0;
  // Whether each claim holds given its item's dialogue.
  virtual Expected<std::vector<Ruling>> RuleOnPrecision(std::span<const Claim> claims) = 0;
  // Whether each claim, of the reference, is stated by its item's critique.
  virtual Expected<std::vector<Ruling>> RuleOnRecall(std::span<const Claim> claims) = 0;
};

// No model: sentences as AIUs, lexical entailment that sees negation (text/lexical_text.h). A
// baseline: it knows words, not meanings. Its rulings over precision say no more than whether the
// dialogue's words bear the claim's.
inline constexpr std::string_view kLexicalJudgeName = "lexical-baseline";
std::unique_ptr<AiuJudge> MakeLexicalJudge();

// Asks `model` the tasks aiu_extraction, aiu_precision and aiu_recall, one AIU a request, greedily.
// `model` must outlive it.
std::unique_ptr<AiuJudge> MakeChatJudge(chat::ChatModel& model);

}  // namespace mores::meta

#endif  // MORES_META_AIU_JUDGE_H_
