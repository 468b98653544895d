// Training on preferences: `mores train preference`.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_H_

#include "base/error.h"
#include "train/training_run.h"

namespace mores::train {

// RunTraining on preferences. Before the first step it is checked that the policy is its reference:
// every margin 0, and the loss what theory says.
Expected<TrainingResult> TrainPreference(const TrainingOptions& options);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_H_
