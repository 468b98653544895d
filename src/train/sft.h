// Supervised training of a judge: `mores train sft`.
#ifndef MORES_TRAIN_SFT_H_
#define MORES_TRAIN_SFT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/progress.h"
#include "train/output.h"

namespace mores::train {

struct SftOptions {
  std::string recipe;          // path of the TOML file
  std::string data_directory;  // where [data] paths start; empty: the recipe's folder
  std::string output;          // the model directory to write
  int threads = 0;             // 0: all; never changes a result
  StartMode start = StartMode::kResume;
  StopToken stop;  // looked at between micro-batches
  job::Progress* progress = nullptr;
  Clock* clock = nullptr;
  // Called once, at the first validation on the way of which WarningOf has something to say.
  std::function<void(const std::string& warning)> on_warning;
};

struct SftResult {
  int64_t steps = 0;
  int64_t tokens = 0;
  double seconds = 0;
  int64_t resumes = 0;
  Json evaluation;            // of the model as written; as train::Summary has it
  std::string warning;        // of that evaluation, as train::WarningOf has it
  bool already_done = false;  // the output was there, made from the same inputs
};

// Writes the model directory OUTPUT (Hugging Face files and judge.json: the same bytes for the same
// recipe, data and instruction set level), and beside it OUTPUT.metrics.jsonl, OUTPUT.valid.jsonl
// (label scores of the validation data) and OUTPUT.manifest.json. While it lasts, checkpoints lie
// in OUTPUT.train; the same call goes on from the last. kUsage when the checkpoint was made from
// other inputs, or OUTPUT is there already and isn't the result of this call; kCancelled after a
// stop, with a checkpoint written.
Expected<SftResult> TrainSft(const SftOptions& options);

}  // namespace mores::train

#endif  // MORES_TRAIN_SFT_H_
