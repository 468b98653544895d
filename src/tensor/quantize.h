// float32 to blocks of elements: what a converter writes.
#ifndef MORES_TENSOR_QUANTIZE_H_
#define MORES_TENSOR_QUANTIZE_H_

#include <cstdint>

#include "tensor/dtype.h"

namespace mores::tensor {

// Whether EncodeBlocks writes it.
bool CanEncode(DType dtype);

// Writes `count` elements, whole blocks of a row, to BytesOf(dtype, count) bytes. kF32, kF16 and
// kBf16 round to nearest even; blocks minimise the squared error of their elements. The same values
// give the same bytes on every processor. REQUIRES: CanEncode(dtype), finite values.
void EncodeBlocks(DType dtype, const float* values, int64_t count, char* out);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_QUANTIZE_H_
