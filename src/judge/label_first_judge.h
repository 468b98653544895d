// Our own engine as a judge: the label by threshold on the probabilities of the whole label
// strings, then a critique generated after that label, in one pass over the prompt.
#ifndef MORES_JUDGE_LABEL_FIRST_JUDGE_H_
#define MORES_JUDGE_LABEL_FIRST_JUDGE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "chat/language_model.h"
#include "format/profile/judge_profile.h"
#include "format/profile/reply_tokens.h"
#include "judge/judge.h"

namespace mores::judge {

// Immutable but for the model, which decides about threads; one caller at a time.
class LabelFirstJudge : public Judge {
 public:
  // kUnsupported when the model's context is too short for a prompt, or the options ask for the
  // critique first.
  static Expected<std::unique_ptr<LabelFirstJudge>> Create(
      std::unique_ptr<chat::LanguageModel> model, JudgeOptions options);
  // With the profile given, whatever the options' config names.
  static Expected<std::unique_ptr<LabelFirstJudge>> Create(
      std::unique_ptr<chat::LanguageModel> model, std::unique_ptr<format::JudgeProfile> profile,
      JudgeOptions options);

  // Safe to call from several threads at once.
  Expected<format::PromptTokens> Prompt(const format::Dialogue& dialogue) const;

  Expected<std::vector<Expected<format::Verdict>>> JudgeBatch(
      std::span<const format::Dialogue* const> dialogues) override {
    return JudgeDialogues(dialogues, options_.reply);
  }
  // The same with prompts that were made before, one a dialogue.
  Expected<std::vector<Expected<format::Verdict>>> JudgePrompts(
      std::span<const format::Dialogue* const> dialogues,
      std::span<const format::PromptTokens> prompts) {
    return JudgePrompts(dialogues, prompts, options_.reply);
  }

  // Longest prompts fit their batches by their tokens; dialogues that begin alike are neighbours.
  Expected<std::unique_ptr<JudgePlan>> Plan(const std::vector<format::Dialogue>& dialogues,
                                            const PlanOptions& options) override;

  // Asks once for each guideline shown, all in one call, so that what their prompts begin with is
  // computed once. Those that make the dialogue unsafe are cited, the likeliest first, and the
  // critique is that of the first.
  Expected<std::vector<Expected<PlaceAnswer>>> AskInPlaces(
      std::span<const PlaceQuestion> questions) override;
  Status CheckPlaces() const override;

  std::string model_name() const override { return model_->name(); }
  std::string prompt_name(const format::Dialogue& dialogue) const override {
    return PromptName(profile_->name(), dialogue);
  }
  std::string prompt_hash() const override { return profile_->prompt_hash(); }
  bool runs_locally() const override { return true; }
  std::optional<chat::Computation> computation() const override { return model_->computation(); }
  bool trained_with_rules() const override;
  bool trained_with_guidelines() const override;
  chat::ChatTotals totals() const override { return totals_; }
  Json Fingerprint() const override;
  const format::JudgeProfile& profile() const { return *profile_; }
  int max_prompt_tokens() const { return max_prompt_tokens_; }

 private:
  explicit LabelFirstJudge(JudgeOptions options) : Judge(std::move(options)) {}
  const format::ReplyTokens& form(text::Language language) const {
    return replies_[static_cast<size_t>(language)];
  }
  using Verdicts = std::vector<Expected<format::Verdict>>;
  Expected<Verdicts> JudgeDialogues(std::span<const format::Dialogue* const> dialogues,
                                    Reply reply);
  Expected<Verdicts> JudgePrompts(std::span<const format::Dialogue* const> dialogues,
                                  std::span<const format::PromptTokens> prompts, Reply reply);
  // `prompt`: what is decided after. The item points into its arguments.
  engine::DecideItem Item(const format::Dialogue& dialogue, std::span<const int32_t> prompt,
                          Reply reply) const;
  // Of a verdict whose p_unsafe is there: scores by category, and of an unsafe label the likeliest.
  void AddCategories(const engine::Decided& result, format::Verdict& verdict) const;
  format::Verdict MakeVerdict(const format::Dialogue& dialogue, const format::PromptTokens& prompt,
                              const engine::Decided& result, Reply reply) const;

  std::unique_ptr<chat::LanguageModel> model_;
  chat::ChatTotals totals_;
  std::unique_ptr<format::JudgeProfile> profile_;
  format::ReplyTokens replies_[3];  // by text::Language
  int max_prompt_tokens_ = 0;
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_LABEL_FIRST_JUDGE_H_
