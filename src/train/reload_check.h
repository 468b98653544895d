// Whether what was written computes what was trained.
#ifndef MORES_TRAIN_RELOAD_CHECK_H_
#define MORES_TRAIN_RELOAD_CHECK_H_

#include <cstdint>

#include "base/error.h"
#include "model/train/train_batch.h"
#include "tensor/dtype.h"
#include "train/trainable.h"

namespace mores::train {

// kNone: the files hold the numbers as they are; kRounded: rounded to bf16.
enum class Rounding { kNone, kRounded };

struct ReloadDifference {
  int64_t predictions = 0;
  double mean = 0;     // of log-probabilities
  double largest = 0;  // likewise
};
// kCorrupt where log-probabilities of the sample differ by more than rounding explains.
Expected<ReloadDifference> CompareReloaded(Trainable& trained, Trainable& written,
                                           const model::TrainBatch& sample, tensor::DType precision,
                                           Rounding rounding);

}  // namespace mores::train

#endif  // MORES_TRAIN_RELOAD_CHECK_H_
