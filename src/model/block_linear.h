// Products of weights in the blocks that a GGUF file holds, with inputs rounded to 8 bits
// (ops/int8_products.h).
#ifndef MORES_MODEL_BLOCK_LINEAR_H_
#define MORES_MODEL_BLOCK_LINEAR_H_

#include <cstdint>
#include <vector>

#include "model/linear_layer.h"
#include "ops/int8_products.h"

namespace mores::model {

class BlockLinear : public Linear {
 public:
  // `bias` [weight.columns()], or empty.
  BlockLinear(ops::int8::RightColumns weight, std::vector<float> bias);
  int64_t in() const override { return weight_.depth(); }
  int64_t out() const override { return weight_.columns(); }
  int64_t bytes() const override { return weight_.bytes(); }
  void Apply(LinearInput& x, float* y, int64_t y_row, ThreadPool& pool) const override;

 private:
  ops::int8::RightColumns weight_;
  std::vector<float> bias_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_BLOCK_LINEAR_H_
