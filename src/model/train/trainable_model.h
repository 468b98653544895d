// A decoder in training: with float32 master weights and gradients of all that it is made of, or of
// an adapter over weights that stay in the bits they have.
#ifndef MORES_MODEL_TRAIN_TRAINABLE_MODEL_H_
#define MORES_MODEL_TRAIN_TRAINABLE_MODEL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "model/adapter/adapter.h"
#include "model/config.h"
#include "model/model_source.h"
#include "model/train/parameter.h"
#include "model/train/train_batch.h"
#include "tensor/dtype.h"

namespace mores::model {

// The longest sequence that a model can be trained on: its context, or what no layer's window and
// no stretching of rotary positions comes into play for, neither of which has a backward pass.
struct LongestSequence {
  int positions = 0;
  std::string_view limit;  // what stands in the way of more; empty: the model's context
};
LongestSequence LongestTrainable(const ModelConfig& config);

// Not thread-safe. Results are bit-identical for any number of threads in the pool.
class TrainableModel {
 public:
  // Normal(0, 0.02) with residual outputs scaled by 1/sqrt(2 layers), from `seed`. REQUIRES: a
  // config that RequireComputable accepts, of one rotation for all layers.
  static std::unique_ptr<TrainableModel> Random(const ModelConfig& config, uint64_t seed,
                                                ThreadPool& pool);
  static Expected<std::unique_ptr<TrainableModel>> Load(const ModelSource& source,
                                                        ThreadPool& pool);
  // The same of what OpenModel finds at `path`.
  static Expected<std::unique_ptr<TrainableModel>> Load(const std::string& path, ThreadPool& pool);
  // The weights of `base`, frozen and read where they lie, and an adapter whose numbers are the
  // parameters, named as PEFT's files have them without "base_model.model.". REQUIRES: an adapter
  // for this base.
  static Expected<std::unique_ptr<TrainableModel>> Adapt(std::shared_ptr<const ModelSource> base,
                                                         const Adapter& adapter, ThreadPool& pool);
  ~TrainableModel();

  const ModelConfig& config() const;
  // REQUIRES of every batch: no longer sequence.
  const LongestSequence& longest_sequence() const;
  std::vector<Parameter>& parameters();

  void ZeroGradients();
  // Call after changing parameter values, before the next forward pass.
  void ParametersChanged();
  // Adds to the gradients.
  LossSum ForwardBackward(const TrainBatch& batch, const TrainStepOptions& options,
                          BatchFigures* figures = nullptr);
  // Loss without gradients or dropout; of the options, `precision` and `figures` count.
  LossSum Evaluate(const TrainBatch& batch, const TrainStepOptions& options,
                   BatchFigures* figures = nullptr);
  // Log-softmax at one position a sequence over `token_ids` only: [sequences][token_ids].
  // `positions` indexes batch.tokens. For evaluation of labels.
  std::vector<std::vector<float>> LogProbabilities(const TrainBatch& batch,
                                                   std::span<const int32_t> positions,
                                                   std::span<const int32_t> token_ids,
                                                   tensor::DType precision);

  // Of every weight: writes config.json and model.safetensors (values rounded to `dtype`).
  // kUnsupported, and nothing written, where config.json can't say what the layers are.
  Status Save(const std::string& directory, tensor::DType dtype) const;
  // Of Adapt: the adapter as it is now.
  Adapter CurrentAdapter() const;

 private:
  struct Impl;
  explicit TrainableModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAINABLE_MODEL_H_
