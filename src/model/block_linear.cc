#include "model/block_linear.h"

#include <utility>

#include "base/check.h"
#include "ops/rows.h"

namespace mores::model {

BlockLinear::BlockLinear(ops::int8::RightColumns weight, std::vector<float> bias)
    : weight_(std::move(weight)), bias_(std::move(bias)) {
  MORES_CHECK(bias_.empty() || static_cast<int64_t>(bias_.size()) == weight_.columns());
}

void BlockLinear::Apply(LinearInput& x, float* y, int64_t y_row, ThreadPool& pool) const {
  ops::int8::MatMul(x.In8Bits(pool), weight_, y, y_row, pool);
  ops::AddBias(bias_.empty() ? nullptr : bias_.data(), y, y_row, x.rows(), out(), pool);
}

}  // namespace mores::model
