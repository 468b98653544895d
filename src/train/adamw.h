// AdamW (Loshchilov and Hutter 2019, decoupled weight decay) in float32, with the order of
// operations of torch.optim.AdamW, and gradient clipping by the global norm.
//
// Both work on chunks of a fixed number of elements, so a result is the same for any number of
// threads.
#ifndef MORES_TRAIN_ADAMW_H_
#define MORES_TRAIN_ADAMW_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/threads.h"
#include "model/train/parameter.h"

namespace mores::train {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0.01;  // on parameters with `decay` only
};

// First and second moments, one pair a parameter, in the order of the parameters.
struct AdamWState {
  int64_t step = 0;  // updates made
  std::vector<std::vector<float>> first;
  std::vector<std::vector<float>> second;
};

AdamWState ZeroAdamWState(std::span<const model::Parameter> parameters);

// The square root of the sum of squares over all gradients, added in double.
double GradientNorm(std::span<const model::Parameter> parameters, ThreadPool& pool);

// What gradients are multiplied by so that their norm is at most `clip_norm` (0: never clipped),
// as torch.nn.utils.clip_grad_norm_ has it.
double ClipFactor(double norm, double clip_norm);

struct AdamWUpdate {
  double learning_rate = 0;
  double gradient_factor = 1;
};

// One update of every parameter value from its gradient. Gradients stay as they are. REQUIRES: the
// state was made for these parameters.
void AdamWStep(const AdamWOptions& options, const AdamWUpdate& update,
               std::span<model::Parameter> parameters, AdamWState& state, ThreadPool& pool);

}  // namespace mores::train

#endif  // MORES_TRAIN_ADAMW_H_
