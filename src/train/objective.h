// What is learned: which examples make up an optimizer step, what they add to the gradients, and
// what is told of it. The seam between the loop (train/loop.h) and supervised training, preferences
// and what else comes.
#ifndef MORES_TRAIN_OBJECTIVE_H_
#define MORES_TRAIN_OBJECTIVE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "model/train/train_batch.h"
#include "train/mean_sum.h"
#include "train/packing.h"
#include "train/trainable.h"

namespace mores::train {

// What a step says of its examples, summed over its micro-batches.
struct StepSums {
  int64_t tokens = 0;
  double loss = 0;              // of the whole step, its micro-batches' shares added
  std::vector<MeanSum> others;  // in the order of Objective::measures
};

struct Measure {
  std::string field;  // of a metrics line
  std::string label;  // where progress is shown; empty: it isn't
};

struct StepContext {
  double progress = 0;  // share of the training that is done
  tensor::DType precision = tensor::DType::kBf16;
};

// One optimizer step, over the micro-batches that it was begun with.
class ObjectiveStep {
 public:
  virtual ~ObjectiveStep() = default;

  // Whether something must be known of all micro-batches before the first is learned from; then
  // Look is called for each, in order.
  virtual bool looks() const { return false; }
  virtual void Look(Trainable&, size_t /*micro_batch*/) {}
  // Adds the micro-batch's gradients, of its share of the step's loss, and its figures. `options`
  // are those of the forward pass; loss_scale, weigh and figures are the objective's to set.
  virtual void Add(Trainable& trainable, size_t micro_batch, model::TrainStepOptions options,
                   StepSums& sums) = 0;
};

// Its examples are loaded when the loop gets it; all it says is the same each time it is asked.
class Objective {
 public:
  virtual ~Objective() = default;

  // All that shapes what is learned, inputs by their hashes: its fields of the run's fingerprint.
  virtual Expected<Json> Fingerprint() const = 0;

  virtual int64_t steps_per_epoch() const = 0;
  // That the engine computes for one of them, as StepSums counts.
  virtual int64_t TokensOf(const MicroBatch& micro_batch) const = 0;
  // Micro-batches of each step, [steps_per_epoch].
  virtual std::vector<std::vector<MicroBatch>> PlanEpoch(int64_t epoch) const = 0;
  // `micro_batches` and the objective must outlive it.
  virtual std::unique_ptr<ObjectiveStep> BeginStep(std::span<const MicroBatch> micro_batches,
                                                   const StepContext& context) const = 0;

  // What a step's metrics line holds beside the loss.
  virtual const std::vector<Measure>& measures() const = 0;
  struct Validation {
    Json fields;          // of an evaluation's metrics line, which puts "eval_" before their names
    std::string shown;    // where progress is shown; may be empty
    std::string warning;  // what a person should know at once; may be empty
  };
  virtual bool has_validation() const = 0;
  // By validation examples. REQUIRES: has_validation.
  virtual Validation Evaluate(Trainable& trainable) const = 0;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_OBJECTIVE_H_
