// The parts of a recipe that the loop reads, whatever is learned.
#ifndef MORES_TRAIN_LOOP_RECIPE_H_
#define MORES_TRAIN_LOOP_RECIPE_H_

#include <cstdint>
#include <string>

#include "tensor/dtype.h"
#include "train/adamw.h"
#include "train/schedule.h"

namespace mores::train {

struct OptimRecipe {
  AdamWOptions adamw;
  double learning_rate = 1e-3;
  double clip_norm = 1;
  int64_t warmup_steps = -1;  // negative: by warmup_fraction
  double warmup_fraction = 0.02;
  Decay decay = Decay::kCosine;
  double min_lr_fraction = 0.1;
  double epochs = 1;
  int64_t steps = 0;  // 0: by epochs
  int64_t tokens_per_step = 16384;
  int64_t micro_batch_tokens = 2048;
};

struct RunRecipe {
  double dropout = 0;
  int64_t seed = 0;
  tensor::DType precision = tensor::DType::kBf16;
  tensor::DType save_dtype = tensor::DType::kBf16;
  int64_t eval_every = 0;     // steps; 0: at the end only
  int64_t eval_examples = 0;  // 0: all
  // Training ends after so many evaluations in a row that are no better than the best before them,
  // and the best one's numbers are what comes of it. 0: at the last step, with its numbers.
  int64_t stop_after = 0;
  std::string stop_by = "eval_loss";  // a field of an evaluation's metrics line
  int64_t checkpoint_steps = 0;
  double checkpoint_seconds = 120;  // 0: by steps only
  double activation_gb = 0;         // kept for a backward pass at most; 0: all
};

}  // namespace mores::train

#endif  // MORES_TRAIN_LOOP_RECIPE_H_
