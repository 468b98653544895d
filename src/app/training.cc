#include "app/training.h"

#include "app/model.h"
#include "base/clock.h"
#include "base/user_folder.h"
#include "train/preference/preference.h"
#include "train/sft.h"

namespace mores::app {

namespace {

// What training needs of where it runs.
train::TrainingOptions OptionsOf(const TrainingJob& job, const Watch& watch,
                                 job::Progress& progress) {
  train::TrainingOptions options = job.options;
  options.stop = watch.stop;
  options.progress = &progress;
  options.clock = &SystemClock();
  options.find_model = FindModel;
  options.cache_folder = UserFolder("XDG_CACHE_HOME", ".cache");
  options.on_warning = [&watch](const std::string& warning) { watch.Note(warning); };
  return options;
}

}  // namespace

Expected<train::TrainingResult> TrainSft(const TrainingJob& job, const Watch& watch) {
  MORES_RETURN_IF_ERROR(SetIsa(job.isa));
  const job::ShownProgress progress(watch.progress);
  return train::TrainSft(OptionsOf(job, watch, *progress));
}

Expected<train::TrainingResult> TrainPreference(const TrainingJob& job, const Watch& watch) {
  MORES_RETURN_IF_ERROR(SetIsa(job.isa));
  const job::ShownProgress progress(watch.progress);
  return train::TrainPreference(OptionsOf(job, watch, *progress));
}

Expected<data::BuildResult> BuildData(const data::BuildOptions& options, const Watch& watch) {
  data::BuildOptions building = options;
  building.stop = watch.stop;
  building.progress = watch.progress;
  return data::BuildData(building);
}

}  // namespace mores::app
