// What is trained: numbers that an optimizer changes, in a model that predicts tokens. Today every
// weight of a model; the seam for adapters, whose parameters are a few matrices over weights that
// stay as they are.
#ifndef MORES_TRAIN_TRAINABLE_H_
#define MORES_TRAIN_TRAINABLE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/train/trainable_model.h"
#include "tensor/dtype.h"

namespace mores::train {

// Not thread-safe. Results are bit-identical for any number of threads.
class Trainable {
 public:
  virtual ~Trainable() = default;

  // Of the model that comes of it.
  virtual const model::ModelConfig& config() const = 0;
  // REQUIRES of every batch: no longer sequence.
  virtual const model::LongestSequence& longest_sequence() const = 0;

  // What is trained, and nothing else: the optimizer's state and the checkpoints are made of it.
  virtual std::vector<model::Parameter>& parameters() = 0;
  // Call after changing values, before the next forward pass.
  virtual void ParametersChanged() = 0;

  virtual void ZeroGradients() = 0;
  // As model::TrainableModel has them; figures may be null.
  virtual model::LossSum ForwardBackward(const model::TrainBatch& batch,
                                         const model::TrainStepOptions& options,
                                         model::BatchFigures* figures) = 0;
  virtual model::LossSum Evaluate(const model::TrainBatch& batch,
                                  const model::TrainStepOptions& options,
                                  model::BatchFigures* figures) = 0;
  virtual std::vector<std::vector<float>> LogProbabilities(const model::TrainBatch& batch,
                                                           std::span<const int32_t> positions,
                                                           std::span<const int32_t> token_ids,
                                                           tensor::DType precision) = 0;

  // Writes the model's files into a directory, values rounded to `dtype`.
  virtual Status Save(const std::string& directory, tensor::DType dtype) const = 0;
  // What Save wrote there, as it will be used: rounded.
  virtual Expected<std::unique_ptr<Trainable>> Reopen(const std::string& directory) const = 0;
};

// Every weight of the model. `pool` must outlive it.
std::unique_ptr<Trainable> TrainEveryWeight(std::unique_ptr<model::TrainableModel> model,
                                            ThreadPool& pool);

}  // namespace mores::train

#endif  // MORES_TRAIN_TRAINABLE_H_
