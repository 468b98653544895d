#include "train/recipe.h"

#include <filesystem>

#include "base/toml_fields.h"
#include "format/profile/judge_profile.h"

namespace mores::train {
namespace {

constexpr NumberRange kFraction{.low = 0, .high = 1};
constexpr NumberRange kCount{.low = 1, .high = 1e12};
constexpr NumberRange kCountOrNone{.low = 0, .high = 1e12};

std::string Resolve(const std::string& path, const std::filesystem::path& folder) {
  if (path.empty()) return path;
  return (folder / std::filesystem::path(path)).lexically_normal().string();
}

void ReadData(TomlFields fields, const std::filesystem::path& folder, Recipe& recipe) {
  fields.Require("train");
  fields.Require("valid");
  fields.Text("train", recipe.train_path);
  fields.Text("valid", recipe.valid_path);
  recipe.train_path = Resolve(recipe.train_path, folder);
  recipe.valid_path = Resolve(recipe.valid_path, folder);
  fields.Finish();
}

void ReadTokenizer(TomlFields fields, const std::filesystem::path& folder, Recipe& recipe) {
  TokenizerRecipe& tokenizer = recipe.tokenizer;
  for (const char* key : {"vocab_size", "character_coverage", "sample_texts"}) {
    fields.Exclusive(key, "path");
  }
  fields.Text("path", tokenizer.path);
  tokenizer.path = Resolve(tokenizer.path, folder);
  fields.Integer("vocab_size", tokenizer.vocab_size, {.low = 300, .high = 1000000});
  fields.Number("character_coverage", tokenizer.character_coverage, {.low = 0.9, .high = 1});
  fields.Integer("sample_texts", tokenizer.sample_texts, kCount);
  fields.Finish();
}

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

void ReadModel(TomlFields fields, const std::filesystem::path& folder, Recipe& recipe) {
  fields.Text("from", recipe.from);
  recipe.from = Resolve(recipe.from, folder);
  if (recipe.from.empty()) ReadShape(fields, recipe.model);
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
  fields.Integer("warmup_steps", optim.warmup_steps, kCountOrNone);
  fields.Number("warmup_fraction", optim.warmup_fraction, kFraction);
  fields.Choice("schedule", {{"cosine", Decay::kCosine}, {"linear", Decay::kLinear}}, optim.decay);
  fields.Number("min_lr_fraction", optim.min_lr_fraction, kFraction);
  fields.Exclusive("epochs", "steps");
  fields.Number("epochs", optim.epochs,
                {.low = 0, .high = 1e6, .low_end = NumberRange::Low::kExcluded});
  fields.Integer("steps", optim.steps, kCount);
  fields.Integer("tokens_per_step", optim.tokens_per_step, kCount);
  fields.Integer("micro_batch_tokens", optim.micro_batch_tokens, kCount);
  if (optim.tokens_per_step < optim.micro_batch_tokens) {
    fields.Refuse("tokens_per_step", "must be at least micro_batch_tokens");
  }
  fields.Finish();
}

void ReadLoss(TomlFields fields, LossRecipe& loss) {
  constexpr NumberRange kWeight{.low = 0, .high = 1000};
  fields.Number("label_weight", loss.label_weight, kWeight);
  fields.Number("critique_weight", loss.critique_weight, kWeight);
  fields.Number("prompt_weight", loss.prompt_weight, kWeight);
  fields.Number("prompt_until", loss.prompt_until, kFraction);
  loss.prompt_weight_after = fields.Has("prompt_until") ? 0 : loss.prompt_weight;
  fields.Number("prompt_weight_after", loss.prompt_weight_after, kWeight);
  if (fields.Has("prompt_weight_after") && !fields.Has("prompt_until")) {
    fields.Refuse("prompt_weight_after", "needs prompt_until");
  }
  if (loss.label_weight == 0 && loss.critique_weight == 0) {
    fields.Refuse("label_weight", "is 0 and critique_weight too: nothing of a reply is learned");
  }
  fields.Finish();
}

void ReadRun(TomlFields fields, RunRecipe& run) {
  fields.Number("dropout", run.dropout, {.low = 0, .high = 0.9});
  fields.Integer("seed", run.seed, {.low = 0, .high = 9e15});
  for (const auto& [name, dtype] :
       {std::pair("precision", &run.precision), {"save_dtype", &run.save_dtype}}) {
    fields.Choice(name, {{"bf16", tensor::DType::kBf16}, {"f32", tensor::DType::kF32}}, *dtype);
  }
  fields.Integer("eval_every", run.eval_every, kCountOrNone);
  fields.Integer("eval_examples", run.eval_examples, kCountOrNone);
  fields.Integer("checkpoint_steps", run.checkpoint_steps, kCountOrNone);
  fields.Number("checkpoint_seconds", run.checkpoint_seconds, {.low = 0, .high = 1e6});
  fields.Finish();
}

void ReadProfile(TomlFields& fields, const std::filesystem::path& folder, JudgeRecipe& judge) {
  judge.profile = format::JudgeConfig().profile;
  fields.Text("profile", judge.profile);
  fields.Text("prompt_dir", judge.prompt_directory);
  judge.prompt_directory = Resolve(judge.prompt_directory, folder);
  const bool file =
      judge.profile.find('/') != std::string::npos || judge.profile.ends_with(".json");
  if (file) judge.profile = Resolve(judge.profile, folder);
  if (judge.profile == format::JudgeConfig().profile && !judge.prompt_directory.empty()) {
    fields.Refuse("prompt_dir", fmt::format("says nothing to profile '{}'", judge.profile));
  }
}

void ReadJudge(TomlFields fields, const std::filesystem::path& folder, JudgeRecipe& judge) {
  ReadProfile(fields, folder, judge);
  fields.Integer("context_length", judge.context_length, {.low = 16, .high = 1 << 20});
  fields.Integer("max_critique_tokens", judge.max_critique_tokens, {.low = 1, .high = 1 << 16});
  if (fields.IsTable("thresholds")) {
    judge.thresholds_from_validation = false;
    TomlFields thresholds = fields.Table("thresholds");
    thresholds.Number("en", judge.threshold_en, kFraction);
    thresholds.Number("zh", judge.threshold_zh, kFraction);
    thresholds.Number("other", judge.threshold_other, kFraction);
    thresholds.Finish();
  } else {
    fields.Choice("thresholds", {{"validation", true}}, judge.thresholds_from_validation);
  }
  fields.Finish();
}

}  // namespace

Expected<Recipe> ReadRecipe(const std::string& path, const std::string& data_directory) {
  MORES_ASSIGN_OR_RETURN(TomlFields fields, TomlFields::Read(path));
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  Recipe recipe;
  for (const char* section : {"data", "model"}) fields.Require(section);
  ReadData(fields.Table("data"),
           data_directory.empty() ? folder : std::filesystem::path(data_directory), recipe);
  ReadTokenizer(fields.Table("tokenizer"), folder, recipe);
  ReadModel(fields.Table("model"), folder, recipe);
  if (!recipe.from.empty() && fields.Has("tokenizer")) {
    fields.Refuse("tokenizer", "stands beside 'model.from', which brings its own");
  }
  ReadOptim(fields.Table("optim"), recipe.optim);
  ReadLoss(fields.Table("loss"), recipe.loss);
  ReadRun(fields.Table("run"), recipe.run);
  ReadJudge(fields.Table("judge"), folder, recipe.judge);
  if (recipe.from.empty() && recipe.judge.context_length > recipe.model.context_length) {
    fields.Refuse("judge", "its context_length is above the model's");
  }
  fields.Finish();
  MORES_RETURN_IF_ERROR(fields.status());
  return recipe;
}

Json RecipeFingerprint(const Recipe& recipe) {
  const OptimRecipe& optim = recipe.optim;
  Json json;
  if (recipe.tokenizer.path.empty() && recipe.from.empty()) {
    json["tokenizer"] = {{"vocab_size", recipe.tokenizer.vocab_size},
                         {"character_coverage", recipe.tokenizer.character_coverage},
                         {"sample_texts", recipe.tokenizer.sample_texts}};
  }
  if (recipe.from.empty()) json["model"] = model::ToJson(recipe.model, Name(recipe.run.save_dtype));
  json["optim"] = {{"learning_rate", optim.learning_rate},
                   {"betas", {optim.adamw.beta1, optim.adamw.beta2}},
                   {"epsilon", optim.adamw.epsilon},
                   {"weight_decay", optim.adamw.weight_decay},
                   {"clip_norm", optim.clip_norm},
                   {"warmup_steps", optim.warmup_steps},
                   {"warmup_fraction", optim.warmup_fraction},
                   {"schedule", optim.decay == Decay::kCosine ? "cosine" : "linear"},
                   {"min_lr_fraction", optim.min_lr_fraction},
                   {"epochs", optim.epochs},
                   {"steps", optim.steps},
                   {"tokens_per_step", optim.tokens_per_step},
                   {"micro_batch_tokens", optim.micro_batch_tokens}};
  json["loss"] = {{"label_weight", recipe.loss.label_weight},
                  {"critique_weight", recipe.loss.critique_weight},
                  {"prompt_weight", recipe.loss.prompt_weight},
                  {"prompt_until", recipe.loss.prompt_until},
                  {"prompt_weight_after", recipe.loss.prompt_weight_after}};
  json["run"] = {{"dropout", recipe.run.dropout},
                 {"seed", recipe.run.seed},
                 {"precision", Name(recipe.run.precision)},
                 {"save_dtype", Name(recipe.run.save_dtype)}};
  json["judge"] = {{"context_length", recipe.judge.context_length},
                   {"max_critique_tokens", recipe.judge.max_critique_tokens}};
  if (recipe.judge.thresholds_from_validation) {
    json["judge"]["thresholds"] = "validation";
  } else {
    json["judge"]["thresholds"] = {{"en", recipe.judge.threshold_en},
                                   {"zh", recipe.judge.threshold_zh},
                                   {"other", recipe.judge.threshold_other}};
  }
  return json;
}

}  // namespace mores::train
