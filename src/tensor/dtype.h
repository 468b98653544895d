// The types of stored elements. Some have an element a place; others pack a block of a row's
// elements together with what they share, such as a scale.
#ifndef MORES_TENSOR_DTYPE_H_
#define MORES_TENSOR_DTYPE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mores::tensor {

enum class DType {
  kF32,
  kF16,
  kBf16,
  // 32 elements a block: a float16 scale, then 32 signed bytes; an element is scale * byte
  // (https://github.com/ggml-org/ggml, block_q8_0).
  kQ8_0,
};
std::string_view Name(DType dtype);  // "f32", "f16", "bf16", "q8_0"

// Rows are whole blocks: a tensor's last dimension is a multiple of this (MakeTensorView checks).
constexpr int64_t BlockElements(DType dtype) { return dtype == DType::kQ8_0 ? 32 : 1; }
constexpr int64_t BlockBytes(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return 4;
    case DType::kF16:
    case DType::kBf16:
      return 2;
    case DType::kQ8_0:
      break;
  }
  return 2 + 32;
}
// Of `count` elements, whole blocks.
constexpr int64_t BytesOf(DType dtype, int64_t count) {
  return count / BlockElements(dtype) * BlockBytes(dtype);
}

// bfloat16 storage: the upper half of a float32.
struct BFloat16 {
  uint16_t bits;
};

inline float ToFloat(BFloat16 x) { return std::bit_cast<float>(uint32_t{x.bits} << 16); }
// Round to nearest, ties to even; NaN stays NaN.
inline BFloat16 ToBFloat16(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return {static_cast<uint16_t>((bits >> 16) | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7FFFu + ((bits >> 16) & 1)) >> 16)};
}

// IEEE 754 half precision storage.
struct Float16 {
  uint16_t bits;
};

float ToFloat(Float16 x);  // exact

}  // namespace mores::tensor

#endif  // MORES_TENSOR_DTYPE_H_
