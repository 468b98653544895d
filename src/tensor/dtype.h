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
  // Blocks, as https://github.com/ggml-org/ggml lays them out (docs/formats/gguf.md says what an
  // element is): 32 elements a block, those of the K kind 256.
  kQ8_0,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ2K,
  kQ3K,
  kQ4K,
  kQ5K,
  kQ6K,
  kIq4Nl,
  kIq4Xs,
  kMxfp4,
};

struct DTypeInfo {
  std::string_view name;   // "f32", "q4_k"
  int64_t block_elements;  // 1 where an element has a place of its own
  int64_t block_bytes;
};
constexpr DTypeInfo InfoOf(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return {"f32", 1, 4};
    case DType::kF16:
      return {"f16", 1, 2};
    case DType::kBf16:
      return {"bf16", 1, 2};
    case DType::kQ8_0:
      return {"q8_0", 32, 34};
    case DType::kQ4_0:
      return {"q4_0", 32, 18};
    case DType::kQ4_1:
      return {"q4_1", 32, 20};
    case DType::kQ5_0:
      return {"q5_0", 32, 22};
    case DType::kQ5_1:
      return {"q5_1", 32, 24};
    case DType::kQ2K:
      return {"q2_k", 256, 84};
    case DType::kQ3K:
      return {"q3_k", 256, 110};
    case DType::kQ4K:
      return {"q4_k", 256, 144};
    case DType::kQ5K:
      return {"q5_k", 256, 176};
    case DType::kQ6K:
      return {"q6_k", 256, 210};
    case DType::kIq4Nl:
      return {"iq4_nl", 32, 18};
    case DType::kIq4Xs:
      return {"iq4_xs", 256, 136};
    case DType::kMxfp4:
      return {"mxfp4", 32, 17};
  }
  return {};
}
constexpr std::string_view Name(DType dtype) { return InfoOf(dtype).name; }

// Rows are whole blocks: a tensor's last dimension is a multiple of this (MakeTensorView checks).
constexpr int64_t BlockElements(DType dtype) { return InfoOf(dtype).block_elements; }
constexpr int64_t BlockBytes(DType dtype) { return InfoOf(dtype).block_bytes; }
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
// Round to nearest, ties to even: from 65520 on infinity, as IEEE 754 has it; NaN stays NaN.
Float16 ToFloat16(float x);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_DTYPE_H_
