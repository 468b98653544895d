// Checkpoints of a training run (docs/formats/checkpoint.md), from which it resumes exactly.
//
// Beside the output OUT stands the folder OUT.train while training lasts. In it each checkpoint is
// a folder `checkpoint-STEP` that is written under another name, flushed and renamed, so one that
// bears the name is whole. The two newest are kept, and that of the best evaluation.
#ifndef MORES_TRAIN_CHECKPOINT_H_
#define MORES_TRAIN_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/train/parameter.h"
#include "train/adamw.h"

namespace mores::train {

struct CheckpointState {
  int64_t step = 0;           // optimizer steps made; also the place in the data
  int64_t tokens = 0;         // trained on so far
  double seconds = 0;         // spent so far, over all runs
  int64_t resumes = 0;        // how often training was taken up again
  int64_t metrics_bytes = 0;  // length of the metrics file then
  // Where a run stops by its evaluations: the step of the best one, which has a checkpoint that is
  // kept, what it said, and how many in a row since were no better.
  int64_t best_step = -1;  // negative: none yet
  double best_value = 0;
  int64_t worse_evaluations = 0;
  Json fingerprint;  // what must be the same to go on
};

// Bytes by plain file name: what a run needs beside the numbers, such as its tokenizer.
using CheckpointFiles = std::map<std::string, std::string>;

struct FoundCheckpoint {
  std::string directory;
  CheckpointState state;
  CheckpointFiles files;
};

class CheckpointStore {
 public:
  // Creates the folder and locks it until destruction. kUsage when another process holds it. Clears
  // away what a killed process left half-written.
  static Expected<std::unique_ptr<CheckpointStore>> Open(const std::string& directory);
  ~CheckpointStore();
  CheckpointStore(const CheckpointStore&) = delete;
  CheckpointStore& operator=(const CheckpointStore&) = delete;

  // The newest; nullopt when there is none. kCorrupt when it can't be read.
  Expected<std::optional<FoundCheckpoint>> Latest() const;
  // That of a step. kCorrupt when it isn't there.
  Expected<FoundCheckpoint> OfStep(int64_t step) const;
  // The values alone.
  static Status RestoreValues(const FoundCheckpoint& found,
                              std::vector<model::Parameter>& parameters);
  // Fills values and moments. REQUIRES: parameters of the model that was saved; kCorrupt otherwise.
  static Status Restore(const FoundCheckpoint& found, std::vector<model::Parameter>& parameters,
                        AdamWState& optimizer);
  // Replaces a checkpoint of the same step.
  Status Save(const CheckpointState& state, const CheckpointFiles& files,
              const std::vector<model::Parameter>& parameters, const AdamWState& optimizer);

  Status Clear();   // removes every checkpoint
  Status Remove();  // removes the folder; the store is of no use afterwards

 private:
  explicit CheckpointStore(std::string directory) : directory_(std::move(directory)) {}
  Expected<std::vector<int64_t>> Steps() const;  // ascending
  std::string PathOf(int64_t step) const;

  std::string directory_;
  int lock_ = -1;
};

// Removes a folder and all in it by way of another name beside it, so that a kill leaves no half
// of it under its own name.
Status RemoveDirectory(const std::string& directory);
// Renames the folder `from` to `to` on the same file system; a folder that stands there is
// exchanged for it in one step, then removed.
Status ReplaceDirectory(const std::string& from, const std::string& to);

}  // namespace mores::train

#endif  // MORES_TRAIN_CHECKPOINT_H_
