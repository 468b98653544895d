#include "model/linear_layer.h"

#include <utility>

#include "base/check.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {

const ops::LeftOperand& LinearInput::Dense(tensor::DType precision, ThreadPool& pool) {
  if (!packed_ || precision_ != precision) {
    dense_.Pack(x_, ops::Layout::kPlain, precision, pool);
    precision_ = precision;
    packed_ = true;
  }
  return dense_;
}

const ops::LeftOperand& LinearInput::DenseRows(int64_t begin, int64_t end, tensor::DType precision,
                                               ThreadPool& pool) {
  if (begin == 0 && end == rows()) return Dense(precision, pool);
  dense_rows_.Pack({x_.data + begin * x_.stride, end - begin, x_.columns, x_.stride},
                   ops::Layout::kPlain, precision, pool);
  return dense_rows_;
}

const ops::int8::LeftRows& LinearInput::In8Bits(ThreadPool& pool) {
  if (!in_8_bits_) rounded_.Pack(x_, pool);
  in_8_bits_ = true;
  return rounded_;
}

StackedLinear::StackedLinear(std::vector<std::unique_ptr<const Linear>> parts)
    : parts_(std::move(parts)) {
  MORES_CHECK(!parts_.empty());
  for (const auto& part : parts_) {
    MORES_CHECK(part->in() == in());
    out_ += part->out();
  }
}

int64_t StackedLinear::bytes() const {
  int64_t bytes = 0;
  for (const auto& part : parts_) bytes += part->bytes();
  return bytes;
}

void StackedLinear::Apply(LinearInput& x, float* y, int64_t y_row, ThreadPool& pool) const {
  for (const auto& part : parts_) {
    part->Apply(x, y, y_row, pool);
    y += part->out();
  }
}

GeneralFeedForward::GeneralFeedForward(std::unique_ptr<const Linear> gate_up,
                                       std::unique_ptr<const Linear> down)
    : gate_up_(std::move(gate_up)), down_(std::move(down)) {
  MORES_CHECK(gate_up_->out() == 2 * down_->in());
}

void GeneralFeedForward::Apply(LinearInput& x, std::span<const ChangedRows> changed, float* y,
                               FeedForwardScratch& scratch, ThreadPool& pool) const {
  ApplyInSteps(*gate_up_, *down_, x, changed, y, scratch, pool);
}

void ApplyInSteps(const Linear& gate_up, const Linear& down, LinearInput& x,
                  std::span<const ChangedRows> changed, float* y, FeedForwardScratch& s,
                  ThreadPool& pool) {
  const int64_t rows = x.rows(), units = down.in();
  const int64_t row_step = ops::UnalignedRow(gate_up.out());
  gate_up.Apply(x, s.gate_up.Resize(rows * row_step), row_step, pool);
  ApplyChanges(changed, &LayerChange::gate_up, x, s.gate_up.data(), row_step, s.change, pool);
  float* hidden = s.hidden.Resize(rows * units);
  ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* gate = s.gate_up.data() + row * row_step;
      ops::Kernels().swiglu(gate, gate + units, hidden + row * units, units);
    }
  });
  s.input.Set(hidden, rows, units);
  down.Apply(s.input, y, down.out(), pool);
  ApplyChanges(changed, &LayerChange::down, s.input, y, down.out(), s.change, pool);
}

}  // namespace mores::model
