#include "train/recipe_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace mores::train {
namespace {

constexpr NumberRange kSectionFraction{.low = 0, .high = 1};
constexpr NumberRange kSectionCount{.low = 1, .high = 1e12};
constexpr NumberRange kSectionCountOrNone{.low = 0, .high = 1e12};

void ReadTokenizer(TomlFields fields, const std::filesystem::path& folder, TrainingRecipe& recipe) {
  TokenizerRecipe& tokenizer = recipe.tokenizer;
  for (const char* key : {"vocab_size", "character_coverage", "sample_texts"}) {
    fields.Exclusive(key, "path");
  }
  fields.Text("path", tokenizer.path);
  tokenizer.path = ResolvePath(tokenizer.path, folder);
  fields.Integer("vocab_size", tokenizer.vocab_size, {.low = 300, .high = 1000000});
  fields.Number("character_coverage", tokenizer.character_coverage, {.low = 0.9, .high = 1});
  fields.Integer("sample_texts", tokenizer.sample_texts, kSectionCount);
  fields.Finish();
}

constexpr const char* kShapeFields[] = {"layers",     "hidden_dim",      "ffn_dim",  "query_heads",
                                        "kv_heads",   "context_length",  "head_dim", "tied_head",
                                        "rope_theta", "rms_norm_epsilon"};

void ReadShape(TomlFields& fields, model::ModelConfig& model) {
  for (const char* key :
       {"layers", "hidden_dim", "ffn_dim", "query_heads", "kv_heads", "context_length"}) {
    fields.Require(key);
  }
  constexpr NumberRange kDim{.low = 1, .high = 65536};
  fields.Integer("layers", model.layers, {.low = 1, .high = 1000});
  fields.Integer("hidden_dim", model.hidden_dim, kDim);
  fields.Integer("ffn_dim", model.ffn_dim, {.low = 1, .high = 1 << 20});
  fields.Integer("query_heads", model.query_heads, {.low = 1, .high = 1024});
  fields.Integer("kv_heads", model.kv_heads, {.low = 1, .high = 1024});
  model.head_dim = model.query_heads > 0 ? model.hidden_dim / model.query_heads : 0;
  if (!fields.Has("head_dim") && model.query_heads > 0 &&
      model.hidden_dim % model.query_heads != 0) {
    fields.Refuse("hidden_dim", "must be a multiple of query_heads where head_dim isn't given");
  }
  fields.Integer("head_dim", model.head_dim, {.low = 2, .high = 1024});
  if (model.head_dim % 2 != 0) fields.Refuse("head_dim", "must be even");
  fields.Integer("context_length", model.context_length, {.low = 16, .high = 1 << 20});
  fields.Flag("tied_head", model.tied_head);
  fields.Number("rope_theta", model.every_layer.rope.theta, {.low = 1, .high = 1e9});
  fields.Number("rms_norm_epsilon", model.final_norm.epsilon, {.low = 1e-12, .high = 0.1});
  model.every_layer.norm = model.final_norm;
  if (model.kv_heads > 0 && model.query_heads % model.kv_heads != 0) {
    fields.Refuse("kv_heads", "must divide query_heads");
  }
}

void ReadModel(TomlFields fields, const std::filesystem::path& folder, SectionRules::Start start,
               TrainingRecipe& recipe) {
  if (start == SectionRules::Start::kModelOnly) fields.Require("from");
  fields.Text("from", recipe.from);
  // What is no path there may be a model's name.
  const std::string path = ResolvePath(recipe.from, folder);
  std::error_code error;
  if (!recipe.from.empty() &&
      (std::filesystem::exists(path, error) || recipe.from.find('/') != std::string::npos)) {
    recipe.from = path;
  }
  if (recipe.from.empty() && start == SectionRules::Start::kAny) ReadShape(fields, recipe.model);
  for (const char* key : kShapeFields) {
    if (!recipe.from.empty() && fields.Has(key)) {
      fields.Refuse(key, "stands beside 'from', whose model keeps its shape");
    }
  }
  fields.Finish();
}

// Names as a list; a text as a regular expression over whole names.
void ReadModules(TomlFields& fields, const char* key, std::vector<std::string>& names,
                 std::string& pattern) {
  if (fields.IsText(key)) {
    fields.Text(key, pattern);
  } else {
    fields.Texts(key, names);
    if (fields.Has(key) && names.empty()) fields.Refuse(key, "names nothing");
  }
}

void ReadAdapterShape(TomlFields& fields, model::AdapterConfig& adapter) {
  constexpr NumberRange kRank{.low = 1, .high = 65536};
  constexpr NumberRange kAlpha{.low = 1e-6, .high = 1e6};
  adapter.rank = 16;
  fields.Integer("rank", adapter.rank, kRank);
  adapter.alpha = 2 * static_cast<double>(adapter.rank);
  fields.Number("alpha", adapter.alpha, kAlpha);
  fields.Flag("rank_stabilized", adapter.rank_stabilized);
  fields.Flag("dora", adapter.dora);
  ReadModules(fields, "targets", adapter.targets, adapter.target_pattern);
  if (adapter.target_pattern == "all-linear") adapter.target_pattern.clear();
  adapter.all_linear = adapter.targets.empty() && adapter.target_pattern.empty();
  ReadModules(fields, "exclude", adapter.exclude, adapter.exclude_pattern);
  fields.Integers("layers", adapter.layers_to_transform, {.low = 0, .high = 100000});
  if (fields.Has("layers") && adapter.layers_to_transform.empty()) {
    fields.Refuse("layers", "names nothing; without it, all are meant");
  }
  std::vector<std::pair<std::string, double>> ranks;
  fields.NumbersByName("rank_pattern", ranks, kRank);
  for (const auto& [module, rank] : ranks) {
    if (rank != std::floor(rank)) fields.Refuse("rank_pattern", "ranks are whole numbers");
    adapter.rank_pattern.emplace_back(module, static_cast<int64_t>(rank));
  }
  fields.NumbersByName("alpha_pattern", adapter.alpha_pattern, kAlpha);
}

void ReadAdapter(TomlFields fields, const std::filesystem::path& folder, TrainingRecipe& recipe) {
  AdapterRecipe& adapter = recipe.adapter.emplace();
  for (const char* key : {"rank", "alpha", "rank_stabilized", "dora", "targets", "exclude",
                          "layers", "rank_pattern", "alpha_pattern"}) {
    if (fields.Has(key) && fields.Has("from")) {
      fields.Refuse(key, "stands beside 'from', whose adapter keeps its shape");
    }
  }
  fields.Text("from", adapter.from);
  adapter.from = ResolvePath(adapter.from, folder);
  ReadAdapterShape(fields, adapter.config);
  fields.Number("dropout", adapter.config.dropout, {.low = 0, .high = 0.9});
  if (adapter.config.dora && adapter.config.dropout > 0) {
    fields.Refuse("dropout", kDoraDropout);
  }
  fields.Choice("format", {{"peft", AdapterFiles::kPeft}, {"gguf", AdapterFiles::kPeftAndGguf}},
                adapter.files);
  if (adapter.files == AdapterFiles::kPeftAndGguf && adapter.config.dora) {
    fields.Refuse("format", kDoraGguf);
  }
  fields.Finish();
}

void ReadOptim(TomlFields fields, OptimRecipe& optim) {
  fields.Number("learning_rate", optim.learning_rate,
                {.low = 0, .high = 10, .low_end = NumberRange::Low::kExcluded});
  fields.Pair("betas", optim.adamw.beta1, optim.adamw.beta2, {.low = 0, .high = 0.999999});
  fields.Number("epsilon", optim.adamw.epsilon, {.low = 0, .high = 1});
  fields.Number("weight_decay", optim.adamw.weight_decay, {.low = 0, .high = 10});
  fields.Number("clip_norm", optim.clip_norm, {.low = 0, .high = 1e6});
  fields.Exclusive("warmup_fraction", "warmup_steps");
  fields.Integer("warmup_steps", optim.warmup_steps, kSectionCountOrNone);
  fields.Number("warmup_fraction", optim.warmup_fraction, kSectionFraction);
  fields.Choice("schedule",
                {{Name(Decay::kCosine), Decay::kCosine},
                 {Name(Decay::kLinear), Decay::kLinear},
                 {Name(Decay::kConstant), Decay::kConstant}},
                optim.decay);
  fields.Number("min_lr_fraction", optim.min_lr_fraction, kSectionFraction);
  fields.Exclusive("epochs", "steps");
  fields.Number("epochs", optim.epochs,
                {.low = 0, .high = 1e6, .low_end = NumberRange::Low::kExcluded});
  fields.Integer("steps", optim.steps, kSectionCount);
  fields.Integer("tokens_per_step", optim.tokens_per_step, kSectionCount);
  fields.Integer("micro_batch_tokens", optim.micro_batch_tokens, kSectionCount);
  fields.Finish();
}

void ReadRun(TomlFields fields, const SectionRules& rules, RunRecipe& run) {
  fields.Number("dropout", run.dropout, {.low = 0, .high = 0.9});
  fields.Integer("seed", run.seed, {.low = 0, .high = 9e15});
  for (const auto& [name, dtype] :
       {std::pair("precision", &run.precision), {"save_dtype", &run.save_dtype}}) {
    fields.Choice(name, {{"bf16", tensor::DType::kBf16}, {"f32", tensor::DType::kF32}}, *dtype);
  }
  fields.Integer("eval_every", run.eval_every, kSectionCountOrNone);
  fields.Integer("eval_examples", run.eval_examples, kSectionCountOrNone);
  fields.Integer("stop_after", run.stop_after, kSectionCountOrNone);
  run.stop_by = rules.stop_by.front();
  fields.Text("stop_by", run.stop_by);
  if (std::find(rules.stop_by.begin(), rules.stop_by.end(), run.stop_by) == rules.stop_by.end()) {
    fields.Refuse("stop_by", fmt::format("must be one of '{}'", fmt::join(rules.stop_by, "', '")));
  }
  if (fields.Has("stop_by") && run.stop_after == 0) fields.Refuse("stop_by", "needs stop_after");
  if (run.stop_after > 0 && run.eval_every == 0) {
    fields.Refuse("stop_after", "needs eval_every: it counts evaluations");
  }
  fields.Integer("checkpoint_steps", run.checkpoint_steps, kSectionCountOrNone);
  fields.Number("checkpoint_seconds", run.checkpoint_seconds, {.low = 0, .high = 1e6});
  fields.Number("activation_gb", run.activation_gb, {.low = 0, .high = 1e6});
  fields.Finish();
}

void ReadProfile(TomlFields& fields, const std::filesystem::path& folder, JudgeRecipe& judge) {
  fields.Text("profile", judge.profile);
  fields.Text("prompt_dir", judge.prompt_directory);
  judge.prompt_directory = ResolvePath(judge.prompt_directory, folder);
  const bool file =
      judge.profile.find('/') != std::string::npos || judge.profile.ends_with(".json");
  if (file) judge.profile = ResolvePath(judge.profile, folder);
  if (judge.profile == format::JudgeConfig().profile && !judge.prompt_directory.empty()) {
    fields.Refuse("prompt_dir", fmt::format("says nothing to profile '{}'", judge.profile));
  }
}

void ReadThreshold(TomlFields& thresholds, const char* key, std::optional<double>& out) {
  if (!thresholds.Has(key)) return;
  out.emplace();
  thresholds.Number(key, *out, kSectionFraction);
}

void ReadCalibrations(TomlFields calibrations, JudgeRecipe& judge) {
  for (size_t i = 0; i < judge.calibrations.size(); ++i) {
    const std::string language(text::Name(static_cast<text::Language>(i)));
    if (!calibrations.Has(language.c_str())) continue;
    TomlFields fields = calibrations.Table(language.c_str());
    format::Calibration& calibration = judge.calibrations[i].emplace();
    fields.Number("temperature", calibration.temperature, {.low = 0.01, .high = 100});
    fields.Number("bias", calibration.bias, {.low = -100, .high = 100});
    fields.Finish();
  }
  calibrations.Finish();
}

Json CalibrationsJson(const JudgeRecipe& judge) {
  Json json = Json::object();
  for (size_t i = 0; i < judge.calibrations.size(); ++i) {
    if (const std::optional<format::Calibration>& one = judge.calibrations[i]) {
      json[std::string(text::Name(static_cast<text::Language>(i)))] = {
          {"temperature", one->temperature}, {"bias", one->bias}};
    }
  }
  return json;
}

void ReadJudge(TomlFields fields, const std::filesystem::path& folder, JudgeRecipe& judge) {
  ReadProfile(fields, folder, judge);
  fields.Integer("context_length", judge.context_length, {.low = 16, .high = 1 << 20});
  fields.Integer("max_critique_tokens", judge.max_critique_tokens, {.low = 1, .high = 1 << 16});
  if (fields.IsTable("thresholds")) {
    judge.thresholds_from_validation = false;
    TomlFields thresholds = fields.Table("thresholds");
    ReadThreshold(thresholds, "en", judge.threshold_en);
    ReadThreshold(thresholds, "zh", judge.threshold_zh);
    ReadThreshold(thresholds, "other", judge.threshold_other);
    thresholds.Finish();
  } else {
    fields.Choice("thresholds", {{"validation", true}}, judge.thresholds_from_validation);
  }
  if (fields.Has("calibration")) {
    ReadCalibrations(fields.Table("calibration"), judge);
    // Those of the validation are of probabilities as they were trained.
    if (judge.thresholds_from_validation) fields.Refuse("calibration", "needs fixed thresholds");
  }
  fields.Choice<std::string>("precision", {{"bf16", "bf16"}, {"f32", "f32"}, {"int8", "int8"}},
                             judge.precision);
  if (!judge.precision.empty() && judge.thresholds_from_validation) {
    fields.Refuse("precision", "needs fixed thresholds");  // those are of the training's precision
  }
  fields.Finish();
}

// Null where nothing is said.
Json ThresholdJson(const std::optional<double>& threshold) {
  return threshold ? Json(*threshold) : Json();
}

Json AdapterFingerprint(const AdapterRecipe& adapter) {
  Json json = model::ToJson(adapter.config);
  if (!adapter.from.empty()) json = {{"lora_dropout", adapter.config.dropout}};
  json["format"] = adapter.files == AdapterFiles::kPeft ? "peft" : "gguf";
  return json;
}

}  // namespace

std::string ResolvePath(const std::string& path, const std::filesystem::path& folder) {
  if (path.empty()) return path;
  return (folder / std::filesystem::path(path)).lexically_normal().string();
}

void ReadTrainingSections(TomlFields& fields, const std::filesystem::path& folder,
                          const SectionRules& rules, TrainingRecipe& recipe) {
  fields.Require("model");
  ReadTokenizer(fields.Table("tokenizer"), folder, recipe);
  ReadModel(fields.Table("model"), folder, rules.start, recipe);
  if (!recipe.from.empty() && fields.Has("tokenizer")) {
    fields.Refuse("tokenizer", "stands beside 'model.from', which brings its own");
  }
  fields.PassOver("adapter");  // it is known, there or not
  if (fields.Has("adapter")) {
    if (recipe.from.empty()) fields.Refuse("adapter", "needs model.from, the model that it is for");
    ReadAdapter(fields.Table("adapter"), folder, recipe);
  }
  recipe.optim = recipe.adapter ? rules.adapter : rules.full;
  ReadOptim(fields.Table("optim"), recipe.optim);
  ReadRun(fields.Table("run"), rules, recipe.run);
  recipe.judge.given = fields.Has("judge");
  // What is made here from nothing is asked in our way; a model has one of its own.
  if (recipe.from.empty() && recipe.tokenizer.path.empty()) {
    recipe.judge.profile = format::JudgeConfig().profile;
  }
  ReadJudge(fields.Table("judge"), folder, recipe.judge);
  if (recipe.from.empty() && recipe.judge.context_length > recipe.model.context_length) {
    fields.Refuse("judge", "its context_length is above the model's");
  }
}

Json SectionsFingerprint(const TrainingRecipe& recipe) {
  const OptimRecipe& optim = recipe.optim;
  Json json;
  if (recipe.tokenizer.path.empty() && recipe.from.empty()) {
    json["tokenizer"] = {{"vocab_size", recipe.tokenizer.vocab_size},
                         {"character_coverage", recipe.tokenizer.character_coverage},
                         {"sample_texts", recipe.tokenizer.sample_texts}};
  }
  if (recipe.from.empty()) json["model"] = model::ToJson(recipe.model, Name(recipe.run.save_dtype));
  if (recipe.adapter) json["adapter"] = AdapterFingerprint(*recipe.adapter);
  json["optim"] = {{"learning_rate", optim.learning_rate},
                   {"betas", {optim.adamw.beta1, optim.adamw.beta2}},
                   {"epsilon", optim.adamw.epsilon},
                   {"weight_decay", optim.adamw.weight_decay},
                   {"clip_norm", optim.clip_norm},
                   {"warmup_steps", optim.warmup_steps},
                   {"warmup_fraction", optim.warmup_fraction},
                   {"schedule", Name(optim.decay)},
                   {"min_lr_fraction", optim.min_lr_fraction},
                   {"epochs", optim.epochs},
                   {"steps", optim.steps},
                   {"tokens_per_step", optim.tokens_per_step},
                   {"micro_batch_tokens", optim.micro_batch_tokens}};
  json["run"] = {{"dropout", recipe.run.dropout},
                 {"seed", recipe.run.seed},
                 {"precision", Name(recipe.run.precision)},
                 {"save_dtype", Name(recipe.run.save_dtype)}};
  if (recipe.run.stop_after > 0) {
    json["run"]["stop_after"] = recipe.run.stop_after;
    json["run"]["stop_by"] = recipe.run.stop_by;
    json["run"]["eval_every"] = recipe.run.eval_every;
    json["run"]["eval_examples"] = recipe.run.eval_examples;
  }
  const JudgeRecipe& judge = recipe.judge;
  json["judge"] = {{"context_length", judge.context_length},
                   {"max_critique_tokens", judge.max_critique_tokens}};
  if (judge.thresholds_from_validation) {
    json["judge"]["thresholds"] = "validation";
  } else {
    json["judge"]["thresholds"] = {{"en", ThresholdJson(judge.threshold_en)},
                                   {"zh", ThresholdJson(judge.threshold_zh)},
                                   {"other", ThresholdJson(judge.threshold_other)}};
  }
  if (Json calibrations = CalibrationsJson(judge); !calibrations.empty()) {
    json["judge"]["calibration"] = std::move(calibrations);
  }
  if (!judge.precision.empty()) json["judge"]["precision"] = judge.precision;
  return json;
}

}  // namespace mores::train
