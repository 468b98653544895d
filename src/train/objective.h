// What is learned: which examples make up an optimizer step, what they add to the gradients, and
// what is told of it. The seam between the loop (train/loop.h) and supervised training, preferences
// and what else comes.
#ifndef MORES_TRAIN_OBJECTIVE_H_
#define MORES_TRAIN_OBJECTIVE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/train/trainable_model.h"
#include "train/packing.h"
#include "train/trainable.h"

namespace mores::train {

// A weighted mean in the making.
struct MeanSum {
  double sum = 0;
  double weight = 0;
};

// What a step says of its examples, summed over its micro-batches.
struct StepSums {
  int64_t tokens = 0;
  double loss = 0;              // weighted; its mean is over StepContext::weight
  std::vector<MeanSum> others;  // in the order of Objective::measures
};

struct Measure {
  std::string field;  // of a metrics line
  std::string label;  // where progress is shown
};

struct StepContext {
  double progress = 0;  // share of the training that is done
  double weight = 1;    // of the step's examples together, as WeightOf has it; above zero
  // Of the forward pass; loss_scale is the objective's to set.
  model::TrainStepOptions options;
};

// Its examples are loaded when the loop gets it; all it says is the same each time it is asked.
class Objective {
 public:
  virtual ~Objective() = default;

  // All that shapes what is learned, inputs by their hashes: its fields of the run's fingerprint.
  virtual Expected<Json> Fingerprint() const = 0;

  virtual int64_t steps_per_epoch() const = 0;
  virtual int64_t tokens_per_epoch() const = 0;
  // Micro-batches of each step, [steps_per_epoch].
  virtual std::vector<std::vector<MicroBatch>> PlanEpoch(int64_t epoch) const = 0;

  // What the losses of these examples are weighed with, summed.
  virtual double WeightOf(const MicroBatch& micro_batch, double progress) const = 0;
  // Adds the micro-batch's gradients, of its weighted loss over the step's weight, and its figures.
  virtual void AddMicroBatch(Trainable& trainable, const MicroBatch& micro_batch,
                             const StepContext& context, StepSums& sums) const = 0;

  // What a step's metrics line holds beside the loss.
  virtual const std::vector<Measure>& measures() const = 0;
  struct Validation {
    Json fields;          // of an evaluation's metrics line
    std::string shown;    // where progress is shown; may be empty
    std::string warning;  // what a person should know at once; may be empty
  };
  // By validation examples.
  virtual Validation Evaluate(Trainable& trainable) const = 0;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_OBJECTIVE_H_
