#include "train/sft.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "base/cpu.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/threads.h"
#include "base/version.h"
#include "format/profile/asked_profile.h"
#include "job/fingerprint.h"
#include "text/tokenizer/sentencepiece.h"
#include "train/checkpoint.h"
#include "train/loop.h"
#include "train/recipe.h"
#include "train/sft_objective.h"
#include "train/sft_output.h"
#include "train/tokenizer_files.h"
#include "train/trainable.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr int kFingerprintVersion = 1;

using NamedFiles = std::map<std::string, std::string>;

// One run, from the recipe to the model directory.
class SftRun {
 public:
  explicit SftRun(const SftOptions& options)
      : options_(options), paths_(options.output), pool_(options.threads) {}

  Expected<SftResult> Run();

 private:
  Status OpenProfile();
  void MakeObjective();
  Status Fingerprint();
  Expected<std::optional<FoundCheckpoint>> FindCheckpoint();
  Status Prepare(const std::optional<FoundCheckpoint>& found);
  Status PrepareTokenizer(const std::optional<FoundCheckpoint>& found);
  Status TrainTokenizer();
  Status PrepareTrainable();
  Status PrepareJudge();
  Status WriteModelFiles(const std::string& directory);
  Expected<Json> WriteOutput(const CheckpointState& end);
  Json Manifest(const CheckpointState& end, const Json& evaluation) const;

  // Where tokenizer and chat template come from; empty: the tokenizer is trained.
  const std::string& start_directory() const {
    return recipe_.from.empty() ? recipe_.tokenizer.path : recipe_.from;
  }
  bool ours() const { return recipe_.judge.profile == format::JudgeConfig().profile; }
  tl::unexpected<Error> Refuse(const char* field, std::string_view problem) const {
    return MakeError(ErrorKind::kInput, "{}: field '{}': {}", options_.recipe, field, problem);
  }

  const SftOptions& options_;
  OutputPaths paths_;
  ThreadPool pool_;
  std::string started_;  // UTC
  Recipe recipe_;
  Json fingerprint_;
  std::unique_ptr<CheckpointStore> store_;
  std::unique_ptr<format::JudgeProfile> profile_;
  NamedFiles profile_files_;
  format::JudgeConfig judge_;
  CheckpointFiles tokenizer_files_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  std::unique_ptr<Trainable> trainable_;
  std::optional<SftObjective> objective_;
};

Status SftRun::OpenProfile() {
  if (FileExists(start_directory())) {
    return Refuse(recipe_.from.empty() ? "tokenizer.path" : "model.from",
                  fmt::format("training starts from a folder: mores model convert {} -o FOLDER",
                              start_directory()));
  }
  const std::string& name = recipe_.judge.profile;
  const bool file = name.find('/') != std::string::npos || name.ends_with(".json");
  if (ours() || (!file && !format::ShippedProfile(name))) {
    Expected<std::unique_ptr<format::JudgeProfile>> profile = format::FindJudgeProfile(name);
    if (!profile) return Refuse("judge.profile", profile.error().message);
    profile_ = std::move(*profile);
    return {};
  }
  if (start_directory().empty()) {
    return Refuse("judge.profile", fmt::format("'{}' is asked by the tokenizer and the chat "
                                               "template of a model; give model.from",
                                               name));
  }
  const format::AskedProfileOptions asked{.model = text::ReadModelTexts(start_directory()),
                                          .prompt_directory = recipe_.judge.prompt_directory};
  MORES_ASSIGN_OR_RETURN(profile_, format::OpenJudgeProfile(name, asked));
  MORES_ASSIGN_OR_RETURN(profile_files_, format::ProfileFiles(name, asked));
  return {};
}

void SftRun::MakeObjective() {
  const int64_t micro_batch_tokens = recipe_.optim.micro_batch_tokens;
  objective_.emplace(
      *profile_, SftObjectiveOptions{.train_path = recipe_.train_path,
                                     .valid_path = recipe_.valid_path,
                                     .loss = recipe_.loss,
                                     .packing = {.micro_batch_tokens = micro_batch_tokens,
                                                 .tokens_per_step = recipe_.optim.tokens_per_step,
                                                 .seed = static_cast<uint64_t>(recipe_.run.seed)},
                                     .evaluation = {.precision = recipe_.run.precision,
                                                    .micro_batch_tokens = micro_batch_tokens},
                                     .eval_examples = recipe_.run.eval_examples});
}

Status SftRun::Fingerprint() {
  fingerprint_ = {{"version", kFingerprintVersion},
                  {"mores", Version()},
                  {"isa", Name(CurrentIsaLevel())},
                  {"recipe", RecipeFingerprint(recipe_)}};
  MORES_ASSIGN_OR_RETURN(const Json objective, objective_->Fingerprint());
  fingerprint_.update(objective);
  if (!recipe_.from.empty()) {
    MORES_ASSIGN_OR_RETURN(fingerprint_["from"], HashModelDirectory(recipe_.from));
  } else if (!recipe_.tokenizer.path.empty()) {
    MORES_ASSIGN_OR_RETURN(const CheckpointFiles files, ReadTokenizerFiles(recipe_.tokenizer.path));
    for (const auto& [name, bytes] : files) fingerprint_["tokenizer"][name] = Sha256Hex(bytes);
  }
  return {};
}

// The checkpoint to go on from, if there is one and it is of this run.
Expected<std::optional<FoundCheckpoint>> SftRun::FindCheckpoint() {
  if (options_.start == StartMode::kFresh) {
    MORES_RETURN_IF_ERROR(store_->Clear());
    return std::optional<FoundCheckpoint>();
  }
  MORES_ASSIGN_OR_RETURN(std::optional<FoundCheckpoint> found, store_->Latest());
  if (!found) return found;
  const std::vector<std::string> differences =
      job::FingerprintDifferences(found->state.fingerprint, fingerprint_);
  if (!differences.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "{}: unfinished training that differs in {}; repeat that run to go on, or "
                     "give --fresh to start afresh",
                     paths_.work, fmt::join(differences, ", "));
  }
  return found;
}

Status SftRun::TrainTokenizer() {
  const TokenizerRecipe& recipe = recipe_.tokenizer;
  text::SentencePieceTraining training{
      .texts = TokenizerTexts(objective_->train_records(), *profile_, recipe.sample_texts,
                              static_cast<uint64_t>(recipe_.run.seed)),
      .vocab_size = recipe.vocab_size,
      .special_tokens = format::OurSpecialTokens(),
      .character_coverage = recipe.character_coverage};
  const auto count = static_cast<int64_t>(training.texts.size());
  options_.progress->Start("training the tokenizer", "texts", count, 0);
  Expected<std::string> trained = text::TrainSentencePieceBpe(training);
  if (!trained) {
    return MakeError(trained.error().kind, "{}: tokenizer: {}", options_.recipe,
                     trained.error().message);
  }
  tokenizer_files_["tokenizer.model"] = std::move(*trained);
  options_.progress->Update(count, "");
  options_.progress->Finish("");
  return {};
}

// From the checkpoint, a model directory, or trained.
Status SftRun::PrepareTokenizer(const std::optional<FoundCheckpoint>& found) {
  if (found) {
    tokenizer_files_ = found->files;
  } else if (!start_directory().empty()) {
    MORES_ASSIGN_OR_RETURN(tokenizer_files_, ReadTokenizerFiles(start_directory()));
  } else {
    MORES_RETURN_IF_ERROR(TrainTokenizer());
  }
  MORES_ASSIGN_OR_RETURN(tokenizer_,
                         OpenTokenizerFiles(tokenizer_files_, paths_.work + "/tokenizer"));
  return {};
}

Status SftRun::PrepareTrainable() {
  if (recipe_.from.empty()) {
    model::ModelConfig config = recipe_.model;
    config.vocab_size = tokenizer_->vocab_size();
    config.bos_id = tokenizer_->bos_id().value_or(-1);
    config.eos_id = tokenizer_->eos_id().value_or(-1);
    trainable_ = TrainEveryWeight(
        model::TrainableModel::Random(config, static_cast<uint64_t>(recipe_.run.seed), pool_),
        pool_);
    return {};
  }
  MORES_ASSIGN_OR_RETURN(auto model, model::TrainableModel::Load(recipe_.from, pool_));
  trainable_ = TrainEveryWeight(std::move(model), pool_);
  const model::ModelConfig& config = trainable_->config();
  if (config.vocab_size < tokenizer_->vocab_size()) {
    return MakeError(ErrorKind::kUnsupported, "{}: the model has {} tokens and its tokenizer {}",
                     recipe_.from, config.vocab_size, tokenizer_->vocab_size());
  }
  if (const auto end = tokenizer_->eos_id(); end && !config.EndsReply(*end)) {
    return MakeError(ErrorKind::kUnsupported,
                     "{}: the tokenizer's end token, {}, does not end a reply by config.json or "
                     "generation_config.json (eos_token_id)",
                     recipe_.from, tokenizer_->Piece(*end));
  }
  return {};
}

Status SftRun::PrepareJudge() {
  const model::LongestSequence& longest = trainable_->longest_sequence();
  const JudgeRecipe& recipe = recipe_.judge;
  judge_.profile = profile_files_.contains(std::string(format::kModelProfileFile))
                       ? std::string(format::kModelProfileFile)
                       : std::string(profile_->name());
  judge_.prompt_hash = profile_->prompt_hash();
  judge_.context_length = recipe.context_length > 0 ? recipe.context_length : longest.positions;
  judge_.max_critique_tokens = recipe.max_critique_tokens;
  judge_.threshold_en = recipe.threshold_en;
  judge_.threshold_zh = recipe.threshold_zh;
  judge_.threshold_other = recipe.threshold_other;
  if (judge_.context_length > trainable_->config().context_length) {
    return Refuse("judge.context_length",
                  fmt::format("above the model's, {}", trainable_->config().context_length));
  }
  if (judge_.context_length > longest.positions) {
    return Refuse("judge.context_length",
                  fmt::format("longer sequences than {} would need {}, which can't be trained",
                              longest.positions, longest.limit));
  }
  if (recipe_.optim.micro_batch_tokens < judge_.context_length) {
    return Refuse("optim.micro_batch_tokens",
                  fmt::format("must be at least the context of {}", judge_.context_length));
  }
  const auto any = [&](const auto& shows) {
    return std::any_of(objective_->train_records().begin(), objective_->train_records().end(),
                       shows);
  };
  judge_.follows_rules =
      any([](const format::SftRecord& record) { return !record.dialogue.rules.empty(); });
  judge_.uses_guidelines =
      any([](const format::SftRecord& record) { return !record.dialogue.guideline.empty(); });
  return {};
}

Status SftRun::Prepare(const std::optional<FoundCheckpoint>& found) {
  MORES_RETURN_IF_ERROR(objective_->Read());
  MORES_RETURN_IF_ERROR(PrepareTokenizer(found));
  MORES_RETURN_IF_ERROR(PrepareTrainable());
  MORES_RETURN_IF_ERROR(PrepareJudge());
  return objective_->Tokenize(*tokenizer_, judge_);
}

// What a kill between the manifest and the end of a run left.
Status RemoveLeftover(const std::string& directory) {
  if (!DirectoryExists(directory)) return {};
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<CheckpointStore> store,
                         CheckpointStore::Open(directory));
  return store->Remove();
}

SftResult ResultOf(const Json& manifest) {
  SftResult result;
  result.steps = manifest.value("steps", int64_t{0});
  result.tokens = manifest.value("tokens", int64_t{0});
  result.seconds = manifest.value("training_seconds", 0.0);
  result.resumes = manifest.value("resumes", int64_t{0});
  result.evaluation = manifest.value("evaluation", Json::object());
  result.warning = WarningOf(result.evaluation);
  result.already_done = true;
  return result;
}

Json SftRun::Manifest(const CheckpointState& end, const Json& evaluation) const {
  const std::string warning = WarningOf(evaluation);
  return {{"command", "train sft"},
          {"version", Version()},
          {"fingerprint", fingerprint_},
          {"recipe_file", options_.recipe},
          {"train_file", recipe_.train_path},
          {"valid_file", recipe_.valid_path},
          {"output", paths_.model},
          {"threads", pool_.threads()},
          {"isa", Name(CurrentIsaLevel())},
          {"parameters", trainable_->config().ParameterCount()},
          {"train", objective_->train().Summary()},
          {"valid", objective_->valid().Summary()},
          {"steps", end.step},
          {"steps_per_epoch", objective_->steps_per_epoch()},
          {"tokens", end.tokens},
          {"training_seconds", end.seconds},
          {"resumes", end.resumes},
          {"last_started", started_},
          {"finished", options_.clock->UtcTimestamp()},
          {"judge", format::ToJson(judge_, *profile_)},
          {"evaluation", evaluation},
          {"warning", warning.empty() ? Json() : Json(warning)}};
}

Status SftRun::WriteModelFiles(const std::string& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  MORES_RETURN_IF_ERROR(trainable_->Save(directory, recipe_.run.save_dtype));
  MORES_RETURN_IF_ERROR(WriteTokenizerFiles(tokenizer_files_, directory));
  for (const auto& [name, bytes] : profile_files_) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + name, bytes));
  }
  Json generation = Json::object();
  model::PutTokenIds(trainable_->config(), generation);
  generation["do_sample"] = false;
  generation["max_new_tokens"] = judge_.max_critique_tokens;
  return WriteJsonFile(directory + "/generation_config.json", generation);
}

// Returns the evaluation of the model as written.
Expected<Json> SftRun::WriteOutput(const CheckpointState& end) {
  const std::string directory = paths_.work + "/half-model";
  MORES_RETURN_IF_ERROR(WriteModelFiles(directory));
  // Thresholds and scores are of the weights as written, rounded.
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<Trainable> written, trainable_->Reopen(directory));
  const std::vector<Example>& examples = objective_->valid().examples;
  const Evaluation evaluation = objective_->EvaluateAll(*written);
  if (recipe_.judge.thresholds_from_validation) ChooseThresholds(evaluation, examples, judge_);
  MORES_RETURN_IF_ERROR(
      WriteJsonFile(directory + "/judge.json", format::ToJson(judge_, *profile_)));
  MORES_RETURN_IF_ERROR(WriteScores(paths_.valid_scores, evaluation, examples));
  Json summary = Summary(evaluation, examples);
  MORES_RETURN_IF_ERROR(PublishModel(paths_, directory, Manifest(end, summary)));
  MORES_RETURN_IF_ERROR(store_->Remove());
  return summary;
}

Expected<SftResult> SftRun::Run() {
  started_ = options_.clock->UtcTimestamp();
  MORES_ASSIGN_OR_RETURN(recipe_, ReadRecipe(options_.recipe, options_.data_directory));
  MORES_RETURN_IF_ERROR(OpenProfile());
  MakeObjective();
  MORES_RETURN_IF_ERROR(Fingerprint());
  if (options_.start == StartMode::kResume) {
    MORES_ASSIGN_OR_RETURN(const std::optional<Json> manifest,
                           FinishedManifest(paths_, fingerprint_));
    if (manifest) {
      MORES_RETURN_IF_ERROR(RemoveLeftover(paths_.work));
      return ResultOf(*manifest);
    }
  }
  const bool work_existed = DirectoryExists(paths_.work);
  if (!work_existed) {
    MORES_RETURN_IF_ERROR(CheckOutput(paths_, options_.start, Found::kNothing));
  }
  MORES_ASSIGN_OR_RETURN(store_, CheckpointStore::Open(paths_.work));
  MORES_ASSIGN_OR_RETURN(const std::optional<FoundCheckpoint> found, FindCheckpoint());
  MORES_RETURN_IF_ERROR(
      CheckOutput(paths_, options_.start, found ? Found::kCheckpoint : Found::kNothing));
  if (Status prepared = Prepare(found); !prepared) {
    // Nothing is lost with a folder that holds no checkpoint yet.
    if (!work_existed) (void)store_->Remove();
    return tl::unexpected<Error>(std::move(prepared.error()));
  }
  MORES_ASSIGN_OR_RETURN(const CheckpointState end, RunLoop({.recipe = options_.recipe,
                                                             .optim = recipe_.optim,
                                                             .run = recipe_.run,
                                                             .metrics = paths_.metrics,
                                                             .stop = options_.stop,
                                                             .progress = options_.progress,
                                                             .clock = options_.clock,
                                                             .on_warning = options_.on_warning},
                                                            {.store = *store_,
                                                             .found = found,
                                                             .fingerprint = fingerprint_,
                                                             .files = tokenizer_files_},
                                                            *trainable_, *objective_, pool_));
  MORES_ASSIGN_OR_RETURN(Json evaluation, WriteOutput(end));
  std::string warning = WarningOf(evaluation);
  return SftResult{.steps = end.step,
                   .tokens = end.tokens,
                   .seconds = end.seconds,
                   .resumes = end.resumes,
                   .evaluation = std::move(evaluation),
                   .warning = std::move(warning)};
}

}  // namespace

Expected<SftResult> TrainSft(const SftOptions& options) {
  SftRun run(options);
  return run.Run();
}

}  // namespace mores::train
