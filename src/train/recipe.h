// The recipe of `mores train sft` (docs/formats/recipe-train.md): a typed, validated TOML file.
#ifndef MORES_TRAIN_RECIPE_H_
#define MORES_TRAIN_RECIPE_H_

#include <string>

#include "base/error.h"
#include "base/json.h"
#include "train/conversations.h"
#include "train/examples.h"
#include "train/recipe_sections.h"

namespace mores::train {

// Weights of the tokens to be predicted.
struct LossRecipe {
  double label_weight = 1;
  double category_weight = 1;
  double critique_weight = 1;  // separator, critique and end token
  double prompt_weight = 0;    // until `prompt_until` of the training, then the other
  double prompt_until = 1;
  double prompt_weight_after = 0;
  Normalise normalise = Normalise::kTokens;
  double label_smoothing = 0;
  SmoothedLabels smooth = SmoothedLabels::kModel;
};

struct Recipe : TrainingRecipe {
  std::string train_path;
  std::string valid_path;    // empty: a share of the training data is held out
  double valid_share = 0.1;  // used when `valid_path` is empty; 0: nothing is
  // Of conversations.
  int64_t max_length = 0;  // tokens; 0: 1024, or what the model and a micro-batch have room for
  LearnedTurns turns = LearnedTurns::kAll;
  LossRecipe loss;
};

// Relative paths are taken from the recipe's folder; those in [data] from `data_directory` when
// that isn't empty. kInput "FILE:LINE: field 'SECTION.NAME': ..." for an unknown key, a value of
// the wrong type or out of range, or an impossible combination.
Expected<Recipe> ReadRecipe(const std::string& path, const std::string& data_directory);

// All that shapes the weights, and nothing else: no paths, and not how often to evaluate or save.
Json RecipeFingerprint(const Recipe& recipe);

}  // namespace mores::train

#endif  // MORES_TRAIN_RECIPE_H_
