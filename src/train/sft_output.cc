#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/cpu.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/version.h"
#include "job/fingerprint.h"
#include "text/tokenizer/sentencepiece.h"
#include "train/evaluation.h"
#include "train/sft_run.h"

namespace mores::train {
namespace {

namespace fs = std::filesystem;

// Our judge's prompt for other tools (docs/formats/judge-profile.md).
constexpr char kChatTemplate[] =
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + "
    "message['content'] }}{% endfor %}{% if add_generation_prompt %}{{ '<|judge|>' }}{% endif %}";

Status WriteJson(const std::string& path, const Json& json) {
  return WriteFileAtomically(path, json.dump(2) + "\n");
}

std::vector<ScoredLabel> OfLanguage(const Evaluation& evaluation, std::span<const Example> examples,
                                    text::Language language) {
  const std::vector<ScoredLabel> all = ScoredLabels(evaluation, examples);
  std::vector<ScoredLabel> chosen;
  for (size_t i = 0; i < all.size(); ++i) {
    if (examples[i].lang == language) chosen.push_back(all[i]);
  }
  return chosen;
}

void ChooseThresholds(const Evaluation& evaluation, std::span<const Example> examples,
                      format::JudgeConfig& judge) {
  judge.threshold_en = ChooseThreshold(OfLanguage(evaluation, examples, text::Language::kEnglish));
  judge.threshold_zh = ChooseThreshold(OfLanguage(evaluation, examples, text::Language::kChinese));
  const std::vector<ScoredLabel> other = OfLanguage(evaluation, examples, text::Language::kOther);
  judge.threshold_other =
      ChooseThreshold(other.empty() ? ScoredLabels(evaluation, examples) : other);
}

Status WriteScores(const SftRun& run, const Evaluation& evaluation) {
  MORES_ASSIGN_OR_RETURN(const auto file, AtomicFile::Create(run.paths.valid_scores));
  for (size_t i = 0; i < run.valid.examples.size(); ++i) {
    const Example& example = run.valid.examples[i];
    const Json line = {{"id", example.id},
                       {"source", example.source},
                       {"lang", text::Name(example.lang)},
                       {"label", format::Name(example.label)},
                       {"p_unsafe", evaluation.scores[i].p_unsafe},
                       {"other_mass", evaluation.scores[i].other_mass}};
    MORES_RETURN_IF_ERROR(file->Write(DumpJson(line) + "\n"));
  }
  return file->Commit();
}

Expected<Json> HashFiles(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  Json hashes = Json::object();
  for (const std::string& name : names) {
    MORES_ASSIGN_OR_RETURN(const std::string hash, Sha256HexOfFile(directory + "/" + name));
    hashes[name] = hash;
  }
  return hashes;
}

Json Manifest(const SftRun& run, const Json& evaluation, Json output_hashes) {
  return {{"command", "train sft"},
          {"version", Version()},
          {"fingerprint", run.fingerprint},
          {"recipe_file", run.options.recipe},
          {"train_file", run.recipe.train_path},
          {"valid_file", run.recipe.valid_path},
          {"output", run.paths.model},
          {"threads", run.pool.threads()},
          {"isa", Name(CurrentIsaLevel())},
          {"parameters", run.model->config().ParameterCount()},
          {"train", run.train.Summary()},
          {"valid", run.valid.Summary()},
          {"steps", run.state.step},
          {"steps_per_epoch", run.steps_per_epoch},
          {"tokens", run.state.tokens},
          {"training_seconds", run.state.seconds},
          {"resumes", run.state.resumes},
          {"last_started", run.started},
          {"finished", run.options.clock->UtcTimestamp()},
          {"judge", format::ToJson(run.judge)},
          {"evaluation", evaluation},
          {"output_sha256", std::move(output_hashes)}};
}

Status WriteModelFiles(const SftRun& run, const std::string& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  MORES_RETURN_IF_ERROR(run.model->Save(directory, run.recipe.run.save_dtype));
  MORES_RETURN_IF_ERROR(text::WriteTokenizerFiles(run.tokenizer_bytes, directory, kChatTemplate));
  const model::ModelConfig& config = run.model->config();
  return WriteJson(directory + "/generation_config.json",
                   {{"bos_token_id", config.bos_id},
                    {"eos_token_id", config.eos_id},
                    {"do_sample", false},
                    {"max_new_tokens", run.judge.max_critique_tokens}});
}

}  // namespace

Expected<std::optional<Json>> FinishedManifest(const SftPaths& paths, const Json& fingerprint) {
  if (!FileExists(paths.manifest) || !DirectoryExists(paths.model)) return std::optional<Json>();
  MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(paths.manifest));
  const Expected<Json> manifest = ParseJson(text, paths.manifest);
  if (!manifest || !manifest->is_object() || !manifest->contains("output_sha256") ||
      !job::FingerprintDifferences(manifest->value("fingerprint", Json()), fingerprint).empty()) {
    return std::optional<Json>();
  }
  MORES_ASSIGN_OR_RETURN(const Json hashes, HashFiles(paths.model));
  if (hashes != (*manifest)["output_sha256"]) return std::optional<Json>();
  return std::optional<Json>(*manifest);
}

Expected<Json> WriteSftOutput(SftRun& run) {
  const std::string directory = run.paths.work + "/half-model";
  MORES_RETURN_IF_ERROR(WriteModelFiles(run, directory));
  // Thresholds and scores are of the weights as written, rounded.
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<model::TrainableModel> written,
                         model::TrainableModel::Load(directory, run.pool));
  const Evaluator evaluator(*run.profile, *run.tokenizer,
                            {.precision = run.recipe.run.precision,
                             .micro_batch_tokens = run.recipe.optim.micro_batch_tokens});
  const Evaluation evaluation = evaluator.Run(*written, run.valid.examples);
  if (run.recipe.judge.thresholds_from_validation) {
    ChooseThresholds(evaluation, run.valid.examples, run.judge);
  }
  MORES_RETURN_IF_ERROR(WriteJson(directory + "/judge.json", format::ToJson(run.judge)));
  MORES_ASSIGN_OR_RETURN(Json hashes, HashFiles(directory));
  MORES_RETURN_IF_ERROR(WriteScores(run, evaluation));
  MORES_RETURN_IF_ERROR(ReplaceDirectory(directory, run.paths.model));
  Json summary = Summary(evaluation, run.valid.examples);
  MORES_RETURN_IF_ERROR(WriteJson(run.paths.manifest, Manifest(run, summary, std::move(hashes))));
  MORES_RETURN_IF_ERROR(run.store->Remove());
  return summary;
}

}  // namespace mores::train
