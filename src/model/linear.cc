#include "model/linear.h"

#include <cstring>

#include "ops/rows.h"

namespace mores::model {

using ops::Accumulate;
using ops::Layout;

TrainableLinear::TrainableLinear(std::vector<Part> parts) : parts_(std::move(parts)) {
  in_ = parts_[0].weight->shape[1];
  for (const Part& part : parts_) out_ += part.weight->shape[0];
}

void TrainableLinear::Pack(tensor::DType precision, Use use, ThreadPool& pool) {
  const float* weights = parts_[0].weight->value.data();
  if (parts_.size() > 1) {
    stacked_.clear();
    for (const Part& part : parts_) {
      stacked_.insert(stacked_.end(), part.weight->value.begin(), part.weight->value.end());
    }
    weights = stacked_.data();
  }
  forward_.Pack({weights, out_, in_, in_}, Layout::kTransposed, precision, pool);
  if (use == Use::kTraining) {
    backward_.Pack({weights, out_, in_, in_}, Layout::kPlain, precision, pool);
  }
  bias_.clear();
  bool any = false;
  for (const Part& part : parts_) {
    any = any || part.bias != nullptr;
    if (part.bias != nullptr) {
      bias_.insert(bias_.end(), part.bias->value.begin(), part.bias->value.end());
    } else {
      bias_.insert(bias_.end(), static_cast<size_t>(part.weight->shape[0]), 0.0f);
    }
  }
  if (!any) bias_.clear();
}

void TrainableLinear::Forward(const float* x, int64_t rows, float* y, tensor::DType precision,
                              LinearScratch& scratch, ThreadPool& pool) const {
  scratch.left.Pack({x, rows, in_, in_}, Layout::kPlain, precision, pool);
  ops::MatMul(scratch.left, forward_, y, out_, Accumulate::kNo, pool);
  ops::AddBias(bias_.empty() ? nullptr : bias_.data(), y, out_, rows, out_, pool);
}

void TrainableLinear::Backward(const float* x, const float* dy, int64_t rows, float* dx,
                               tensor::DType precision, LinearScratch& scratch, ThreadPool& pool) {
  scratch.left.Pack({dy, rows, out_, out_}, Layout::kPlain, precision, pool);
  ops::MatMul(scratch.left, backward_, dx, in_, Accumulate::kNo, pool);
  scratch.right.Pack({x, rows, in_, in_}, Layout::kPlain, precision, pool);
  int64_t first = 0;
  for (const Part& part : parts_) {
    const int64_t out = part.weight->shape[0];
    scratch.left.Pack({dy + first, rows, out, out_}, Layout::kTransposed, precision, pool);
    ops::MatMul(scratch.left, scratch.right, part.weight->gradient.data(), in_, Accumulate::kYes,
                pool);
    if (part.bias != nullptr) {
      ops::AddColumnSums(dy + first, out_, rows, out, part.bias->gradient.data(), pool);
    }
    first += out;
  }
}

}  // namespace mores::model
