#include "model/dense_linear.h"

#include <utility>

#include "base/check.h"
#include "ops/rows.h"

namespace mores::model {

DenseLinear::DenseLinear(ops::RightOperand weight, std::vector<float> bias)
    : weight_(std::move(weight)), bias_(std::move(bias)) {
  MORES_CHECK(bias_.empty() || static_cast<int64_t>(bias_.size()) == weight_.columns());
}

void DenseLinear::Apply(const ops::LeftOperand& x, float* y, int64_t y_row,
                        ThreadPool& pool) const {
  ops::MatMul(x, weight_, y, y_row, ops::Accumulate::kNo, pool);
  ops::AddBias(bias_or_null(), y, y_row, x.rows(), out(), pool);
}

DenseFeedForward::DenseFeedForward(DenseLinear gate_up, DenseLinear down)
    : gate_up_(std::move(gate_up)), down_(std::move(down)) {
  MORES_CHECK(gate_up_.out() == 2 * down_.in());
  MORES_CHECK(gate_up_.weight().precision() == down_.weight().precision());
}

void DenseFeedForward::Apply(LinearInput& x, std::span<const ChangedRows> changed, float* y,
                             FeedForwardScratch& s, ThreadPool& pool) const {
  if (AnyChange(changed, &LayerChange::gate_up) || AnyChange(changed, &LayerChange::down)) {
    ApplyInSteps(gate_up_, down_, x, changed, y, s, pool);
    return;
  }
  const tensor::DType precision = gate_up_.weight().precision();
  s.gated.Run(x.Dense(precision, pool), gate_up_.weight(), gate_up_.bias_or_null(), pool);
  down_.Apply(s.gated.result(), y, down_.out(), pool);
}

}  // namespace mores::model
