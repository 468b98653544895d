// What a model in training holds; for its own sources.
#ifndef MORES_MODEL_TRAIN_TRAINABLE_IMPL_H_
#define MORES_MODEL_TRAIN_TRAINABLE_IMPL_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/train/shared_beginnings.h"
#include "model/train/train_block.h"
#include "model/train/train_head.h"
#include "model/train/trainable_model.h"
#include "ops/rope.h"
#include "tensor/buffer.h"
#include "tensor/tensor_view.h"

namespace mores::model {

// Where rows of the embedding come from.
struct TrainEmbedding {
  Parameter* parameter = nullptr;  // trained, or null
  tensor::TensorView view;         // else

  void Read(int64_t token, int64_t hidden, float* out) const {
    if (parameter != nullptr) {
      std::memcpy(out, parameter->value.data() + token * hidden, static_cast<size_t>(hidden) * 4);
    } else {
      view.Copy(token * hidden, hidden, out);
    }
  }
};

struct TrainableModel::Impl {
  Impl(const ModelConfig& model_config, ThreadPool& thread_pool)
      : config(model_config),
        pool(thread_pool),
        longest(LongestTrainable(config)),
        rope(ops::RopeFrequencies(config.head_dim, config.layer(0).rope.theta,
                                  config.layer(0).rope.scaling, longest.positions)) {
    rope.Grow(longest.positions);
  }

  // All that the model is made of, as parameters.
  void MakeFull();
  // Of `base`, kept, with the adapter's numbers as parameters.
  Status MakeAdapted(std::shared_ptr<const ModelSource> source, const Adapter& adapter);
  Expected<std::unique_ptr<TrainLinear>> AdaptedProduct(const std::vector<std::string>& modules,
                                                        const Adapter& adapter);
  Expected<TrainNorm> FrozenNorm(const std::string& name);
  void FindLowestTrained();

  // Makes products ready if values changed, or if they lack what is asked for.
  void Prepare(tensor::DType precision, TrainLinear::Use use) {
    const bool training = use == TrainLinear::Use::kTraining;
    if (prepared && prepared_precision == precision && (prepared_training || !training)) return;
    for (TrainBlock& block : blocks) block.Prepare(precision, use, pool);
    head->Prepare(precision, use, pool);
    prepared = true;
    prepared_precision = precision;
    prepared_training = training;
  }

  BlockContext Context(const TrainBatch& batch, const SegmentPlaces& places,
                       const TrainStepOptions& options) {
    return {.config = config,
            .rope = rope,
            .places = places,
            .rows = batch.rows(),
            .options = options,
            .pool = pool,
            .linear_scratch = linear_scratch};
  }

  uint32_t EmbeddingKey(const TrainStepOptions& options) const;

  void Embed(const TrainBatch& batch, const TrainStepOptions& options);
  // Whether the backward pass has what it needs of a layer, or makes it again.
  bool Keeps(int64_t layer) const { return layer >= lowest_trained && layer < kept_until; }
  // The layer from which on a backward pass computes again what it needs, so that what is kept is
  // at most options.activation_bytes, if it can be; 0: no limit.
  int64_t KeptUntil(int64_t rows, const TrainStepOptions& options) const;
  // Hidden states [rows][hidden] before the final norm, in `x`.
  enum class Keep { kNothing, kForBackward };
  void Forward(const BlockContext& context, const TrainBatch& batch, Keep keep);
  // From `dx`, the gradient by the last block's output.
  void Backward(const BlockContext& context, const TrainBatch& batch);
  // The rows that predict something, and the predictions by their place among these.
  struct Asked {
    std::vector<int32_t> rows;
    std::vector<ops::HeadTarget> targets;
    int64_t count() const { return static_cast<int64_t>(rows.size()); }
  };
  static Asked AskedOf(const TrainBatch& batch);
  // Final norm of chosen rows of x into `chosen` (raw), `normed`, `rstd`.
  void NormRows(std::span<const int32_t> rows);
  void HeadBackward(std::span<const int32_t> rows, int64_t all_rows);
  LossSum ForwardBackward(const SharedBeginnings& shared, const TrainBatch& batch,
                          const TrainStepOptions& options, BatchFigures* figures);

  ModelConfig config;
  ThreadPool& pool;
  LongestSequence longest;
  ops::RopeTable rope;
  std::shared_ptr<const ModelSource> base;  // of Adapt
  Adapter adapter;                          // of Adapt: its shape; the numbers are `parameters`
  std::vector<Parameter> parameters;
  std::map<std::string, size_t> parameter_of;
  std::vector<std::unique_ptr<std::vector<float>>> frozen_norms;
  TrainEmbedding embedding;
  TrainNorm final_norm;
  std::vector<TrainBlock> blocks;
  std::unique_ptr<TrainHead> head;
  int64_t lowest_trained = 0;  // layer below which nothing is; 0 where the embedding is trained
  int64_t kept_until = 0;      // layers from here on are computed again in the backward pass
  bool prepared = false, prepared_training = false;
  tensor::DType prepared_precision = tensor::DType::kF32;

  std::vector<BlockActivations> kept;                // [layers]
  BlockActivations passing;                          // of layers that keep nothing
  std::vector<tensor::AlignedBuffer<float>> inputs;  // of layers that are computed again
  tensor::AlignedBuffer<float> x, dx, chosen, normed, rstd, dnormed, dchosen;
  BlockScratch scratch;
  LinearScratch linear_scratch;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAINABLE_IMPL_H_
