// bf16 products two depths an instruction (AVX-512's VDPBF16PS), about twice as fast as float32's
// fused multiply-adds. Operands are packed as for AMX (ops/amx.h), whose packing needs no more than
// this does.
//
// Order of summation of an output element: pairs of depth in order, zeros to a whole block of 32;
// of a pair the processor adds the odd depth's product, then the even one's, with results and
// operands below the normal range as zeros (Intel SDM, VDPBF16PS). It depends on nothing else.
#ifndef MORES_OPS_BF16_PAIRS_H_
#define MORES_OPS_BF16_PAIRS_H_

#include "ops/amx.h"

namespace mores::ops::pairs {

// REQUIRES: avx512_bf16 among CurrentCpuFeatures().
void MatMul(const amx::Block& block);

}  // namespace mores::ops::pairs

#endif  // MORES_OPS_BF16_PAIRS_H_
