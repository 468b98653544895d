// The learning rate as a pure function of the step.
#ifndef MORES_TRAIN_SCHEDULE_H_
#define MORES_TRAIN_SCHEDULE_H_

#include <cstdint>
#include <string_view>

namespace mores::train {

enum class Decay { kCosine, kLinear, kConstant };
std::string_view Name(Decay decay);  // as recipes have it: "cosine"

struct Schedule {
  double learning_rate = 1e-3;  // at the end of warmup
  int64_t warmup_steps = 0;
  int64_t total_steps = 1;
  Decay decay = Decay::kCosine;
  double min_fraction = 0;  // of learning_rate, reached at the last step
};

// For `step` in [0, total_steps): rises linearly to the full rate at the last warmup step (the
// first step is never zero), then decays and would reach min_fraction at step total_steps, or stays
// (kConstant).
double LearningRate(const Schedule& schedule, int64_t step);

}  // namespace mores::train

#endif  // MORES_TRAIN_SCHEDULE_H_
