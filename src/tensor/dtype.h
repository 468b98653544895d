#ifndef MORES_TENSOR_DTYPE_H_
#define MORES_TENSOR_DTYPE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mores::tensor {

enum class DType { kF32, kF16, kBf16 };

constexpr size_t SizeOf(DType dtype) { return dtype == DType::kF32 ? 4 : 2; }
std::string_view Name(DType dtype);  // "f32", "f16", "bf16"

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

}  // namespace mores::tensor

#endif  // MORES_TENSOR_DTYPE_H_
