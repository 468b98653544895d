#include "train/training_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/cpu.h"
#include "base/files.h"
#include "base/threads.h"
#include "base/version.h"
#include "job/fingerprint.h"
#include "ops/matmul.h"
#include "text/tokenizer/sentencepiece.h"
#include "train/loop.h"
#include "train/reload_check.h"
#include "train/run_figures.h"
#include "train/tokenizer_files.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr int kFingerprintVersion = 3;

// One run, from the recipe to what it writes.
class TrainingRun {
 public:
  TrainingRun(const TrainingOptions& options, TrainingTask& task)
      : options_(options),
        task_(task),
        paths_(options.output),
        pool_(options.threads),
        setup_{.recipe_file = options.recipe, .recipe = task.recipe(), .pool = pool_} {}

  Expected<TrainingResult> Run();

 private:
  Status Open();
  Status CheckInputs() const;
  Status Fingerprint();
  Expected<std::optional<FoundCheckpoint>> FindCheckpoint();
  Status Prepare(const std::optional<FoundCheckpoint>& found);
  Status PrepareTokenizer(const std::optional<FoundCheckpoint>& found);
  Status TrainTokenizer();
  Expected<CheckpointState> Loop(const std::optional<FoundCheckpoint>& found);
  Status WriteFiles(const std::string& directory);
  Status CheckWritten(Trainable& written);
  Expected<TrainingResult> WriteOutput(const CheckpointState& end);
  Json Manifest(const CheckpointState& end, const TrainingResult& result) const;

  const TrainingOptions& options_;
  TrainingTask& task_;
  OutputPaths paths_;
  ThreadPool pool_;
  RunSetup setup_;
  Objective* objective_ = nullptr;
  std::string started_;  // UTC
  Json fingerprint_;
  std::unique_ptr<CheckpointStore> store_;
  CheckpointFiles files_;  // kept with every checkpoint
  std::vector<std::string> checks_;
};

Status TrainingRun::Open() {
  MORES_RETURN_IF_ERROR(OpenStart(options_.find_model, setup_));
  MORES_RETURN_IF_ERROR(CheckInputs());
  MORES_RETURN_IF_ERROR(OpenProfile(task_.profile_need(), setup_));
  objective_ = &task_.MakeObjective(setup_);
  return Fingerprint();
}

// Of what is read, nothing may be where the run writes.
Status TrainingRun::CheckInputs() const {
  const TrainingRecipe& recipe = setup_.recipe;
  std::vector<RunInput> inputs = task_.DataInputs();
  inputs.push_back({"the recipe", options_.recipe});
  inputs.push_back({recipe.from.empty() ? "tokenizer.path" : "model.from", setup_.start_path});
  if (recipe.adapter) inputs.push_back({"adapter.from", recipe.adapter->from});
  inputs.push_back({"judge.prompt_dir", recipe.judge.prompt_directory});
  return CheckInputsKept(paths_, inputs);
}

Status TrainingRun::Fingerprint() {
  fingerprint_ = {{"version", kFingerprintVersion},
                  {"mores", Version()},
                  {"isa", ops::FastestSums()},
                  {"recipe", task_.RecipeJson()}};
  MORES_ASSIGN_OR_RETURN(const Json objective, objective_->Fingerprint());
  fingerprint_.update(objective);
  MORES_ASSIGN_OR_RETURN(const Json start, StartFingerprint(setup_));
  fingerprint_.update(start);
  return {};
}

// The checkpoint to go on from, if there is one and it is of this run.
Expected<std::optional<FoundCheckpoint>> TrainingRun::FindCheckpoint() {
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

Status TrainingRun::TrainTokenizer() {
  const TokenizerRecipe& recipe = setup_.recipe.tokenizer;
  text::SentencePieceTraining training{.texts = task_.TokenizerTexts(setup_),
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
  files_["tokenizer.model"] = std::move(*trained);
  options_.progress->Update(count, "");
  options_.progress->Finish("");
  return {};
}

// From the checkpoint, what training starts from, or trained.
Status TrainingRun::PrepareTokenizer(const std::optional<FoundCheckpoint>& found) {
  if (found) files_ = found->files;
  const bool trained_here = setup_.start_path.empty();
  if (trained_here && !found) MORES_RETURN_IF_ERROR(TrainTokenizer());
  CheckpointFiles tokenizer;
  for (const auto& [name, bytes] : files_) {
    if (IsTokenizerFile(name)) tokenizer[name] = bytes;
  }
  MORES_RETURN_IF_ERROR(OpenTokenizer(trained_here || found ? &tokenizer : nullptr,
                                      paths_.work + "/tokenizer", setup_));
  for (const auto& [name, bytes] : setup_.tokenizer_files) files_[name] = bytes;
  return {};
}

Status TrainingRun::Prepare(const std::optional<FoundCheckpoint>& found) {
  MORES_RETURN_IF_ERROR(task_.ReadData());
  MORES_RETURN_IF_ERROR(PrepareTokenizer(found));
  MORES_RETURN_IF_ERROR(MakeTrainable(setup_));
  MORES_RETURN_IF_ERROR(MakeJudgeConfig(setup_));
  return task_.Tokenize(setup_);
}

// What a kill between the manifest and the end of a run left.
Status RemoveLeftover(const std::string& directory) {
  if (!DirectoryExists(directory)) return {};
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<CheckpointStore> store,
                         CheckpointStore::Open(directory));
  return store->Remove();
}

TrainingResult ResultOf(const Json& manifest) {
  TrainingResult result;
  result.steps = manifest.value("steps", int64_t{0});
  result.tokens = manifest.value("tokens", int64_t{0});
  result.seconds = manifest.value("training_seconds", 0.0);
  result.resumes = manifest.value("resumes", int64_t{0});
  result.best_step = manifest.value("best_step", int64_t{-1});
  result.evaluation = manifest.value("evaluation", Json());
  result.figures = manifest.value("training", Json());
  for (const Json& check : manifest.value("checks", Json::array())) {
    if (check.is_string()) result.checks.push_back(check.get<std::string>());
  }
  result.already_done = true;
  return result;
}

Json TrainingRun::Manifest(const CheckpointState& end, const TrainingResult& result) const {
  int64_t trained = 0;
  for (const model::Parameter& parameter : setup_.trainable->parameters()) {
    trained += static_cast<int64_t>(parameter.value.size());
  }
  Json json = {{"command", task_.command()},
               {"version", Version()},
               {"fingerprint", fingerprint_},
               {"recipe_file", options_.recipe},
               {"output", paths_.model},
               {"threads", pool_.threads()},
               {"isa", Name(CurrentIsaLevel())},
               {"parameters", setup_.trainable->config().ParameterCount()},
               {"trained_parameters", trained},
               {"steps", end.step},
               {"steps_per_epoch", objective_->steps_per_epoch()},
               {"tokens", end.tokens},
               {"training_seconds", end.seconds},
               {"resumes", end.resumes},
               {"last_started", started_},
               {"finished", options_.clock->UtcTimestamp()},
               {"checks", result.checks},
               {"training", result.figures},
               {"evaluation", result.evaluation},
               {"warning", result.warning.empty() ? Json() : Json(result.warning)}};
  if (end.best_step >= 0) json["best_step"] = end.best_step;
  if (task_.writes_judge(setup_)) json["judge"] = format::ToJson(setup_.judge, *setup_.profile);
  json.update(task_.ManifestFields());
  return json;
}

Status TrainingRun::WriteFiles(const std::string& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  MORES_RETURN_IF_ERROR(setup_.trainable->Save(directory, setup_.recipe.run.save_dtype));
  if (task_.writes_judge(setup_)) {
    for (const auto& [name, bytes] : setup_.profile_files) {
      MORES_RETURN_IF_ERROR(WriteFileAtomically(directory + "/" + name, bytes));
    }
  }
  if (setup_.adapter) return {};  // all else is the base's
  MORES_RETURN_IF_ERROR(WriteTokenizerFiles(setup_.tokenizer_files, directory));
  Json generation = Json::object();
  model::PutTokenIds(setup_.trainable->config(), generation);
  if (task_.writes_judge(setup_)) {
    generation["do_sample"] = false;
    generation["max_new_tokens"] = setup_.judge.max_critique_tokens;
  }
  return WriteJsonFile(directory + "/generation_config.json", generation);
}

Status TrainingRun::CheckWritten(Trainable& written) {
  const bool rounded = !setup_.adapter && setup_.recipe.run.save_dtype == tensor::DType::kBf16;
  const auto compared =
      CompareReloaded(*setup_.trainable, written, task_.Sample(), setup_.recipe.run.precision,
                      rounded ? Rounding::kRounded : Rounding::kNone);
  if (!compared) {
    return MakeError(compared.error().kind,
                     "{}: what was written there is not what was trained: {}; the checkpoint in {} "
                     "is kept",
                     paths_.model, compared.error().message, paths_.work);
  }
  checks_.push_back(
      fmt::format("written and read back: log-probabilities of {} tokens differ by at most {:.2g}",
                  compared->predictions, compared->largest));
  return {};
}

// Thresholds and scores are of the weights as written, rounded.
Expected<TrainingResult> TrainingRun::WriteOutput(const CheckpointState& end) {
  const std::string directory = paths_.work + "/half-model";
  MORES_RETURN_IF_ERROR(WriteFiles(directory));
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<Trainable> written,
                         setup_.trainable->Reopen(directory));
  MORES_RETURN_IF_ERROR(CheckWritten(*written));
  TrainingResult result{.steps = end.step,
                        .tokens = end.tokens,
                        .seconds = end.seconds,
                        .resumes = end.resumes,
                        .best_step = end.best_step};
  MORES_ASSIGN_OR_RETURN(result.evaluation, task_.Evaluate(*written, setup_, paths_));
  result.warning = task_.WarningOf(result.evaluation);
  MORES_ASSIGN_OR_RETURN(result.figures, RunFigures(paths_.metrics));
  result.checks = checks_;
  if (task_.writes_judge(setup_)) {
    MORES_RETURN_IF_ERROR(WriteJsonFile(directory + "/" + text::kJudgeFile,
                                        format::ToJson(setup_.judge, *setup_.profile)));
  }
  MORES_RETURN_IF_ERROR(PublishModel(paths_, directory, Manifest(end, result)));
  MORES_RETURN_IF_ERROR(store_->Remove());
  return result;
}

Expected<CheckpointState> TrainingRun::Loop(const std::optional<FoundCheckpoint>& found) {
  return RunLoop({.recipe = options_.recipe,
                  .optim = setup_.recipe.optim,
                  .run = setup_.recipe.run,
                  .metrics = paths_.metrics,
                  .stop = options_.stop,
                  .progress = options_.progress,
                  .clock = options_.clock,
                  .on_warning = options_.on_warning},
                 {.store = *store_, .found = found, .fingerprint = fingerprint_, .files = files_},
                 *setup_.trainable, *objective_, pool_);
}

Expected<TrainingResult> TrainingRun::Run() {
  started_ = options_.clock->UtcTimestamp();
  MORES_RETURN_IF_ERROR(Open());
  if (options_.start == StartMode::kResume) {
    MORES_ASSIGN_OR_RETURN(const std::optional<Json> manifest,
                           FinishedManifest(paths_, fingerprint_));
    if (manifest) {
      MORES_RETURN_IF_ERROR(RemoveLeftover(paths_.work));
      TrainingResult result = ResultOf(*manifest);
      result.warning = task_.WarningOf(result.evaluation);
      return result;
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
  Status prepared = Prepare(found);
  // At once: what comes after it may take hours.
  const auto tell = [this](std::string line) {
    options_.Warn(line);
    checks_.push_back(std::move(line));
  };
  if (prepared) prepared = task_.Prepare(setup_, files_, tell);
  if (!prepared) {
    // Nothing is lost with a folder that holds no checkpoint yet, nor anything else.
    if (!work_existed && !task_.KeepsWork()) (void)store_->Remove();
    return tl::unexpected<Error>(std::move(prepared.error()));
  }
  MORES_ASSIGN_OR_RETURN(const CheckpointState end, Loop(found));
  return WriteOutput(end);
}

}  // namespace

Expected<TrainingResult> RunTraining(const TrainingOptions& options, TrainingTask& task) {
  if (options.output.empty()) return MakeError(ErrorKind::kUsage, "the output has no name");
  MORES_RETURN_IF_ERROR(task.ReadRecipe(options));
  TrainingRun run(options, task);
  return run.Run();
}

}  // namespace mores::train
