#include "train/schedule.h"

#include <algorithm>
#include <numbers>

#include "base/exact_math.h"

namespace mores::train {

std::string_view Name(Decay decay) {
  switch (decay) {
    case Decay::kCosine:
      return "cosine";
    case Decay::kLinear:
      return "linear";
    case Decay::kConstant:
      return "constant";
  }
  return "";
}

double LearningRate(const Schedule& schedule, int64_t step) {
  if (step < schedule.warmup_steps) {
    return schedule.learning_rate * static_cast<double>(step + 1) /
           static_cast<double>(schedule.warmup_steps);
  }
  if (schedule.decay == Decay::kConstant) return schedule.learning_rate;
  const int64_t span = std::max<int64_t>(1, schedule.total_steps - schedule.warmup_steps);
  const double done =
      std::min(1.0, static_cast<double>(step - schedule.warmup_steps) / static_cast<double>(span));
  const double shape =
      schedule.decay == Decay::kCosine ? 0.5 * (1 + ExactCos(std::numbers::pi * done)) : 1 - done;
  return schedule.learning_rate * (schedule.min_fraction + (1 - schedule.min_fraction) * shape);
}

}  // namespace mores::train
