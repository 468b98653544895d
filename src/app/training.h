// Judges trained, and the data for it built.
#ifndef MORES_APP_TRAINING_H_
#define MORES_APP_TRAINING_H_

#include <optional>

#include "app/run.h"
#include "base/cpu.h"
#include "base/error.h"
#include "data/build.h"
#include "train/sft.h"

namespace mores::app {

struct SftJob {
  train::SftOptions options;    // its stop, progress, clock and on_warning are not looked at
  std::optional<IsaLevel> isa;  // as ModelOptions::isa
};
Expected<train::SftResult> TrainSft(const SftJob& options, const Watch& watch);

// The stop and the progress of `options` are not looked at.
Expected<data::BuildResult> BuildData(const data::BuildOptions& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_TRAINING_H_
