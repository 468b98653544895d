// The recipe of `mores train preference` (docs/formats/recipe-train.md): a typed, validated TOML
// file.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_RUN_RECIPE_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_RUN_RECIPE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "train/preference/preference_loss.h"
#include "train/recipe_sections.h"

namespace mores::train {

struct PreferenceRunRecipe : TrainingRecipe {
  std::string train_path;
  std::string valid_path;      // empty: a share of the training data is held out
  double valid_share = 0;      // used when `valid_path` is empty; 0: nothing is
  int64_t max_length = 0;      // of prompt and completion together; 0: 1024, or the model's context
  int64_t max_completion = 0;  // 0: as there is room for
  std::string references;      // folder of reference log-probabilities; empty: the user's cache
  PreferenceLoss loss;
  std::vector<std::string> told;  // fields of other tools, and how they were read
};

// Errors as ReadRecipe has them.
Expected<PreferenceRunRecipe> ReadPreferenceRecipe(const std::string& path,
                                                   const std::string& data_directory);
// All that shapes the weights, and nothing else.
Json RecipeFingerprint(const PreferenceRunRecipe& recipe);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_RUN_RECIPE_H_
