// float32 to blocks of elements: what a converter writes.
#ifndef MORES_TENSOR_QUANTIZE_H_
#define MORES_TENSOR_QUANTIZE_H_

#include <cstdint>

#include "tensor/dtype.h"

namespace mores::tensor {

// Whether EncodeBlocks writes it: f32, f16, bf16, q8_0, q4_0, q4_1, q5_0, q5_1, q4_k, q6_k.
bool CanEncode(DType dtype);

// The largest magnitude that `dtype` is written from: a half's, also where a block's scale is one.
// Infinity where there is no such bound.
float LargestEncoded(DType dtype);

// Writes `count` elements, whole blocks of a row, to BytesOf(dtype, count) bytes. The same values
// give the same bytes on every processor.
//   kF32, kF16, kBf16: rounded to nearest even.
//   kQ8_0, kQ4_0, kQ4_1, kQ5_0, kQ5_1: the scale that reaches a block's largest element (and its
//   smallest, where blocks have an offset): the bytes of the public `gguf` package.
//   kQ4K, kQ6K: scales and offsets of sub-blocks by weighted least squares over candidate steps,
//   then in the codes that the block has for them; large elements count more.
// REQUIRES: CanEncode(dtype); finite values of at most LargestEncoded(dtype).
void EncodeBlocks(DType dtype, const float* values, int64_t count, char* out);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_QUANTIZE_H_
