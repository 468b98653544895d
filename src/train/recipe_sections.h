// What the recipes of all kinds of training have in common (docs/formats/recipe-train.md): what is
// trained, how long, and how it is asked.
#ifndef MORES_TRAIN_RECIPE_SECTIONS_H_
#define MORES_TRAIN_RECIPE_SECTIONS_H_

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/toml_fields.h"
#include "format/profile/judge_profile.h"
#include "model/adapter/adapter_config.h"
#include "model/config.h"
#include "train/loop_recipe.h"
#include "train/trainable.h"

namespace mores::train {

struct TokenizerRecipe {
  std::string path;  // a model directory; empty: train one
  int vocab_size = 12000;
  double character_coverage = 0.9995;
  int64_t sample_texts = 200000;  // at most so many texts of the training data are read
};

// Why an adapter's recipe is refused, new or gone on from.
constexpr char kDoraDropout[] = "DoRA is trained without";
constexpr char kDoraGguf[] = "a GGUF adapter can't say DoRA";

struct AdapterRecipe {
  std::string from;             // an adapter to go on from, whose shape it keeps; empty: a new one
  model::AdapterConfig config;  // of a new one
  AdapterFiles files = AdapterFiles::kPeft;
};

struct JudgeRecipe {
  bool given = false;            // the recipe has this section
  std::string profile;           // ours, a shipped one, or the path of a file; empty: the model's
  std::string prompt_directory;  // of the profile's prompt files; empty: beside it, or the model's
  int context_length = 0;        // 0: the model's
  int max_critique_tokens = 0;   // 0: the model's, else 96
  bool thresholds_from_validation = true;
  std::optional<double> threshold_en, threshold_zh, threshold_other;
  std::array<std::optional<format::Calibration>, 3> calibrations;  // by text::Language
  std::string precision;  // that judge.json states; empty: none
};

struct TrainingRecipe {
  TokenizerRecipe tokenizer;
  std::string from;          // a model to go on from, as FindStart takes it; empty: random weights
  model::ModelConfig model;  // used when `from` is empty; vocab_size comes from the tokenizer
  std::optional<AdapterRecipe> adapter;  // none: every weight is trained
  OptimRecipe optim;
  RunRecipe run;
  JudgeRecipe judge;
};

struct SectionRules {
  OptimRecipe full, adapter;              // what holds where the recipe says nothing
  std::vector<std::string_view> stop_by;  // fields of an evaluation; the first unless it is said
  enum class Start { kAny, kModelOnly } start = Start::kAny;
};

// [tokenizer], [model], [adapter], [optim], [run] and [judge]. Relative paths are taken from
// `folder`, the recipe's. Keeps errors in `fields`.
void ReadTrainingSections(TomlFields& fields, const std::filesystem::path& folder,
                          const SectionRules& rules, TrainingRecipe& recipe);
std::string ResolvePath(const std::string& path, const std::filesystem::path& folder);

// All of it that shapes what is written, and nothing else: no paths, and not how often to evaluate
// (unless the run stops by that) or save.
Json SectionsFingerprint(const TrainingRecipe& recipe);

}  // namespace mores::train

#endif  // MORES_TRAIN_RECIPE_SECTIONS_H_
