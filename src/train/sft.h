// Supervised training of a judge: `mores train sft`.
#ifndef MORES_TRAIN_SFT_H_
#define MORES_TRAIN_SFT_H_

#include "base/error.h"
#include "train/training_run.h"

namespace mores::train {

// RunTraining of a judge. Beside its files: OUTPUT.valid.jsonl (label scores of the validation
// data).
Expected<TrainingResult> TrainSft(const TrainingOptions& options);

}  // namespace mores::train

#endif  // MORES_TRAIN_SFT_H_
