#include "model/train/full_linear.h"

#include "ops/rows.h"

namespace mores::model {

using ops::Accumulate;
using ops::Layout;

FullLinear::FullLinear(std::vector<Part> parts) : parts_(std::move(parts)) {
  in_ = parts_[0].weight->shape[1];
  for (const Part& part : parts_) out_ += part.weight->shape[0];
}

void FullLinear::Prepare(tensor::DType precision, Use use, ThreadPool& pool) {
  const float* weights = parts_[0].weight->value.data();
  if (parts_.size() > 1) {
    stacked_.clear();
    for (const Part& part : parts_) {
      stacked_.insert(stacked_.end(), part.weight->value.begin(), part.weight->value.end());
    }
    weights = stacked_.data();
  }
  forward_.Pack({weights, out_, in_, in_}, Layout::kTransposed, precision, pool, kTrainingSums);
  if (use == Use::kTraining) {
    backward_.Pack({weights, out_, in_, in_}, Layout::kPlain, precision, pool, kTrainingSums);
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

void FullLinear::Forward(const float* x, int64_t rows, float* y, LinearActivations& /*keep*/,
                         const LinearPass& pass) {
  pass.scratch.left.Pack({x, rows, in_, in_}, Layout::kPlain, pass.precision, pass.pool,
                         kTrainingSums);
  ops::MatMul(pass.scratch.left, forward_, y, out_, Accumulate::kNo, pass.pool);
  ops::AddBias(bias_.empty() ? nullptr : bias_.data(), y, out_, rows, out_, pass.pool);
}

void FullLinear::Backward(const float* x, const float* dy, int64_t rows, float* dx,
                          const LinearActivations& /*kept*/, const LinearPass& pass) {
  LinearScratch& scratch = pass.scratch;
  if (dx != nullptr) {
    scratch.left.Pack({dy, rows, out_, out_}, Layout::kPlain, pass.precision, pass.pool,
                      kTrainingSums);
    ops::MatMul(scratch.left, backward_, dx, in_, Accumulate::kNo, pass.pool);
  }
  scratch.right.Pack({x, rows, in_, in_}, Layout::kPlain, pass.precision, pass.pool, kTrainingSums);
  int64_t first = 0;
  for (const Part& part : parts_) {
    const int64_t out = part.weight->shape[0];
    scratch.left.Pack({dy + first, rows, out, out_}, Layout::kTransposed, pass.precision, pass.pool,
                      kTrainingSums);
    ops::MatMul(scratch.left, scratch.right, part.weight->gradient.data(), in_, Accumulate::kYes,
                pass.pool);
    if (part.bias != nullptr) {
      ops::AddColumnSums(dy + first, out_, rows, out, part.bias->gradient.data(), pass.pool);
    }
    first += out;
  }
}

}  // namespace mores::model
