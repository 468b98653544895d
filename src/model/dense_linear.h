// Products of packed weights in f32 or bf16 (ops/matmul.h).
#ifndef MORES_MODEL_DENSE_LINEAR_H_
#define MORES_MODEL_DENSE_LINEAR_H_

#include <cstdint>
#include <span>
#include <vector>

#include "model/linear_layer.h"
#include "ops/matmul.h"

namespace mores::model {

class DenseLinear : public Linear {
 public:
  // `bias` [weight.columns()], or empty.
  DenseLinear(ops::RightOperand weight, std::vector<float> bias);
  int64_t in() const override { return weight_.depth(); }
  int64_t out() const override { return weight_.columns(); }
  int64_t bytes() const override { return weight_.bytes(); }
  void Apply(LinearInput& x, float* y, int64_t y_row, ThreadPool& pool) const override {
    Apply(x.Dense(weight_.precision(), pool), y, y_row, pool);
  }
  // The same of an input that is packed in the weight's precision.
  void Apply(const ops::LeftOperand& x, float* y, int64_t y_row, ThreadPool& pool) const;

  const ops::RightOperand& weight() const { return weight_; }
  const float* bias_or_null() const { return bias_.empty() ? nullptr : bias_.data(); }

 private:
  ops::RightOperand weight_;
  std::vector<float> bias_;
};

// All three products in one precision: gate and up are one product that writes the hidden units as
// the operand of the next.
class DenseFeedForward : public FeedForward {
 public:
  DenseFeedForward(DenseLinear gate_up, DenseLinear down);
  int64_t bytes() const override { return gate_up_.bytes() + down_.bytes(); }
  void Apply(LinearInput& x, std::span<const ChangedRows> changed, float* y,
             FeedForwardScratch& scratch, ThreadPool& pool) const override;

 private:
  DenseLinear gate_up_, down_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_DENSE_LINEAR_H_
