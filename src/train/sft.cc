#include "train/sft.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "base/cpu.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/version.h"
#include "format/sft.h"
#include "job/fingerprint.h"
#include "text/tokenizer/sentencepiece.h"
#include "train/sft_run.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

constexpr int kFingerprintVersion = 1;
constexpr char kProfile[] = "mores-label-first";

// Hashes of what makes a model directory, by file name.
Expected<Json> HashModelDirectory(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name == "config.json" || name == "tokenizer.model" || name.ends_with(".safetensors")) {
      names.push_back(name);
    }
  }
  if (error) return MakeError(ErrorKind::kMissing, "{}: {}", directory, error.message());
  std::sort(names.begin(), names.end());
  Json hashes = Json::object();
  for (const std::string& name : names) {
    MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(directory + "/" + name));
    hashes[name] = hash;
  }
  return hashes;
}

std::string TokenizerPath(const Recipe& recipe) {
  if (!recipe.from.empty()) return recipe.from + "/tokenizer.model";
  if (recipe.tokenizer.path.empty()) return "";
  return recipe.tokenizer.path + "/tokenizer.model";
}

Expected<Json> Fingerprint(const SftRun& run) {
  Json json = {{"version", kFingerprintVersion},
               {"mores", Version()},
               {"isa", Name(CurrentIsaLevel())},
               {"profile", run.profile->name()},
               {"prompt_hash", run.profile->prompt_hash()},
               {"recipe", RecipeFingerprint(run.recipe)}};
  MORES_ASSIGN_OR_RETURN(const std::string train, Sha256HexOfFile(run.recipe.train_path));
  MORES_ASSIGN_OR_RETURN(const std::string valid, Sha256HexOfFile(run.recipe.valid_path));
  json["train_sha256"] = train;
  json["valid_sha256"] = valid;
  if (!run.recipe.from.empty()) {
    MORES_ASSIGN_OR_RETURN(json["from"], HashModelDirectory(run.recipe.from));
  } else if (const std::string path = TokenizerPath(run.recipe); !path.empty()) {
    MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(path));
    json["tokenizer_sha256"] = hash;
  }
  return json;
}

// An output folder may be replaced when it is asked for and looks like a model directory.
Status CheckOutput(const SftRun& run, bool resuming) {
  const std::string& output = run.paths.model;
  std::error_code error;
  if (!fs::exists(output, error) || resuming) return {};
  if (run.options.start != StartMode::kFresh) {
    return MakeError(ErrorKind::kUsage,
                     "{}: is there already, and not from this recipe and data; choose another "
                     "output, or give --fresh to replace it",
                     output);
  }
  if (!fs::is_directory(output, error) ||
      (!fs::is_empty(output, error) && !FileExists(output + "/config.json"))) {
    return MakeError(ErrorKind::kUsage, "{}: is no model directory; it will not be replaced",
                     output);
  }
  return {};
}

Status TrainTokenizer(SftRun& run, std::span<const format::SftRecord> records) {
  const TokenizerRecipe& recipe = run.recipe.tokenizer;
  text::SentencePieceTraining training{
      .texts = TokenizerTexts(records, *run.profile, recipe.sample_texts,
                              static_cast<uint64_t>(run.recipe.run.seed)),
      .vocab_size = recipe.vocab_size,
      .special_tokens = format::OurSpecialTokens(),
      .character_coverage = recipe.character_coverage};
  const auto count = static_cast<int64_t>(training.texts.size());
  run.options.progress->Start("training the tokenizer", "texts", count, 0);
  Expected<std::string> trained = text::TrainSentencePieceBpe(training);
  if (!trained) {
    return MakeError(trained.error().kind, "{}: tokenizer: {}", run.options.recipe,
                     trained.error().message);
  }
  run.tokenizer_bytes = std::move(*trained);
  run.options.progress->Update(count, "");
  run.options.progress->Finish("");
  return {};
}

// From the checkpoint, a model directory, or trained; `run.tokenizer_bytes` and `run.tokenizer`.
Status PrepareTokenizer(SftRun& run, const std::optional<FoundCheckpoint>& found,
                        std::span<const format::SftRecord> records) {
  if (found) {
    run.tokenizer_bytes = found->tokenizer;
  } else if (const std::string path = TokenizerPath(run.recipe); !path.empty()) {
    MORES_ASSIGN_OR_RETURN(run.tokenizer_bytes, ReadFile(path));
  } else {
    MORES_RETURN_IF_ERROR(TrainTokenizer(run, records));
  }
  const std::string path = run.paths.work + "/tokenizer.model";
  MORES_RETURN_IF_ERROR(WriteFileAtomically(path, run.tokenizer_bytes));
  MORES_ASSIGN_OR_RETURN(run.tokenizer, text::LoadSentencePiece(path));
  return {};
}

Status PrepareModel(SftRun& run) {
  if (!run.recipe.from.empty()) {
    MORES_ASSIGN_OR_RETURN(run.model, model::TrainableModel::Load(run.recipe.from, run.pool));
    const int vocab_size = run.model->config().vocab_size;
    if (vocab_size < run.tokenizer->vocab_size()) {
      return MakeError(ErrorKind::kUnsupported, "{}: the model has {} tokens and its tokenizer {}",
                       run.recipe.from, vocab_size, run.tokenizer->vocab_size());
    }
    return {};
  }
  model::ModelConfig config = run.recipe.model;
  config.vocab_size = run.tokenizer->vocab_size();
  config.bos_id = run.tokenizer->bos_id().value_or(config.bos_id);
  config.eos_id = run.tokenizer->eos_id().value_or(config.eos_id);
  run.model =
      model::TrainableModel::Random(config, static_cast<uint64_t>(run.recipe.run.seed), run.pool);
  return {};
}

Status PrepareJudge(SftRun& run) {
  const int model_context = run.model->config().context_length;
  const JudgeRecipe& recipe = run.recipe.judge;
  run.judge.profile = run.profile->name();
  run.judge.prompt_hash = run.profile->prompt_hash();
  run.judge.context_length = recipe.context_length > 0 ? recipe.context_length : model_context;
  run.judge.max_critique_tokens = recipe.max_critique_tokens;
  run.judge.threshold_en = recipe.threshold_en;
  run.judge.threshold_zh = recipe.threshold_zh;
  run.judge.threshold_other = recipe.threshold_other;
  if (run.judge.context_length > model_context) {
    return MakeError(ErrorKind::kInput, "{}: field 'judge.context_length': above the model's, {}",
                     run.options.recipe, model_context);
  }
  if (run.recipe.optim.micro_batch_tokens < run.judge.context_length) {
    return MakeError(ErrorKind::kInput,
                     "{}: field 'optim.micro_batch_tokens': must be at least the context of {}",
                     run.options.recipe, run.judge.context_length);
  }
  return {};
}

void PlanSteps(SftRun& run) {
  const OptimRecipe& optim = run.recipe.optim;
  run.steps_per_epoch = StepsPerEpoch(run.train.lengths(), run.packing());
  run.total_steps = optim.steps;
  if (optim.steps == 0) {
    run.total_steps =
        std::max<int64_t>(1, std::llround(optim.epochs * static_cast<double>(run.steps_per_epoch)));
  }
}

Status Prepare(SftRun& run, const std::optional<FoundCheckpoint>& found) {
  MORES_ASSIGN_OR_RETURN(const std::vector<format::SftRecord> train,
                         format::ReadSftRecords(run.recipe.train_path, *run.profile));
  MORES_ASSIGN_OR_RETURN(const std::vector<format::SftRecord> valid,
                         format::ReadSftRecords(run.recipe.valid_path, *run.profile));
  MORES_RETURN_IF_ERROR(PrepareTokenizer(run, found, train));
  MORES_RETURN_IF_ERROR(PrepareModel(run));
  MORES_RETURN_IF_ERROR(PrepareJudge(run));
  run.judge.follows_rules = std::any_of(train.begin(), train.end(), [](const auto& record) {
    return !record.dialogue.rules.empty();
  });
  run.judge.uses_guidelines = std::any_of(train.begin(), train.end(), [](const auto& record) {
    return !record.dialogue.guideline.empty();
  });
  MORES_ASSIGN_OR_RETURN(run.train,
                         TokenizeRecords(train, *run.profile, *run.tokenizer, run.judge));
  MORES_ASSIGN_OR_RETURN(run.valid,
                         TokenizeRecords(valid, *run.profile, *run.tokenizer, run.judge));
  PlanSteps(run);
  if (found) {
    run.state = found->state;
    ++run.state.resumes;
    MORES_RETURN_IF_ERROR(CheckpointStore::Restore(*found, run.model->parameters(), run.optimizer));
    run.model->ParametersChanged();
    return {};
  }
  run.optimizer = ZeroAdamWState(run.model->parameters());
  run.state.fingerprint = run.fingerprint;
  return run.SaveCheckpoint();
}

// The checkpoint to go on from, if there is one and it is of this run.
Expected<std::optional<FoundCheckpoint>> FindCheckpoint(const SftRun& run) {
  if (run.options.start == StartMode::kFresh) {
    MORES_RETURN_IF_ERROR(run.store->Clear());
    return std::optional<FoundCheckpoint>();
  }
  MORES_ASSIGN_OR_RETURN(std::optional<FoundCheckpoint> found, run.store->Latest());
  if (!found) return found;
  const std::vector<std::string> differences =
      job::FingerprintDifferences(found->state.fingerprint, run.fingerprint);
  if (!differences.empty()) {
    return MakeError(ErrorKind::kUsage,
                     "{}: unfinished training that differs in {}; repeat that run to go on, or "
                     "give --fresh to start afresh",
                     run.paths.work, fmt::join(differences, ", "));
  }
  return found;
}

// What a kill between the manifest and the end of a run left.
Status RemoveLeftover(const std::string& directory) {
  if (!DirectoryExists(directory)) return {};
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<CheckpointStore> store,
                         CheckpointStore::Open(directory));
  return store->Remove();
}

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Expected<SftResult> ResultOf(const Json& manifest) {
  SftResult result;
  result.steps = manifest.value("steps", int64_t{0});
  result.tokens = manifest.value("tokens", int64_t{0});
  result.seconds = manifest.value("training_seconds", 0.0);
  result.resumes = manifest.value("resumes", int64_t{0});
  result.evaluation = manifest.value("evaluation", Json());
  result.already_done = true;
  return result;
}

}  // namespace

PackingOptions SftRun::packing() const {
  return {.micro_batch_tokens = recipe.optim.micro_batch_tokens,
          .tokens_per_step = recipe.optim.tokens_per_step,
          .seed = static_cast<uint64_t>(recipe.run.seed)};
}

Status SftRun::SaveCheckpoint() {
  return store->Save(state, tokenizer_bytes, model->parameters(), optimizer);
}

Expected<SftResult> TrainSft(const SftOptions& options) {
  SftRun run(options, WithoutTrailingSlashes(options.output));
  run.started = options.clock->UtcTimestamp();
  MORES_ASSIGN_OR_RETURN(run.recipe, ReadRecipe(options.recipe, options.data_directory));
  MORES_ASSIGN_OR_RETURN(run.profile, format::FindJudgeProfile(kProfile));
  MORES_ASSIGN_OR_RETURN(run.fingerprint, Fingerprint(run));
  if (options.start == StartMode::kResume) {
    MORES_ASSIGN_OR_RETURN(const std::optional<Json> manifest,
                           FinishedManifest(run.paths, run.fingerprint));
    if (manifest) {
      MORES_RETURN_IF_ERROR(RemoveLeftover(run.paths.work));
      return ResultOf(*manifest);
    }
  }
  const bool work_existed = DirectoryExists(run.paths.work);
  if (!work_existed) MORES_RETURN_IF_ERROR(CheckOutput(run, /*resuming=*/false));
  MORES_ASSIGN_OR_RETURN(run.store, CheckpointStore::Open(run.paths.work));
  MORES_ASSIGN_OR_RETURN(const std::optional<FoundCheckpoint> found, FindCheckpoint(run));
  MORES_RETURN_IF_ERROR(CheckOutput(run, found.has_value()));
  if (Status prepared = Prepare(run, found); !prepared) {
    // Nothing is lost with a folder that holds no checkpoint yet.
    if (!work_existed && run.state.fingerprint.is_null()) (void)run.store->Remove();
    return tl::unexpected<Error>(std::move(prepared.error()));
  }
  MORES_RETURN_IF_ERROR(RunSteps(run));
  MORES_ASSIGN_OR_RETURN(Json evaluation, WriteSftOutput(run));
  return SftResult{.steps = run.state.step,
                   .tokens = run.state.tokens,
                   .seconds = run.state.seconds,
                   .resumes = run.state.resumes,
                   .evaluation = std::move(evaluation)};
}

}  // namespace mores::train
