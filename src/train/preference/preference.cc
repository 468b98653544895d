#include "train/preference/preference.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/version.h"
#include "model/weights.h"
#include "ops/matmul.h"
#include "train/held_out.h"
#include "train/preference/preference_batch.h"
#include "train/preference/preference_data.h"
#include "train/preference/preference_objective.h"
#include "train/preference/preference_run_recipe.h"
#include "train/preference/references.h"

namespace mores::train {
namespace {

constexpr char kRunMarkFile[] = "references-run";
constexpr int64_t kUsualLength = 1024;
// Of a loss in double, summed over a step's pairs.
constexpr double kLossTolerance = 1e-6;

class PreferenceTask : public TrainingTask {
 public:
  std::string_view command() const override { return "train preference"; }
  Status ReadRecipe(const TrainingOptions& options) override;
  const TrainingRecipe& recipe() const override { return recipe_; }
  Json RecipeJson() const override { return RecipeFingerprint(recipe_); }
  std::vector<RunInput> DataInputs() const override {
    return {{"data.train", recipe_.train_path}, {"data.valid", recipe_.valid_path}};
  }
  ProfileNeed profile_need() const override { return ProfileNeed::kOptional; }
  Objective& MakeObjective(const RunSetup& setup) override;

  Status ReadData() override;
  std::vector<std::string> TokenizerTexts(const RunSetup&) const override { return {}; }
  Status Tokenize(RunSetup& setup) override;
  Status Prepare(RunSetup& setup, CheckpointFiles& files, const TellCheck& tell) override;

  bool KeepsWork() const override { return keeps_references_in_work_; }

  model::TrainBatch Sample() const override {
    return BuildPreferenceBatch(objective_->train().set.examples,
                                objective_->PlanEpoch(0).front().front())
        .batch;
  }
  bool writes_judge(const RunSetup& setup) const override {
    return setup.profile && (recipe_.judge.given || setup.start_judge || dialogues_);
  }
  Expected<Json> Evaluate(Trainable& written, RunSetup&, const OutputPaths&) override {
    return objective_->has_validation() ? objective_->EvaluateAll(written) : Json();
  }
  std::string WarningOf(const Json&) const override { return ""; }
  Json ManifestFields() const override;

 private:
  Status CheckTemplate(const RunSetup& setup) const;
  Expected<std::string> RunMark() const;
  Status ComputeReferences(RunSetup& setup, const TellCheck& tell);
  Status Refer(RunSetup& setup, ReferenceStore& store, const ReferenceOptions& options);
  Status CheckStart(Trainable& start, const TellCheck& tell) const;
  Json ReferenceIdentity(const RunSetup& setup) const;
  std::string WorkFolder() const { return OutputPaths(options_->output).work; }
  std::string ReferenceFolder() const;

  const TrainingOptions* options_ = nullptr;
  PreferenceRunRecipe recipe_;
  std::optional<PreferenceObjective> objective_;
  std::vector<PreferenceRecord> train_records_, valid_records_;
  bool dialogues_ = false;
  ReferredSet train_, valid_;
  ReferenceCounts counts_;
  std::string reference_file_;
  bool keeps_references_in_work_ = false;
  double reference_seconds_ = 0;  // of this process
  Json start_files_;
};

Status PreferenceTask::ReadRecipe(const TrainingOptions& options) {
  options_ = &options;
  MORES_ASSIGN_OR_RETURN(recipe_, ReadPreferenceRecipe(options.recipe, options.data_directory));
  for (const std::string& line : recipe_.told) options.Warn(line);
  return {};
}

Objective& PreferenceTask::MakeObjective(const RunSetup&) {
  return objective_.emplace(
      PreferenceObjectiveOptions{.train_path = recipe_.train_path,
                                 .valid_path = recipe_.valid_path,
                                 .loss = recipe_.loss,
                                 .precision = recipe_.run.precision,
                                 .packing = {.micro_batch_tokens = recipe_.optim.micro_batch_tokens,
                                             .tokens_per_step = recipe_.optim.tokens_per_step,
                                             .seed = static_cast<uint64_t>(recipe_.run.seed)},
                                 .eval_examples = recipe_.run.eval_examples});
}

Status PreferenceTask::ReadData() {
  const PreferenceShape shape =
      recipe_.loss.Unpaired() ? PreferenceShape::kUnpaired : PreferenceShape::kPaired;
  MORES_ASSIGN_OR_RETURN(train_records_, ReadPreferences(recipe_.train_path, shape));
  if (!recipe_.valid_path.empty()) {
    MORES_ASSIGN_OR_RETURN(valid_records_, ReadPreferences(recipe_.valid_path, shape));
  }
  if (!train_records_.empty() && train_records_.front().of_pair) {
    options_->Warn(fmt::format(
        "{}: 'kto' learns from single completions: each of the {} pairs is read as two, one wanted "
        "and one not",
        recipe_.train_path, train_records_.size() / 2));
  }
  return {};
}

// One line for the whole file, where no record can be asked.
Status PreferenceTask::CheckTemplate(const RunSetup& setup) const {
  const std::string reason = NoReplies(setup);
  if (reason.empty()) return {};
  for (const auto& [records, path] : {std::pair(&train_records_, &recipe_.train_path),
                                      std::pair(&valid_records_, &recipe_.valid_path)}) {
    for (const PreferenceRecord& record : *records) {
      if (record.kind != PreferenceRecord::Kind::kMessages) continue;
      return MakeError(
          ErrorKind::kInput,
          "{}: holds messages, and {} ({}): give model.from a chat model, or records whose "
          "'prompt', 'chosen' and 'rejected' are texts{}",
          *path, reason, setup.start_path,
          setup.start_judge ? ", or dialogues with a judge's replies \"safe\" and \"unsafe\"" : "");
    }
  }
  return {};
}

// Takes some of the examples out of `train`, prompt by prompt.
PreferenceSet TakeHeldOut(PreferenceSet& train, double share, uint64_t seed) {
  std::vector<std::string> prompts;
  for (const PreferenceExample& example : train.examples) {
    prompts.emplace_back(reinterpret_cast<const char*>(example.prompt.data()),
                         example.prompt.size() * sizeof(int32_t));
  }
  const std::vector<char> held = ChooseHeldOut(prompts, share, seed);
  PreferenceSet valid;
  std::vector<PreferenceExample> kept;
  for (size_t i = 0; i < held.size(); ++i) {
    PreferenceExample& example = train.examples[i];
    if (held[i] != 0) {
      valid.tokens += example.rows();
      train.tokens -= example.rows();
    }
    (held[i] != 0 ? valid.examples : kept).push_back(std::move(example));
  }
  train.examples = std::move(kept);
  return valid;
}

Status PreferenceTask::Tokenize(RunSetup& setup) {
  MORES_RETURN_IF_ERROR(CheckTemplate(setup));
  const model::ModelConfig& config = setup.trainable->config();
  const int64_t longest = setup.trainable->longest_sequence().positions;
  if (recipe_.max_length > longest) {
    return setup.Refuse(
        "data.max_length",
        fmt::format("above the {} positions that the model can be trained on", longest));
  }
  PreferenceTokenOptions options{
      .max_length = recipe_.max_length > 0 ? recipe_.max_length : std::min(kUsualLength, longest),
      .max_completion = recipe_.max_completion,
      .end_ids = config.further_eos_ids,
      .vocab_size = config.vocab_size};
  if (config.eos_id >= 0) options.end_ids.push_back(config.eos_id);
  for (const PreferenceRecord& record : train_records_) {
    if (!record.dialogue) continue;
    dialogues_ = true;
    setup.judge.follows_rules |= !record.dialogue->rules.empty();
    setup.judge.uses_guidelines |= !record.dialogue->guideline.empty();
  }
  MORES_ASSIGN_OR_RETURN(
      const auto tokenizer,
      PreferenceTokenizer::Open(setup.texts, *setup.tokenizer, setup.profile.get(), setup.judge));
  MORES_ASSIGN_OR_RETURN(train_.set,
                         tokenizer->Tokenize(train_records_, recipe_.train_path, options));
  if (!recipe_.valid_path.empty()) {
    MORES_ASSIGN_OR_RETURN(valid_.set,
                           tokenizer->Tokenize(valid_records_, recipe_.valid_path, options));
  } else {
    valid_.set =
        TakeHeldOut(train_.set, recipe_.valid_share, static_cast<uint64_t>(recipe_.run.seed));
  }
  if (train_.set.examples.empty()) {
    return MakeError(ErrorKind::kInput,
                     "{}: holds nothing to learn from: no two completions "
                     "differ within {} tokens",
                     recipe_.train_path, options.max_length);
  }
  if (const PreferenceSet& set = train_.set;
      set.prompts_truncated + set.completions_cut + set.left_out > 0) {
    options_->Warn(fmt::format(
        "{}: {} examples lost of their prompt, {} the end of a completion, {} were left out: "
        "data.max_length allows {} tokens",
        recipe_.train_path, set.prompts_truncated, set.completions_cut, set.left_out,
        options.max_length));
  }
  if (recipe_.loss.Unpaired()) {
    const std::vector<PreferenceExample>& examples = train_.set.examples;
    const bool differ = std::any_of(examples.begin(), examples.end(), [&](const auto& example) {
      return example.completions != examples.front().completions;
    });
    if (!differ) {
      return MakeError(ErrorKind::kInput,
                       "{}: 'kto' compares completions with others', and all are the same, so "
                       "nothing could be learned",
                       recipe_.train_path);
    }
    for (ReferredSet* data : {&train_, &valid_}) {
      data->mismatched = Mismatched(data->set.examples, options.max_length,
                                    static_cast<uint64_t>(recipe_.run.seed));
    }
  }
  return {};
}

// A new adapter changes nothing yet, whatever its rank; but its magnitudes are rounded in their own
// way, and so is what an adapted head says.
Json PreferenceTask::ReferenceIdentity(const RunSetup& setup) const {
  Json adapter = "none";
  if (setup.adapter) {
    const model::AdapterConfig& config = setup.adapter->config;
    const bool adapts_head =
        setup.adapter->Find(model::NamesOf(setup.start->config()).head) != nullptr;
    adapter = adapts_head ? "new, of the head too" : "new";
    if (config.dora) adapter = {{"config", model::ToJson(config)}, {"seed", recipe_.run.seed}};
    if (!recipe_.adapter->from.empty()) {
      adapter = Json::object();
      for (const auto& file : setup.adapter->files) adapter[file.name] = file.sha256;
    }
  }
  return {{"version", 2},
          {"mores", Version()},
          {"weights", start_files_},
          {"adapter", adapter},
          {"precision", Name(recipe_.run.precision)},
          {"isa", ops::FastestSums()}};
}

std::string PreferenceTask::ReferenceFolder() const {
  if (!recipe_.references.empty()) return recipe_.references;
  if (options_->cache_folder.empty()) return WorkFolder() + "/references";
  return options_->cache_folder + "/mores/references";
}

// What marks the references that this run computes, in however many processes.
Expected<std::string> PreferenceTask::RunMark() const {
  const std::string path = WorkFolder() + "/" + kRunMarkFile;
  if (options_->start != StartMode::kFresh && FileExists(path)) {
    MORES_ASSIGN_OR_RETURN(std::string mark, ReadFile(path));
    if (mark.size() == ReferenceStore::kRunMarkBytes) return mark;
  }
  std::string mark =
      Sha256Hex(fmt::format("{} {} {} {}", options_->output, options_->clock->UtcTimestamp(),
                            options_->clock->MonotonicSeconds(), getpid()))
          .substr(0, ReferenceStore::kRunMarkBytes);
  MORES_RETURN_IF_ERROR(WriteFileAtomically(path, mark));
  return mark;
}

Status PreferenceTask::ComputeReferences(RunSetup& setup, const TellCheck& tell) {
  MORES_ASSIGN_OR_RETURN(const auto hashes, setup.start->HashFiles());
  start_files_ = Json::object();
  for (const auto& file : hashes) start_files_[file.name] = file.sha256;
  MORES_ASSIGN_OR_RETURN(const std::string mark, RunMark());
  const std::string folder = ReferenceFolder();
  MORES_ASSIGN_OR_RETURN(const auto store,
                         ReferenceStore::Open(folder, ReferenceIdentity(setup), mark));
  reference_file_ = store->path();
  const ReferenceOptions options{.precision = recipe_.run.precision,
                                 .micro_batch_tokens = recipe_.optim.micro_batch_tokens,
                                 .progress = options_->progress,
                                 .stop = options_->stop};
  const double begin = options_->clock->MonotonicSeconds();
  const Status referred = Refer(setup, *store, options);
  counts_ = store->counts();
  reference_seconds_ = options_->clock->MonotonicSeconds() - begin;
  keeps_references_in_work_ = counts_.computed > 0 && folder.starts_with(WorkFolder() + "/");
  MORES_RETURN_IF_ERROR(referred);
  if (counts_.unusable > 0) {
    const bool one = counts_.unusable == 1;
    options_->Warn(
        fmt::format("{}: {} {} there {}, by number or values; computed again", reference_file_,
                    counts_.unusable, one ? "record" : "records",
                    one ? "isn't what this completion has" : "aren't what these completions have"));
  }
  tell(fmt::format("references: {} completions, {} computed, {} found in {}", counts_.completions,
                   counts_.computed, counts_.found, reference_file_));
  return {};
}

Status PreferenceTask::Refer(RunSetup& setup, ReferenceStore& store,
                             const ReferenceOptions& options) {
  for (ReferredSet* data : {&train_, &valid_}) {
    MORES_ASSIGN_OR_RETURN(data->references,
                           References(data->set.examples, *setup.trainable, store, options));
    MORES_ASSIGN_OR_RETURN(data->mismatched_references,
                           References(data->mismatched, *setup.trainable, store, options));
  }
  return {};
}

// The policy is its own reference before it has learned anything.
Status PreferenceTask::CheckStart(Trainable& start, const TellCheck& tell) const {
  MORES_ASSIGN_OR_RETURN(const PreferenceSums sums,
                         objective_->FirstStep(start, options_->stop, *options_->progress));
  if (!std::isfinite(sums.loss)) {
    return MakeError(ErrorKind::kInput,
                     "{}: the loss is no number before the first step: the model that training "
                     "starts from can't be learned from",
                     options_->recipe);
  }
  const bool referred = recipe_.loss.NeedsReference();
  if (referred && sums.largest_reward != 0) {
    return MakeError(ErrorKind::kCorrupt,
                     "{}: rewards before the first step must be 0, and one is {:.3g}: what is kept "
                     "there is of another model; remove the file",
                     reference_file_, sums.largest_reward);
  }
  const std::optional<double> expected = LossAtStart(recipe_.loss);
  if (expected && std::abs(sums.loss - *expected) > kLossTolerance * (1 + std::abs(*expected))) {
    return MakeError(ErrorKind::kInternal,
                     "{}: the loss before the first step is {}, and must be {}", options_->recipe,
                     sums.loss, *expected);
  }
  std::string line = fmt::format("before the first step: loss {:.6f}", sums.loss);
  if (expected) line += ", as it must be";
  if (referred) line += "; margins and rewards 0";
  tell(std::move(line));
  return {};
}

Status PreferenceTask::Prepare(RunSetup& setup, CheckpointFiles&, const TellCheck& tell) {
  if (recipe_.loss.NeedsReference()) {
    MORES_RETURN_IF_ERROR(ComputeReferences(setup, tell));
  }
  objective_->SetData(std::move(train_), std::move(valid_));
  return CheckStart(*setup.trainable, tell);
}

Json PreferenceTask::ManifestFields() const {
  Json json = {{"train_file", recipe_.train_path},
               {"valid_file", recipe_.valid_path.empty() ? Json() : Json(recipe_.valid_path)},
               {"train", objective_->train().set.Summary()},
               {"valid", objective_->valid().set.Summary()},
               {"translated", recipe_.told}};
  if (recipe_.loss.NeedsReference()) {
    json["references"] = {{"completions", counts_.completions},
                          {"computed", counts_.computed},
                          {"found", counts_.found},
                          {"unusable", counts_.unusable},
                          {"seconds", reference_seconds_},
                          {"file", reference_file_}};
  }
  return json;
}

}  // namespace

Expected<TrainingResult> TrainPreference(const TrainingOptions& options) {
  PreferenceTask task;
  return RunTraining(options, task);
}

}  // namespace mores::train
