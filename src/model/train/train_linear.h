// Products y = x W^T + b in training, forward and backward, or several side by side over one input
// (query, key and value; gate and up).
#ifndef MORES_MODEL_TRAIN_TRAIN_LINEAR_H_
#define MORES_MODEL_TRAIN_TRAIN_LINEAR_H_

#include <cstdint>

#include "base/threads.h"
#include "ops/matmul.h"
#include "tensor/buffer.h"
#include "tensor/dtype.h"

namespace mores::model {

// Training has no bits to share with inference, and takes the fastest products there are.
inline constexpr ops::Bf16Sums kTrainingSums = ops::Bf16Sums::kPairs;

// Operand copies reused from call to call.
struct LinearScratch {
  ops::LeftOperand left;
  ops::RightOperand right;
};

// What the products of one pass share.
struct LinearPass {
  tensor::DType precision;
  LinearScratch& scratch;
  ThreadPool& pool;
  // Of an adapter's dropout; 0: none. Masks are a function of (seed, product, row, column), the
  // rows given being those from `first_row` on.
  uint64_t dropout_seed = 0;
  int64_t first_row = 0;
};

// What a product's backward pass needs of its forward one beside x.
struct LinearActivations {
  tensor::AlignedBuffer<float> down_rows, products;  // AdaptedLinear's
};

// One thread of control at a time. Results do not depend on the number of threads.
class TrainLinear {
 public:
  virtual ~TrainLinear() = default;
  virtual int64_t in() const = 0;
  virtual int64_t out() const = 0;
  // Whether anything in it is trained.
  virtual bool trains() const = 0;

  // Makes ready for passes with the parameters' present values.
  enum class Use { kForwardOnly, kTraining };
  virtual void Prepare(tensor::DType precision, Use use, ThreadPool& pool) = 0;
  // Floats that Forward keeps of a row.
  virtual int64_t KeptPerRow() const = 0;
  // y [rows][out] = x [rows][in] W^T + b.
  virtual void Forward(const float* x, int64_t rows, float* y, LinearActivations& keep,
                       const LinearPass& pass) = 0;
  // dx [rows][in] = the gradient by x, or null where nobody wants it; the parameters' gradients are
  // added to. x is what Forward was given, `kept` what it kept.
  virtual void Backward(const float* x, const float* dy, int64_t rows, float* dx,
                        const LinearActivations& kept, const LinearPass& pass) = 0;
};

}  // namespace mores::model

#endif  // MORES_MODEL_TRAIN_TRAIN_LINEAR_H_
