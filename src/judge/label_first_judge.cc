#include "judge/label_first_judge.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"
#include "base/exact_math.h"
#include "format/rules.h"
#include "format/sft.h"
#include "judge/places/place_text.h"
#include "judge/places/unshown_text.h"

namespace mores::judge {
namespace {

constexpr text::Language kLanguages[] = {text::Language::kEnglish, text::Language::kChinese,
                                         text::Language::kOther};
struct LabelMass {
  double p_raw;       // P(unsafe) / (P(safe) + P(unsafe))
  double p_unsafe;    // the same, calibrated where the judge has a calibration
  double other_mass;  // 1 - P(safe) - P(unsafe)
};

LabelMass MassOf(const std::vector<format::Label>& means, std::span<const double> choice_logprobs,
                 const std::optional<format::Calibration>& calibration) {
  const double safe = format::LogMassOf(format::Label::kSafe, means, choice_logprobs);
  const double unsafe = format::LogMassOf(format::Label::kUnsafe, means, choice_logprobs);
  LabelMass mass = {.p_raw = 1.0 / (1.0 + ExactExp(safe - unsafe)),
                    .other_mass = std::clamp(1.0 - ExactExp(safe) - ExactExp(unsafe), 0.0, 1.0)};
  mass.p_unsafe = mass.p_raw;
  if (calibration) {
    const double logit = (unsafe - safe - calibration->bias) / calibration->temperature;
    mass.p_unsafe = 1.0 / (1.0 + ExactExp(-logit));
  }
  return mass;
}

// Each one's share of what all of them have together.
std::vector<double> SharesOf(std::span<const double> logprobs) {
  const double most = *std::max_element(logprobs.begin(), logprobs.end());
  std::vector<double> shares;
  double sum = 0;
  for (const double log : logprobs) {
    shares.push_back(ExactExp(log - most));
    sum += shares.back();
  }
  for (double& share : shares) share /= sum;
  return shares;
}

bool SaysItsTraining(const format::JudgeConfig& config, const format::JudgeProfile& profile) {
  return profile.name() == format::JudgeConfig().profile || !config.prompt_hash.empty();
}

// The likeliest choice that means `label`; -1 for none.
int ChoiceOf(format::Label label, const std::vector<format::Label>& means,
             std::span<const double> choice_logprobs) {
  int best = -1;
  for (size_t i = 0; i < means.size(); ++i) {
    if (means[i] != label) continue;
    if (best < 0 || choice_logprobs[i] > choice_logprobs[static_cast<size_t>(best)]) {
      best = static_cast<int>(i);
    }
  }
  return best;
}

}  // namespace

Expected<std::unique_ptr<LabelFirstJudge>> LabelFirstJudge::Create(
    std::unique_ptr<chat::LanguageModel> model, JudgeOptions options) {
  MORES_ASSIGN_OR_RETURN(auto profile, format::FindJudgeProfile(options.config.profile));
  return Create(std::move(model), std::move(profile), std::move(options));
}

Expected<std::unique_ptr<LabelFirstJudge>> LabelFirstJudge::Create(
    std::unique_ptr<chat::LanguageModel> model, std::unique_ptr<format::JudgeProfile> profile,
    JudgeOptions options) {
  if (options.order != Order::kLabelFirst) {
    return MakeError(ErrorKind::kUnsupported, "{}: our engine decides the label first",
                     model->name());
  }
  options.config.context_length = std::min(options.config.context_length, model->context_length());
  std::unique_ptr<LabelFirstJudge> judge(new LabelFirstJudge(std::move(options)));
  judge->profile_ = std::move(profile);
  const text::Tokenizer& tokenizer = model->tokenizer();
  for (const text::Language language : kLanguages) {
    format::ReplyTokens& reply = judge->replies_[static_cast<size_t>(language)];
    reply = format::EncodeReply(judge->profile_->form(language), tokenizer);
    MORES_RETURN_IF_ERROR(format::CheckLabelsApart(reply, model->name()));
  }
  judge->max_prompt_tokens_ =
      format::MaxPromptTokens(judge->options_.config, *judge->profile_, tokenizer);
  judge->model_ = std::move(model);
  // Asks once for a short prompt, so that a model that can't be asked is one error, not many.
  const format::Dialogue shortest = {
      .turns = {{format::Role::kUser, "a"}, {format::Role::kAssistant, "a"}}};
  MORES_RETURN_IF_ERROR(judge->Prompt(shortest));
  return judge;
}

Json LabelFirstJudge::Fingerprint() const {
  Json fingerprint = Judge::Fingerprint();
  fingerprint["max_prompt_tokens"] = max_prompt_tokens_;
  if (const auto computed = computation()) fingerprint.update(chat::ToJson(*computed));
  return fingerprint;
}

// What a model was trained with is known from judge.json alone, and of our own form, which nobody
// else knows.
bool LabelFirstJudge::trained_with_rules() const {
  return !SaysItsTraining(options_.config, *profile_) || options_.config.follows_rules;
}

bool LabelFirstJudge::trained_with_guidelines() const {
  return !SaysItsTraining(options_.config, *profile_) || options_.config.uses_guidelines;
}

Expected<format::PromptTokens> LabelFirstJudge::Prompt(const format::Dialogue& dialogue) const {
  format::Dialogue copy;
  return profile_->Tokenize(Shown(dialogue, copy), model_->tokenizer(), max_prompt_tokens_);
}

Expected<LabelFirstJudge::Verdicts> LabelFirstJudge::JudgeDialogues(
    std::span<const format::Dialogue* const> dialogues, Reply reply) {
  std::vector<const format::Dialogue*> asked;
  std::vector<format::PromptTokens> prompts;
  std::vector<std::optional<Error>> refused(dialogues.size());
  for (size_t i = 0; i < dialogues.size(); ++i) {
    Expected<format::PromptTokens> prompt = Prompt(*dialogues[i]);
    if (prompt) {
      asked.push_back(dialogues[i]);
      prompts.push_back(std::move(*prompt));
    } else {
      refused[i] = std::move(prompt.error());
    }
  }
  MORES_ASSIGN_OR_RETURN(auto judged, JudgePrompts(asked, prompts, reply));
  Verdicts verdicts;
  auto next = judged.begin();
  for (std::optional<Error>& error : refused) {
    if (error) {
      verdicts.push_back(tl::unexpected<Error>(std::move(*error)));
    } else {
      verdicts.push_back(std::move(*next++));
    }
  }
  return verdicts;
}

engine::DecideItem LabelFirstJudge::Item(const format::Dialogue& dialogue,
                                         std::span<const int32_t> prompt, Reply reply) const {
  const text::Language language = format::LanguageOf(dialogue);
  const format::ReplyTokens& form = this->form(language);
  engine::DecideItem item{.id = dialogue.id, .prompt = prompt, .choices = form.choices};
  item.decide = [&form, &config = options_.config, language](std::span<const double> logprobs) {
    const LabelMass mass = MassOf(form.means, logprobs, config.calibration(language));
    const int choice =
        ChoiceOf(format::Decide(mass.p_unsafe, mass.other_mass, config.threshold(language)),
                 form.means, logprobs);
    return choice >= 0 && form.ends[static_cast<size_t>(choice)] ? -1 : choice;
  };
  item.separator = form.separator;
  item.reply_bound = static_cast<int64_t>(form.longest()) + options_.config.max_critique_tokens;
  item.sampling.max_new_tokens =
      reply == Reply::kLabelOnly ? 0 : options_.config.max_critique_tokens;
  // A critique stands behind its category, told or not.
  const bool tells =
      options_.category_scores == CategoryScores::kTold && dialogue.guideline.empty();
  if (!form.categories.empty() && (tells || reply != Reply::kLabelOnly)) {
    item.next = {.after = form.ChoiceThatMeans(format::Label::kUnsafe),
                 .lead = form.category_lead,
                 .choices = form.categories};
  }
  return item;
}

Expected<LabelFirstJudge::Verdicts> LabelFirstJudge::JudgePrompts(
    std::span<const format::Dialogue* const> dialogues,
    std::span<const format::PromptTokens> prompts, Reply reply) {
  MORES_CHECK(dialogues.size() == prompts.size());
  std::vector<std::vector<int32_t>> asked;  // the prompts, and what leads to the label
  for (size_t i = 0; i < dialogues.size(); ++i) {
    const std::vector<int32_t>& lead = form(format::LanguageOf(*dialogues[i])).lead;
    asked.push_back(prompts[i].ids);
    asked.back().insert(asked.back().end(), lead.begin(), lead.end());
  }
  std::vector<engine::DecideItem> items;
  for (size_t i = 0; i < dialogues.size(); ++i) {
    items.push_back(Item(*dialogues[i], asked[i], reply));
  }
  MORES_ASSIGN_OR_RETURN(auto results, model_->Decide(items));
  MORES_CHECK(results.size() == items.size());
  Verdicts verdicts;
  totals_.asked += static_cast<int64_t>(items.size());
  for (size_t i = 0; i < results.size(); ++i) {
    if (results[i]) {
      verdicts.push_back(MakeVerdict(*dialogues[i], prompts[i], *results[i], reply));
      totals_.usage.prompt_tokens += verdicts.back()->usage.prompt_tokens;
      totals_.usage.completion_tokens += verdicts.back()->usage.completion_tokens;
    } else {
      ++totals_.failed;
      verdicts.push_back(tl::unexpected<Error>(std::move(results[i].error())));
    }
  }
  return verdicts;
}

format::Verdict LabelFirstJudge::MakeVerdict(const format::Dialogue& dialogue,
                                             const format::PromptTokens& prompt,
                                             const engine::Decided& result, Reply reply) const {
  format::Verdict verdict = StartVerdict(dialogue);
  const format::ReplyTokens& form = this->form(verdict.lang);
  const std::optional<format::Calibration>& calibration = options_.config.calibration(verdict.lang);
  const LabelMass mass = MassOf(form.means, result.choice_logprobs, calibration);
  verdict.label = format::Decide(mass.p_unsafe, mass.other_mass, verdict.threshold);
  if (std::isfinite(mass.p_unsafe)) verdict.p_unsafe = mass.p_unsafe;
  if (calibration && std::isfinite(mass.p_raw)) verdict.p_raw = mass.p_raw;
  if (std::isfinite(mass.other_mass)) verdict.other_mass = mass.other_mass;
  if (verdict.p_unsafe) AddCategories(result, verdict);
  verdict.truncated = prompt.truncated;
  verdict.prompt = prompt_name(dialogue);
  verdict.usage.prompt_tokens = static_cast<int64_t>(prompt.ids.size());
  const int choice = ChoiceOf(verdict.label, form.means, result.choice_logprobs);
  if (choice < 0) return verdict;
  verdict.usage.completion_tokens =
      static_cast<int64_t>(form.lead.size() + form.choices[static_cast<size_t>(choice)].size());
  if (reply == Reply::kLabelOnly) return verdict;
  const std::string rest = model_->tokenizer().Decode(result.text.ids);
  verdict.critique = CleanCritique(rest);
  // Without a guideline there is none to cite. Where one is shown, who asked reads the citations.
  if (dialogue.guideline.empty()) verdict.critique = CleanCitations(verdict.critique, {}).text;
  // Nor to speak of; without rules the critique stays what it has always been.
  if (dialogue.guideline.empty() && !RulesFor(dialogue).empty()) {
    format::Dialogue copy;
    verdict.critique = KeepShownClaims(verdict.critique, {}, Shown(dialogue, copy)).text;
  }
  verdict.rule = format::RuleCited(verdict.critique, RulesFor(dialogue).size());
  if (form.categories.empty()) {
    verdict.category = profile_->Category(rest, verdict.label, verdict.lang);
    if (!verdict.category && !verdict.rule) verdict.category = CategoryOf(verdict.critique);
  }
  verdict.usage.completion_tokens +=
      static_cast<int64_t>(form.separator.size() + result.text.ids.size());
  if (verdict.label == format::Label::kUnsafe && result.next_chosen >= 0) {
    verdict.usage.completion_tokens +=
        static_cast<int64_t>(form.category_lead.size() +
                             form.categories[static_cast<size_t>(result.next_chosen)].size());
  }
  return verdict;
}

void LabelFirstJudge::AddCategories(const engine::Decided& result, format::Verdict& verdict) const {
  if (result.next_logprobs.empty()) return;
  const auto& categories = profile_->form(verdict.lang).categories;
  if (options_.category_scores == CategoryScores::kTold) {
    const std::vector<double> shares = SharesOf(result.next_logprobs);
    for (size_t i = 0; i < shares.size(); ++i) {
      verdict.category_scores.emplace_back(Name(categories[i].means),
                                           *verdict.p_unsafe * shares[i]);
    }
  }
  if (verdict.label == format::Label::kUnsafe && result.next_chosen >= 0) {
    verdict.category = Name(categories[static_cast<size_t>(result.next_chosen)].means);
  }
}

}  // namespace mores::judge
