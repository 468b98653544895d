// What a pass of training computes: sequences without padding, which may begin with rows that
// others computed, and the predictions that a loss looks at. Whole sequences that begin alike need
// not say so: what they share is found (model/train/shared_beginnings.h).
#ifndef MORES_MODEL_TRAIN_TRAIN_BATCH_H_
#define MORES_MODEL_TRAIN_TRAIN_BATCH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tensor/dtype.h"

namespace mores::model {

// That a row's next token is `token`. A row may have several: the last one of a prompt predicts the
// first token of each completion.
struct Prediction {
  int32_t row = 0;
  int32_t token = 0;
  float weight = 1;  // of its negative log-likelihood; may be negative
};

struct TrainBatch {
  std::vector<int32_t> tokens;   // [rows]
  std::vector<int32_t> offsets;  // [segments + 1], offsets[0] = 0, the last = rows
  // [segments], or empty: none goes on. The earlier segment whose last row stands before the first
  // of this one, with all that stands before that; -1: the segment begins at position 0.
  std::vector<int32_t> parents;
  std::vector<Prediction> predictions;  // by rows in order

  int64_t rows() const { return static_cast<int64_t>(tokens.size()); }
  int64_t segments() const { return static_cast<int64_t>(offsets.size()) - 1; }
  int32_t parent(int64_t segment) const {
    return parents.empty() ? -1 : parents[static_cast<size_t>(segment)];
  }
};

// Of each prediction, in their order.
struct BatchFigures {
  std::vector<float> nll;  // natural logarithm; always
  // Where TrainStepOptions::figures asks, else empty.
  std::vector<float> entropy;         // of the distribution, natural logarithm
  std::vector<float> log_square_sum;  // log of the sum of squared probabilities
  std::vector<float> mean_logit;      // over the vocabulary
  std::vector<uint8_t> likeliest;     // whether no other token is likelier
};

// Sets the predictions' weights once their likelihoods are known; weights come in as the batch has
// them.
using WeighPredictions = std::function<void(const BatchFigures& figures, std::span<float> weights)>;

struct TrainStepOptions {
  tensor::DType precision = tensor::DType::kBf16;  // of products; kF32 or kBf16
  float dropout = 0;  // on embeddings, attention outputs and FFN outputs before the residual
  uint64_t dropout_seed = 0;  // a pure function of (seed, tensor, element): order-independent
  // Gradients added are those of loss_scale * sum_i weight_i * nll_i.
  float loss_scale = 1;
  WeighPredictions weigh = nullptr;
  bool figures = false;
  // About the activations that are kept for the backward pass, at most; those of layers beyond it
  // are computed again there, which changes no number. 0: all are kept.
  int64_t activation_bytes = 0;
};

struct LossSum {
  double weighted_nll = 0;  // sum of weight * nll, natural logarithm
  double weight = 0;        // sum of weights
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAIN_BATCH_H_
