// A linear map y = x W^T + b, or several stacked over one input (query, key and value; gate and
// up), with forward and backward products.
#ifndef MORES_MODEL_LINEAR_H_
#define MORES_MODEL_LINEAR_H_

#include <vector>

#include "model/trainable_model.h"
#include "ops/matmul.h"

namespace mores::model {

// Operand copies reused from call to call.
struct LinearScratch {
  ops::LeftOperand left;
  ops::RightOperand right;
};

class TrainableLinear {
 public:
  struct Part {
    Parameter* weight;  // [out, in]
    Parameter* bias;    // [out] or null
  };
  explicit TrainableLinear(std::vector<Part> parts);

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }

  // Packs the present values; the backward copy only when training.
  enum class Use { kForwardOnly, kTraining };
  void Pack(tensor::DType precision, Use use, ThreadPool& pool);
  // y [rows][out] = x [rows][in] W^T + b
  void Forward(const float* x, int64_t rows, float* y, tensor::DType precision,
               LinearScratch& scratch, ThreadPool& pool) const;
  // dx [rows][in] = dy W; weight and bias gradients are added to. x is what Forward was given.
  void Backward(const float* x, const float* dy, int64_t rows, float* dx, tensor::DType precision,
                LinearScratch& scratch, ThreadPool& pool);

 private:
  std::vector<Part> parts_;
  int64_t in_ = 0, out_ = 0;
  std::vector<float> bias_;  // all parts', zeros where a part has none; empty if none has one
  ops::RightOperand forward_, backward_;
  std::vector<float> stacked_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_LINEAR_H_
