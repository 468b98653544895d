// A decoder with float32 master weights and gradients: what training holds.
#ifndef MORES_MODEL_TRAINABLE_MODEL_H_
#define MORES_MODEL_TRAINABLE_MODEL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "model/config.h"
#include "tensor/dtype.h"

namespace mores::model {

class ModelSource;

// One weight tensor, row-major, named as in the Hugging Face checkpoint.
struct Parameter {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<float> value;
  std::vector<float> gradient;  // same size
  bool decay = false;           // matrices: true; norms and biases: false
};

// Whole sequences, one after another, without padding.
struct TrainBatch {
  std::vector<int32_t> tokens;        // [total_tokens]
  std::vector<int32_t> offsets;       // [sequences + 1], offsets[0] = 0, the last = total_tokens
  std::vector<int32_t> targets;       // [total_tokens]; the token that position i must predict
  std::vector<float> target_weights;  // [total_tokens]; 0: not in the loss
};

struct TrainStepOptions {
  tensor::DType precision = tensor::DType::kBf16;  // of products; kF32 or kBf16
  float dropout = 0;  // on embeddings, attention outputs and FFN outputs before the residual
  uint64_t dropout_seed = 0;  // a pure function of (seed, tensor, element): order-independent
  // Gradients added are those of loss_scale * sum_i weight_i * nll_i.
  float loss_scale = 1;
};

struct LossSum {
  double weighted_nll = 0;  // sum of weight * nll, natural logarithm
  double weight = 0;        // sum of weights
};

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
  ~TrainableModel();

  const ModelConfig& config() const;
  // REQUIRES of every batch: no longer sequence.
  const LongestSequence& longest_sequence() const;
  std::vector<Parameter>& parameters();

  void ZeroGradients();
  // Call after changing parameter values, before the next forward pass.
  void ParametersChanged();
  // Adds to the gradients. Per-position negative log-likelihoods go to `nll` as in Evaluate.
  LossSum ForwardBackward(const TrainBatch& batch, const TrainStepOptions& options,
                          std::vector<float>* nll = nullptr);
  // Loss without gradients or dropout; per-position negative log-likelihoods if `nll` isn't null
  // (zero where the weight is zero).
  LossSum Evaluate(const TrainBatch& batch, tensor::DType precision, std::vector<float>* nll);
  // Log-softmax at one position a sequence over `token_ids` only: [sequences][token_ids].
  // `positions` indexes batch.tokens. For evaluation of labels.
  std::vector<std::vector<float>> LogProbabilities(const TrainBatch& batch,
                                                   std::span<const int32_t> positions,
                                                   std::span<const int32_t> token_ids,
                                                   tensor::DType precision);

  // Writes config.json and model.safetensors (values rounded to `dtype`). kUnsupported, and nothing
  // written, where config.json can't say what the layers are.
  Status Save(const std::string& directory, tensor::DType dtype) const;

 private:
  struct Impl;
  explicit TrainableModel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAINABLE_MODEL_H_
