// Blocks of 256 elements from float32 (tensor/quantize.h).
#ifndef MORES_TENSOR_QUANTIZE_K_H_
#define MORES_TENSOR_QUANTIZE_K_H_

namespace mores::tensor {

// 256 values of a magnitude of at most 65504 each, to 144 and 210 bytes.
void EncodeQ4K(const float* values, char* out);
void EncodeQ6K(const float* values, char* out);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_QUANTIZE_K_H_
