// Where a run of training went: its first and its last losses, from its metrics file.
#ifndef MORES_TRAIN_RUN_FIGURES_H_
#define MORES_TRAIN_RUN_FIGURES_H_

#include <string>

#include "base/error.h"
#include "base/json.h"

namespace mores::train {

// {"first_loss","last_loss","averaged","highest_loss","highest_step"} of the lines "train" of a
// metrics file, and by their names the rewards' figures of the last steps where they have some.
// "Last" is the mean of the last `averaged` steps, ten or fewer. `warning` is there where the loss
// ended above its start, or was far above it on the way. Null for a run of no step.
Expected<Json> RunFigures(const std::string& metrics);

// "loss 0.693 at first, 0.412 at last (mean of 10 steps), accuracy 81.2 %, margin 1.35"; "" of
// null.
std::string DescribeRun(const Json& figures);

}  // namespace mores::train

#endif  // MORES_TRAIN_RUN_FIGURES_H_
