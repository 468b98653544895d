#include "train/sft.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "train/conversations.h"
#include "train/evaluation.h"
#include "train/examples.h"
#include "train/recipe.h"
#include "train/sft_objective.h"
#include "train/sft_output.h"

namespace mores::train {
namespace {

// Why the accuracy of a judge of these records says nothing; "" where it may.
std::string OneLabelNote(const std::vector<format::SftRecord>& records, const std::string& path) {
  std::optional<format::Label> first;
  for (const format::SftRecord& record : records) {
    if (record.parts.label == 0) continue;
    if (first && record.dialogue.expected != first) return "";
    first = record.dialogue.expected;
  }
  if (!first) return "";
  return fmt::format(
      "{}: every example that is learned is labelled '{}': a judge learns to say that of "
      "everything, and its accuracy says nothing; give it examples of both labels",
      path, format::Name(*first));
}

class SftTask : public TrainingTask {
 public:
  std::string_view command() const override { return "train sft"; }
  Status ReadRecipe(const TrainingOptions& options) override {
    options_ = &options;
    MORES_ASSIGN_OR_RETURN(recipe_, train::ReadRecipe(options.recipe, options.data_directory));
    MORES_ASSIGN_OR_RETURN(kind_, KindOfSftFile(recipe_.train_path));
    if (judges()) return {};
    const std::string& stop_by = recipe_.run.stop_by;
    if (stop_by != "eval_loss" && stop_by != "eval_mean_token_accuracy") {
      return MakeError(ErrorKind::kInput,
                       "{}: field 'run.stop_by': '{}' is of a judge, and the training data are "
                       "conversations",
                       options.recipe, stop_by);
    }
    if (recipe_.loss.label_smoothing > 0) {
      return MakeError(ErrorKind::kInput,
                       "{}: field 'loss.label_smoothing': is of a judge, and the training data are "
                       "conversations",
                       options.recipe);
    }
    if (!recipe_.from.empty()) return {};
    return MakeError(ErrorKind::kInput,
                     "{}: field 'model.from': missing; conversations are learned by the chat "
                     "template of a model",
                     options.recipe);
  }
  const TrainingRecipe& recipe() const override { return recipe_; }
  std::vector<RunInput> DataInputs() const override {
    return {{"data.train", recipe_.train_path}, {"data.valid", recipe_.valid_path}};
  }
  Json RecipeJson() const override { return RecipeFingerprint(recipe_); }
  ProfileNeed profile_need() const override {
    return judges() ? ProfileNeed::kRequired : ProfileNeed::kOptional;
  }
  Objective& MakeObjective(const RunSetup& setup) override;

  Status ReadData() override;
  std::vector<std::string> TokenizerTexts(const RunSetup& setup) const override {
    return train::TokenizerTexts(objective_->train_records(), *setup.profile,
                                 recipe_.tokenizer.sample_texts,
                                 static_cast<uint64_t>(recipe_.run.seed));
  }
  Status Tokenize(RunSetup& setup) override;
  Status Prepare(RunSetup&, CheckpointFiles&, const TellCheck&) override { return {}; }

  model::TrainBatch Sample() const override {
    return BuildBatch(objective_->train().examples, objective_->PlanEpoch(0).front().front(),
                      TokenWeights{});
  }
  bool writes_judge(const RunSetup& setup) const override {
    return judges() || (setup.profile && (recipe_.judge.given || setup.start_judge));
  }
  Expected<Json> Evaluate(Trainable& written, RunSetup& setup, const OutputPaths& paths) override;
  std::string WarningOf(const Json& evaluation) const override {
    return evaluation.is_object() && judges() ? train::WarningOf(evaluation) : "";
  }
  Json ManifestFields() const override {
    return {{"train_file", recipe_.train_path},
            {"valid_file", recipe_.valid_path.empty() ? Json() : Json(recipe_.valid_path)},
            {"train", objective_->train().Summary()},
            {"valid", objective_->valid().Summary()}};
  }

 private:
  bool judges() const { return kind_ == SftFileKind::kJudge; }
  Expected<ConversationTokenOptions> ConversationOptions(const RunSetup& setup) const;
  Status TokenizeConversationsOf(const RunSetup& setup, const SftTokens& tokens);
  void TellCut(int64_t length, std::string_view field) const;

  const TrainingOptions* options_ = nullptr;
  Recipe recipe_;
  SftFileKind kind_ = SftFileKind::kJudge;
  std::optional<SftObjective> objective_;
};

Objective& SftTask::MakeObjective(const RunSetup& setup) {
  const int64_t micro_batch_tokens = recipe_.optim.micro_batch_tokens;
  return objective_.emplace(
      judges() ? setup.profile.get() : nullptr,
      SftObjectiveOptions{.kind = kind_,
                          .train_path = recipe_.train_path,
                          .valid_path = recipe_.valid_path,
                          .valid_share = recipe_.valid_share,
                          .loss = recipe_.loss,
                          .packing = {.micro_batch_tokens = micro_batch_tokens,
                                      .tokens_per_step = recipe_.optim.tokens_per_step,
                                      .seed = static_cast<uint64_t>(recipe_.run.seed)},
                          .evaluation = {.precision = recipe_.run.precision,
                                         .micro_batch_tokens = micro_batch_tokens},
                          .eval_examples = recipe_.run.eval_examples});
}

Status SftTask::ReadData() {
  MORES_RETURN_IF_ERROR(objective_->Read());
  const std::string note = judges() ? OneLabelNote(objective_->train_records(), recipe_.train_path)
                                    : NoteOf(objective_->train_conversations(), recipe_.train_path);
  if (!note.empty()) options_->Warn(note);
  return {};
}

Expected<ConversationTokenOptions> SftTask::ConversationOptions(const RunSetup& setup) const {
  constexpr int64_t kUsualConversation = 1024;
  const model::ModelConfig& config = setup.trainable->config();
  const int64_t longest = setup.trainable->longest_sequence().positions;
  const int64_t room = std::min(longest, recipe_.optim.micro_batch_tokens);
  if (recipe_.max_length > room) {
    return setup.Refuse(
        "data.max_length",
        fmt::format("above {}, {}", room,
                    room == longest ? "the positions that the model can be trained on"
                                    : "optim.micro_batch_tokens"));
  }
  ConversationTokenOptions options{
      .turns = recipe_.turns,
      .max_length =
          recipe_.max_length > 0 ? recipe_.max_length : std::min(kUsualConversation, room),
      .model = {.end_ids = config.further_eos_ids, .vocab_size = config.vocab_size}};
  if (config.eos_id >= 0) options.model.end_ids.push_back(config.eos_id);
  return options;
}

Status SftTask::TokenizeConversationsOf(const RunSetup& setup, const SftTokens& tokens) {
  Status made = objective_->Tokenize(tokens);
  const bool no_replies = !NoReplies(setup).empty();
  if (made)
    TellCut(tokens.conversations.max_length, recipe_.max_length > 0 ? "data.max_length" : "");
  if (made || !no_replies) return made;
  return MakeError(made.error().kind,
                   "{}; {} is read as conversations, which a model that only judges can't learn: "
                   "a judge learns from records with 'label', \"safe\" or \"unsafe\"",
                   made.error().message, recipe_.train_path);
}

Status SftTask::Tokenize(RunSetup& setup) {
  SftTokens tokens{.tokenizer = *setup.tokenizer, .judge = setup.judge, .texts = setup.texts};
  if (!judges()) {
    MORES_ASSIGN_OR_RETURN(tokens.conversations, ConversationOptions(setup));
    return TokenizeConversationsOf(setup, tokens);
  }
  const auto any = [&](const auto& shows) {
    return std::any_of(objective_->train_records().begin(), objective_->train_records().end(),
                       shows);
  };
  setup.judge.follows_rules =
      any([](const format::SftRecord& record) { return !record.dialogue.rules.empty(); });
  setup.judge.uses_guidelines =
      any([](const format::SftRecord& record) { return !record.dialogue.guideline.empty(); });
  MORES_RETURN_IF_ERROR(objective_->Tokenize(tokens));
  TellCut(setup.judge.context_length,
          recipe_.judge.context_length > 0 ? "judge.context_length" : "");
  return {};
}

// Judging cuts likewise, but nobody should have to look for it in the manifest. `field`: which one
// gives the length, or "".
void SftTask::TellCut(int64_t length, std::string_view field) const {
  const ExampleSet& train = objective_->train();
  const int64_t examples = static_cast<int64_t>(train.examples.size()) + train.left_out;
  std::vector<std::string> parts;
  for (const auto& [count, what] :
       {std::pair<int64_t, const char*>{train.prompts_truncated, "lost of their prompt"},
        {train.critiques_cut, "lost the end of their critique"},
        {train.completions_cut, "lost their end"},
        {train.left_out, "were left out"}}) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, what));
  }
  if (parts.empty()) return;
  std::string_view bound = field;
  if (field.empty()) {
    bound = length == recipe_.optim.micro_batch_tokens ? "optim.micro_batch_tokens"
            : judges()                                 ? "the model"
                                                       : "data.max_length, unless it is given,";
  }
  options_->Warn(fmt::format("{}: of {} examples {}: {} allows {} tokens", recipe_.train_path,
                             examples, fmt::join(parts, ", "), bound, length));
}

Expected<Json> SftTask::Evaluate(Trainable& written, RunSetup& setup, const OutputPaths& paths) {
  if (!objective_->has_validation()) return Json();
  const std::vector<Example>& examples = objective_->valid().examples;
  const Evaluation evaluation = objective_->EvaluateAll(written);
  Json summary = objective_->SummaryOf(evaluation, examples);
  if (judges()) {
    if (recipe_.judge.thresholds_from_validation) {
      summary["thresholds"] = ChooseThresholds(evaluation, examples, setup.judge);
    }
    MORES_RETURN_IF_ERROR(WriteScores(paths.valid_scores, evaluation, examples));
  }
  return summary;
}

}  // namespace

Expected<TrainingResult> TrainSft(const TrainingOptions& options) {
  SftTask task;
  return RunTraining(options, task);
}

}  // namespace mores::train
