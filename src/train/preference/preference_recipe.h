// What a recipe's [preference] section says of the loss (docs/formats/preferences.md).
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_RECIPE_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_RECIPE_H_

#include <string>
#include <vector>

#include "base/toml_fields.h"
#include "train/preference/preference_loss.h"

namespace mores::train {

// Takes the fields that say what the loss is, under TRL's present names and ours, and those of
// older and other tools: each of these is translated, and told in a line of `told` ("rpo_alpha = 1
// is read as loss_type = ["sigmoid", "sft"], loss_weights = [1, 1]"), or refused where no
// translation keeps its meaning. Other keys are left to the caller. What is wrong is kept in
// `fields`.
void ReadPreferenceLoss(TomlFields& fields, PreferenceLoss& loss, std::vector<std::string>& told);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_RECIPE_H_
