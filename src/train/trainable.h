// What is trained: numbers that an optimizer changes, in a model that predicts tokens. Every weight
// of a model, or an adapter: a few matrices over weights that stay as they are.
#ifndef MORES_TRAIN_TRAINABLE_H_
#define MORES_TRAIN_TRAINABLE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/adapter/adapter.h"
#include "model/model_source.h"
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
  // As model::TrainableModel has them; `figures` may be null. Weights of predictions may be
  // negative: gradients are linear in them.
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

  // Writes its files into a directory, values rounded to `dtype` where it says so: an adapter is
  // written as it is.
  virtual Status Save(const std::string& directory, tensor::DType dtype) const = 0;
  // What Save wrote there, as it will be used: rounded.
  virtual Expected<std::unique_ptr<Trainable>> Reopen(const std::string& directory) const = 0;
};

// Every weight of the model. `pool` must outlive it.
std::unique_ptr<Trainable> TrainEveryWeight(std::unique_ptr<model::TrainableModel> model,
                                            ThreadPool& pool);

// A GGUF file of the adapter in the directory that Save writes.
inline constexpr char kGgufAdapterFile[] = "adapter.gguf";
enum class AdapterFiles { kPeft, kPeftAndGguf };
// `adapter` over `base`, which stays as it is. kUnsupported where the base can't be computed with.
// `pool` must outlive it.
Expected<std::unique_ptr<Trainable>> TrainAdapter(std::shared_ptr<const model::ModelSource> base,
                                                  const model::Adapter& adapter, AdapterFiles files,
                                                  ThreadPool& pool);

}  // namespace mores::train

#endif  // MORES_TRAIN_TRAINABLE_H_
