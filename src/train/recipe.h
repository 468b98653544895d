// The recipe of `mores train sft` (docs/formats/recipe-train.md): a typed, validated TOML file.
#ifndef MORES_TRAIN_RECIPE_H_
#define MORES_TRAIN_RECIPE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "model/config.h"
#include "train/loop_recipe.h"

namespace mores::train {

struct TokenizerRecipe {
  std::string path;  // a model directory; empty: train one
  int vocab_size = 12000;
  double character_coverage = 0.9995;
  int64_t sample_texts = 200000;  // at most so many texts of the training data are read
};

// Weights of the tokens to be predicted.
struct LossRecipe {
  double label_weight = 1;
  double critique_weight = 1;  // separator, critique and end token
  double prompt_weight = 0;    // until `prompt_until` of the training, then the other
  double prompt_until = 1;
  double prompt_weight_after = 0;
};

struct JudgeRecipe {
  std::string profile;           // how it is asked: ours, a shipped one, or the path of a file
  std::string prompt_directory;  // of the profile's prompt files; empty: beside it, or the model's
  int context_length = 0;        // 0: the model's
  int max_critique_tokens = 96;
  bool thresholds_from_validation = true;
  double threshold_en = 0.5, threshold_zh = 0.5, threshold_other = 0.5;
};

struct Recipe {
  std::string train_path;
  std::string valid_path;
  TokenizerRecipe tokenizer;
  std::string from;          // a model directory to go on from; empty: random weights
  model::ModelConfig model;  // used when `from` is empty; vocab_size comes from the tokenizer
  OptimRecipe optim;
  LossRecipe loss;
  RunRecipe run;
  JudgeRecipe judge;
};

// Relative paths are taken from the recipe's folder; those in [data] from `data_directory` when
// that isn't empty. kInput "FILE:LINE: field 'SECTION.NAME': ..." for an unknown key, a value of
// the wrong type or out of range, or an impossible combination.
Expected<Recipe> ReadRecipe(const std::string& path, const std::string& data_directory);

// All that shapes the weights, and nothing else: no paths, and not how often to evaluate or save.
Json RecipeFingerprint(const Recipe& recipe);

}  // namespace mores::train

#endif  // MORES_TRAIN_RECIPE_H_
