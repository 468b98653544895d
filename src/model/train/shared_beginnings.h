// What sequences of a batch begin alike with is computed once, forward and backward: prompts of
// several completions, and the instructions that every prompt of a judge begins with.
#ifndef MORES_MODEL_TRAIN_SHARED_BEGINNINGS_H_
#define MORES_MODEL_TRAIN_SHARED_BEGINNINGS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "model/train/train_batch.h"

namespace mores::model {

// A batch and the one that is computed in its place, whose rows are fewer. Forward passes give the
// same numbers, gradients the same sums in another order.
class SharedBeginnings {
 public:
  explicit SharedBeginnings(const TrainBatch& batch);
  // The batch as it is.
  static SharedBeginnings None(const TrainBatch& batch) { return SharedBeginnings(batch, kAsIs); }

  const TrainBatch& batch() const { return shared_; }
  // Where a row of the original came to be.
  int32_t row(int32_t original) const {
    return row_of_.empty() ? original : row_of_[static_cast<size_t>(original)];
  }
  // Sums of the originals' weights, by prediction of batch().
  void AddUp(std::span<const float> weights, std::span<float> sums) const;
  // Figures of batch()'s predictions, as those of the original's.
  BatchFigures Spread(BatchFigures figures) const;

 private:
  struct Builder;
  enum AsIs { kAsIs };
  SharedBeginnings(const TrainBatch& batch, AsIs) : shared_(batch) {}

  TrainBatch shared_;
  std::vector<int32_t> row_of_;         // empty: as they were
  std::vector<int32_t> prediction_of_;  // likewise
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_SHARED_BEGINNINGS_H_
