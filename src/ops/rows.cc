#include "ops/rows.h"

#include <vector>

#include "ops/kernels.h"

namespace mores::ops {

void AddBias(const float* bias, float* y, int64_t y_row, int64_t rows, int64_t columns,
             ThreadPool& pool) {
  if (bias == nullptr) return;
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) Kernels().add(bias, y + r * y_row, columns);
  });
}

void AddRows(const float* x, float* y, int64_t rows, int64_t columns, ThreadPool& pool) {
  ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    Kernels().add(x + begin * columns, y + begin * columns, (end - begin) * columns);
  });
}

void AddColumnSums(const float* dy, int64_t dy_row, int64_t rows, int64_t columns, float* gradient,
                   ThreadPool& pool) {
  constexpr int64_t kColumnsATask = 64;
  pool.ParallelFor(CeilDiv(columns, kColumnsATask), [&](int64_t task) {
    const int64_t first = task * kColumnsATask;
    const int64_t count = std::min(kColumnsATask, columns - first);
    for (int64_t r = 0; r < rows; ++r) {
      Kernels().add(dy + r * dy_row + first, gradient + first, count);
    }
  });
}

void RmsNorm(const RmsNormShape& s, const float* x, const float* w, float* y, float* rstd,
             ThreadPool& pool) {
  ParallelRows(pool, s.rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float value = Kernels().rms_norm(x + r * s.dim, w, y + r * s.dim, s.dim, s.epsilon);
      if (rstd != nullptr) rstd[r] = value;
    }
  });
}

void RmsNormBackward(const RmsNormShape& s, const float* x, const float* w, const float* dy,
                     const float* rstd, float* dx, float* dw, ThreadPool& pool) {
  const int64_t chunks = CeilDiv(s.rows, kRowChunk);
  std::vector<float> partial(static_cast<size_t>(chunks * s.dim), 0.0f);
  ParallelRows(pool, s.rows, [&](int64_t begin, int64_t end) {
    float* sums = partial.data() + begin / kRowChunk * s.dim;
    for (int64_t r = begin; r < end; ++r) {
      Kernels().rms_norm_backward(x + r * s.dim, w, dy + r * s.dim, rstd[r], dx + r * s.dim, sums,
                                  s.dim);
    }
  });
  if (dw == nullptr) return;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    Kernels().add(partial.data() + chunk * s.dim, dw, s.dim);
  }
}

}  // namespace mores::ops
