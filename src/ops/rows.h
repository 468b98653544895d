// Row-wise passes over activations, cut into fixed chunks of rows so that a result never depends on
// the number of threads.
#ifndef MORES_OPS_ROWS_H_
#define MORES_OPS_ROWS_H_

#include <algorithm>
#include <cstdint>

#include "base/threads.h"

namespace mores::ops {

constexpr int64_t kRowChunk = 32;

inline int64_t CeilDiv(int64_t x, int64_t y) { return (x + y - 1) / y; }

// Floats from one row to the next so that rows don't fall on the same few sets of a cache, as those
// a power of two apart do: an odd number of cache lines, at least `columns`.
inline int64_t UnalignedRow(int64_t columns) {
  constexpr int64_t kLine = 16;
  return (CeilDiv(columns, kLine) | 1) * kLine;
}

// Calls f(begin, end) for consecutive chunks of rows, on any thread.
template <class F>
void ParallelRows(ThreadPool& pool, int64_t rows, const F& f) {
  pool.ParallelFor(CeilDiv(rows, kRowChunk), [&](int64_t chunk) {
    f(chunk * kRowChunk, std::min(rows, (chunk + 1) * kRowChunk));
  });
}

// y[row] += bias for [rows][columns] with stride y_row; nothing when bias is null.
void AddBias(const float* bias, float* y, int64_t y_row, int64_t rows, int64_t columns,
             ThreadPool& pool);
// y += x, both [rows][columns].
void AddRows(const float* x, float* y, int64_t rows, int64_t columns, ThreadPool& pool);
// gradient[column] += sum over rows of dy, stride dy_row.
void AddColumnSums(const float* dy, int64_t dy_row, int64_t rows, int64_t columns, float* gradient,
                   ThreadPool& pool);

struct RmsNormShape {
  int64_t rows, dim;
  float epsilon;
};
// y, x [rows][dim]; w [dim]; rstd [rows] or null. (Zhang and Sennrich 2019.)
void RmsNorm(const RmsNormShape& shape, const float* x, const float* w, float* y, float* rstd,
             ThreadPool& pool);
// dx += , dw += ; dw may be null.
void RmsNormBackward(const RmsNormShape& shape, const float* x, const float* w, const float* dy,
                     const float* rstd, float* dx, float* dw, ThreadPool& pool);

}  // namespace mores::ops

#endif  // MORES_OPS_ROWS_H_
