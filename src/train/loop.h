// The training loop: steps, learning rates, accumulation over micro-batches, checkpoints,
// evaluations, metrics, stopping and going on. It knows neither what is learned (train/objective.h)
// nor what is trained (train/trainable.h).
#ifndef MORES_TRAIN_LOOP_H_
#define MORES_TRAIN_LOOP_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "base/threads.h"
#include "job/progress.h"
#include "train/checkpoint.h"
#include "train/loop_recipe.h"
#include "train/objective.h"
#include "train/trainable.h"

namespace mores::train {

struct LoopOptions {
  std::string recipe;  // its path, for errors
  OptimRecipe optim;
  RunRecipe run;
  std::string metrics;  // path of the metrics file
  StopToken stop;       // looked at between micro-batches
  job::Progress* progress = nullptr;
  Clock* clock = nullptr;
  // Called at the first validation that has a warning; may be null.
  std::function<void(const std::string& warning)> on_warning;
};

// Where a run is kept, and what it goes on from.
struct LoopCheckpoints {
  CheckpointStore& store;
  std::optional<FoundCheckpoint> found;
  Json fingerprint;
  CheckpointFiles files;  // kept with every checkpoint
};

int64_t TotalSteps(const OptimRecipe& optim, const Objective& objective);

// Runs the steps that are still to be made, each once, and leaves a checkpoint of the last. Returns
// where it ended; where a run stops by its evaluations the trainable then has the numbers of the
// best one. kCancelled after a stop, with a checkpoint written; kInput when the loss is no longer a
// number.
Expected<CheckpointState> RunLoop(const LoopOptions& options, const LoopCheckpoints& checkpoints,
                                  Trainable& trainable, const Objective& objective,
                                  ThreadPool& pool);

}  // namespace mores::train

#endif  // MORES_TRAIN_LOOP_H_
