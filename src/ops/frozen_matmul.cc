#include "ops/frozen_matmul.h"

#include <algorithm>

#include "base/check.h"
#include "ops/rows.h"

namespace mores::ops {
namespace {

// Columns of C a task: few enough for their weights to stay in the second-level cache.
constexpr int64_t kFrozenColumns = 64;

// What a thread decodes into.
struct FrozenScratch {
  ThreadPool serial{1};
  tensor::AlignedBuffer<float> decoded;
  RightOperand packed;
};

FrozenScratch& ThreadScratch() {
  thread_local FrozenScratch scratch;
  return scratch;
}

}  // namespace

void MatMulFrozenTransposed(const LeftOperand& a, const tensor::TensorView& w, float* c,
                            int64_t c_row, Accumulate accumulate, ThreadPool& pool) {
  const int64_t out = w.shape[0], in = w.shape[1];
  MORES_CHECK(a.depth() == in);
  pool.ParallelFor(CeilDiv(out, kFrozenColumns), [&](int64_t task) {
    FrozenScratch& s = ThreadScratch();
    const int64_t first = task * kFrozenColumns;
    const int64_t count = std::min(kFrozenColumns, out - first);
    float* rows = s.decoded.Resize(count * in);
    w.Copy(first * in, count * in, rows);
    s.packed.Pack({rows, count, in, in}, Layout::kTransposed, a.precision(), s.serial);
    MatMul(a, s.packed, c + first, c_row, accumulate, s.serial);
  });
}

void MatMulFrozen(const LeftOperand& a, const tensor::TensorView& w, float* c, int64_t c_row,
                  Accumulate accumulate, ThreadPool& pool) {
  const int64_t out = w.shape[0], in = w.shape[1];
  MORES_CHECK(a.depth() == out);
  pool.ParallelFor(CeilDiv(in, kFrozenColumns), [&](int64_t task) {
    FrozenScratch& s = ThreadScratch();
    const int64_t first = task * kFrozenColumns;
    const int64_t count = std::min(kFrozenColumns, in - first);
    float* rows = s.decoded.Resize(out * count);
    for (int64_t row = 0; row < out; ++row) w.Copy(row * in + first, count, rows + row * count);
    s.packed.Pack({rows, out, count, count}, Layout::kPlain, a.precision(), s.serial);
    MatMul(a, s.packed, c + first, c_row, accumulate, s.serial);
  });
}

}  // namespace mores::ops
