// Products with a weight that stays where it lies, in whatever elements or blocks: each piece of it
// is decoded and packed when its turn comes, multiplied with all rows of the left operand, and
// forgotten. Numbers are those of ops/matmul.h.
#ifndef MORES_OPS_FROZEN_MATMUL_H_
#define MORES_OPS_FROZEN_MATMUL_H_

#include <cstdint>

#include "base/threads.h"
#include "ops/matmul.h"
#include "tensor/tensor_view.h"

namespace mores::ops {

// C [M, out] = A [M, in] W^T, or A W^T added to C, for W [out, in]; `a` is packed, in kF32 or
// kBf16. `c_row`: from one row of C to the next.
void MatMulFrozenTransposed(const LeftOperand& a, const tensor::TensorView& w, float* c,
                            int64_t c_row, Accumulate accumulate, ThreadPool& pool);
// C [M, in] = A [M, out] W, or added.
void MatMulFrozen(const LeftOperand& a, const tensor::TensorView& w, float* c, int64_t c_row,
                  Accumulate accumulate, ThreadPool& pool);

}  // namespace mores::ops

#endif  // MORES_OPS_FROZEN_MATMUL_H_
