// The loss's head over a frozen weight: what predictions cost, and the gradient of that, in one
// pass over the vocabulary in chunks. Logits of a chunk are all that is ever in memory: a row's
// largest logit and its sums of exponentials, and of exponentials times weights, are carried along
// and rescaled where the largest grows (Milakov and Gimelshein 2018, arXiv:1805.02867).
#ifndef MORES_OPS_FROZEN_HEAD_H_
#define MORES_OPS_FROZEN_HEAD_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/threads.h"
#include "ops/matmul.h"
#include "tensor/buffer.h"
#include "tensor/tensor_view.h"

namespace mores::ops {

// That the token after a row is this one. A row may have several.
struct HeadTarget {
  int32_t row;
  int32_t token;
};

struct HeadInput {
  const tensor::TensorView& weight;  // [vocabulary, dim]
  const float* hidden;               // [rows][dim], normed
  int64_t rows;
  std::span<const HeadTarget> targets;  // by rows in order
  DType precision;                      // of products; kF32 or kBf16
  Bf16Sums sums;
  enum class Gradients { kNo, kYes } gradients;
};

// Of each target.
struct HeadFigures {
  std::vector<float> nll;             // -log p(token), natural logarithm
  std::vector<float> entropy;         // of the row's distribution, natural logarithm
  std::vector<float> log_square_sum;  // log of the sum of squared probabilities
  std::vector<float> mean_logit;      // over the vocabulary
  std::vector<uint8_t> likeliest;     // whether no other token is likelier
};

// Not thread-safe; results are bit-identical for any number of threads, and a row's do not depend
// on the others.
class FrozenHead {
 public:
  HeadFigures Run(const HeadInput& input, ThreadPool& pool);
  // dhidden [rows][dim] = gradient of sum_i weights[i] nll_i, of the last Run. REQUIRES: that it
  // had Gradients::kYes, and its input is still there.
  void Gradient(const HeadInput& input, std::span<const float> weights, float* dhidden,
                ThreadPool& pool);

 private:
  struct RowSums {
    float largest;
    double ones, squares, weighted, values;  // as VectorKernels::exponentials says
  };
  // Rows [first, first + count).
  void RunRows(const HeadInput& input, int64_t first, int64_t count, ThreadPool& pool);
  // A row's logits of tokens [token, token + count), turned into their exponentials, those of its
  // targets into zeros.
  void TakeLogits(const HeadInput& input, int64_t row, int64_t token, int64_t count, float* logits);

  std::vector<int64_t> first_target_;  // [rows + 1], of each row
  std::vector<RowSums> sums_;          // [rows]
  std::vector<float> target_logits_;   // [targets]
  // [rows][dim]: sum over tokens that are no targets of exp(logit - largest) * their weights.
  tensor::AlignedBuffer<float> weighted_;
  tensor::AlignedBuffer<float> logits_;
  LeftOperand hidden_, exponentials_;
};

}  // namespace mores::ops

#endif  // MORES_OPS_FROZEN_HEAD_H_
