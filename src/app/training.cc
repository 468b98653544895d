#include "app/training.h"

#include "app/model.h"
#include "base/clock.h"

namespace mores::app {

Expected<train::SftResult> TrainSft(const SftJob& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(SetIsa(options.isa));
  const job::ShownProgress progress(watch.progress);
  train::SftOptions training = options.options;
  training.stop = watch.stop;
  training.progress = &*progress;
  training.clock = &SystemClock();
  training.on_warning = [&watch](const std::string& warning) { watch.Note(warning); };
  return train::TrainSft(training);
}

Expected<data::BuildResult> BuildData(const data::BuildOptions& options, const Watch& watch) {
  data::BuildOptions building = options;
  building.stop = watch.stop;
  building.progress = watch.progress;
  return data::BuildData(building);
}

}  // namespace mores::app
