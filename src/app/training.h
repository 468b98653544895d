// Judges trained, and the data for it built.
#ifndef MORES_APP_TRAINING_H_
#define MORES_APP_TRAINING_H_

#include <optional>

#include "app/run.h"
#include "base/cpu.h"
#include "base/error.h"
#include "data/build.h"
#include "train/training_run.h"

namespace mores::app {

struct TrainingJob {
  // Its stop, progress, clock, find_model, cache_folder and on_warning are not looked at: models go
  // by the names of the catalogue, too.
  train::TrainingOptions options;
  std::optional<IsaLevel> isa;  // as ModelOptions::isa
};
Expected<train::TrainingResult> TrainSft(const TrainingJob& job, const Watch& watch);
Expected<train::TrainingResult> TrainPreference(const TrainingJob& job, const Watch& watch);

// The stop and the progress of `options` are not looked at.
Expected<data::BuildResult> BuildData(const data::BuildOptions& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_TRAINING_H_
