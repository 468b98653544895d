// Vector kernels, one set for each instruction set level, written once with Highway. Everything
// here works on one thread. Each output element is computed by one fixed chain of operations that
// depends on the level but not on how many rows, columns or threads there are.
#ifndef MORES_OPS_KERNELS_H_
#define MORES_OPS_KERNELS_H_

#include <cstdint>

#include "tensor/dtype.h"

namespace mores::ops {

enum class Accumulate { kNo, kYes };

// C[m,n] = (C[m,n] +) sum over k, in order, of A[m,k] * B[k,n], by fused multiply-add.
template <class T>
struct MatMulBlock {
  int64_t rows, columns, depth;  // M, N, K
  const float* a;                // A[m,k] at a[m * a_row + k * a_step]
  int64_t a_row, a_step;
  const T* b;  // B[k,n] at b[k * b_row + n]
  int64_t b_row;
  float* c;  // C[m,n] at c[m * c_row + n]
  int64_t c_row;
  Accumulate accumulate;
};

struct VectorKernels {
  void (*matmul_f32)(const MatMulBlock<float>& block);
  // B is bf16 in panels: `columns` at most 32 and b_row 32, all 32 readable.
  void (*matmul_bf16)(const MatMulBlock<tensor::BFloat16>& block);

  // y = x * rstd * w with rstd = 1/sqrt(mean(x^2) + epsilon); returns rstd.
  float (*rms_norm)(const float* x, const float* w, float* y, int64_t dim, float epsilon);
  // dx += gradient of the above; dw += dy * x * rstd.
  void (*rms_norm_backward)(const float* x, const float* w, const float* dy, float rstd, float* dx,
                            float* dw, int64_t dim);
  // x [head_dim] rotated in place: halves paired, cos and sin of [head_dim / 2]; sign -1 turns
  // back.
  void (*rotate)(float* x, const float* cos, const float* sin, int64_t head_dim, float sign);
  // h = silu(gate) * up
  void (*swiglu)(const float* gate, const float* up, float* h, int64_t count);
  void (*swiglu_backward)(const float* gate, const float* up, const float* dh, float* dgate,
                          float* dup, int64_t count);
  // to[c * to_row + r] = from[r * from_row + c] for r < rows, c < columns.
  void (*transpose)(const float* from, int64_t from_row, int64_t rows, int64_t columns, float* to,
                    int64_t to_row);
  // In place: row[j] = exp(scale * row[j] - max) for j < valid, 0 for valid <= j < padded, where
  // max is the largest scaled value; returns the sum. `padded` - `valid` may be anything >= 0.
  float (*softmax_numerators)(float* row, int64_t valid, int64_t padded, float scale, float* max);
  // In place: row[j] = exp(scale * row[j] - log_sum) for j < valid, 0 for valid <= j < padded.
  void (*softmax_from_log_sum)(float* row, int64_t valid, int64_t padded, float scale,
                               float log_sum);
  float (*largest)(const float* row, int64_t count);
  // In place: e[j] = exp(x[j] - max), max at least every x. `sums`: of e, of e^2, of e (x - max)
  // and of x - max.
  void (*exponentials)(float* row, int64_t count, float max, double* sums);
  // log(sum(exp(row)))
  float (*log_sum_exp)(const float* row, int64_t count);
  // row[j] = scale * exp(row[j] - log_sum)
  void (*scaled_softmax)(float* row, int64_t count, float log_sum, float scale);
  float (*dot)(const float* a, const float* b, int64_t count);
  void (*add)(const float* x, float* y, int64_t count);  // y += x
  void (*scale)(float* x, int64_t count, float factor);  // x *= factor
  // ds = p * (dp - d) * scale, in place in dp
  void (*softmax_backward)(const float* p, float* dp, int64_t count, float d, float scale);
  void (*round_to_bf16)(const float* x, float* y, int64_t count);  // f32 that bf16 can hold
  // y += x with elements dropped by chance `rate` and the others scaled by 1 / (1 - rate); element
  // i is dropped by a hash of (key, first + i).
  void (*dropout_add)(const float* x, float* y, int64_t count, float rate, uint32_t key,
                      uint32_t first);
  // y = x with the same mask and scale.
  void (*dropout)(const float* x, float* y, int64_t count, float rate, uint32_t key,
                  uint32_t first);
};

// The set for CurrentIsaLevel().
const VectorKernels& Kernels();

}  // namespace mores::ops

#endif  // MORES_OPS_KERNELS_H_
