// A run of training from its recipe to what it writes, whatever is learned: what it starts from,
// checkpoints, going on, what is written and read back, the manifest. What supervised training and
// training on preferences do differently is a TrainingTask.
#ifndef MORES_TRAIN_TRAINING_RUN_H_
#define MORES_TRAIN_TRAINING_RUN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/progress.h"
#include "train/checkpoint.h"
#include "train/objective.h"
#include "train/output.h"
#include "train/recipe_sections.h"
#include "train/run_setup.h"

namespace mores::train {

struct TrainingOptions {
  std::string recipe;          // path of the TOML file
  std::string data_directory;  // where [data] paths start; empty: the recipe's folder
  std::string output;          // the directory to write
  int threads = 0;             // 0: all; never changes a result
  StartMode start = StartMode::kResume;
  StopToken stop;  // looked at between micro-batches
  job::Progress* progress = nullptr;
  Clock* clock = nullptr;
  FindModelByName find_model;  // what model.from names and isn't there as a path; may be null
  std::string cache_folder;    // of the user, where references are kept; empty: beside the output
  // What a person should know at once: the first validation that has a warning, fields of other
  // tools that were translated, what was checked before the first step; may be null.
  std::function<void(const std::string& note)> on_warning;

  void Warn(const std::string& note) const {
    if (on_warning) on_warning(note);
  }
};

struct TrainingResult {
  int64_t steps = 0;
  int64_t tokens = 0;
  double seconds = 0;
  int64_t resumes = 0;
  int64_t best_step = -1;           // whose numbers were written; negative: the last one's
  Json evaluation;                  // of what was written; null where nothing is held out
  std::string warning;              // of that evaluation
  Json figures;                     // of the steps (train/run_figures.h)
  std::vector<std::string> checks;  // what was checked before and after, a line each
  bool already_done = false;        // the output was there, made from the same inputs
};

// What is learned, and how it is told. Called in the order of its functions.
class TrainingTask {
 public:
  virtual ~TrainingTask() = default;

  virtual std::string_view command() const = 0;  // "train sft"
  virtual Status ReadRecipe(const TrainingOptions& options) = 0;
  virtual const TrainingRecipe& recipe() const = 0;
  virtual Json RecipeJson() const = 0;
  // Files of the data, by their fields.
  virtual std::vector<RunInput> DataInputs() const = 0;
  virtual ProfileNeed profile_need() const = 0;
  // By a profile that was opened, or none.
  virtual Objective& MakeObjective(const RunSetup& setup) = 0;

  virtual Status ReadData() = 0;
  // Texts that a tokenizer is trained on. REQUIRES: a recipe that trains one.
  virtual std::vector<std::string> TokenizerTexts(const RunSetup& setup) const = 0;
  // By the setup's tokenizer and judge, whose flags it may set.
  virtual Status Tokenize(RunSetup& setup) = 0;
  // Before the first step of this process, with what training starts from: `files` are kept with
  // every checkpoint, and those of the checkpoint that it goes on from. What it checks it tells as
  // it is done, a line each.
  using TellCheck = std::function<void(std::string line)>;
  virtual Status Prepare(RunSetup& setup, CheckpointFiles& files, const TellCheck& tell) = 0;

  // Whether a failed Prepare left something in OUTPUT.train that the same call finds again.
  virtual bool KeepsWork() const { return false; }

  // What is computed with what was trained and with what was written of it, and compared.
  virtual model::TrainBatch Sample() const = 0;
  virtual bool writes_judge(const RunSetup& setup) const = 0;
  // The evaluation of what was written, null where nothing is held out; it may choose thresholds.
  virtual Expected<Json> Evaluate(Trainable& written, RunSetup& setup,
                                  const OutputPaths& paths) = 0;
  virtual std::string WarningOf(const Json& evaluation) const = 0;
  // Fields of the manifest that it alone has.
  virtual Json ManifestFields() const = 0;
};

// Writes the directory OUTPUT (Hugging Face files or an adapter, and judge.json of a judge: the
// same bytes for the same recipe, data and instruction set level), and beside it
// OUTPUT.metrics.jsonl and OUTPUT.manifest.json. While it lasts, checkpoints lie in OUTPUT.train;
// the same call goes on from the last. kUsage when the checkpoint was made from other inputs, or
// OUTPUT is there already and isn't the result of this call; kCancelled after a stop, with a
// checkpoint written; kCorrupt where what was written computes something else than what was
// trained: the checkpoint stays.
Expected<TrainingResult> RunTraining(const TrainingOptions& options, TrainingTask& task);

}  // namespace mores::train

#endif  // MORES_TRAIN_TRAINING_RUN_H_
