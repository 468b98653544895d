// Blocks of elements to float32 and back (docs/formats/gguf.md).
#ifndef MORES_TENSOR_BLOCKS_H_
#define MORES_TENSOR_BLOCKS_H_

#include <cstdint>

#include "tensor/dtype.h"

namespace mores::tensor {

// Elements of `count` whole blocks that lie one after another, possibly unaligned: bit for bit what
// the reference's own arithmetic in float32 gives, without fused multiply-adds, on every processor.
// Any element type; those without blocks have blocks of one.
void DecodeBlocks(DType dtype, const char* blocks, int64_t count, float* out);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_BLOCKS_H_
