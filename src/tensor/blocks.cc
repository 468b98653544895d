#include "tensor/blocks.h"

#include <cstring>

#include "base/check.h"

namespace mores::tensor {
namespace {

uint16_t BitsAt(const char* from) {
  uint16_t bits;
  std::memcpy(&bits, from, sizeof(bits));
  return bits;
}

void DecodeQ8(const char* block, float* out) {
  const float scale = ToFloat(Float16{BitsAt(block)});
  for (int i = 0; i < 32; ++i) {
    out[i] = scale * static_cast<float>(static_cast<int8_t>(block[2 + i]));
  }
}

}  // namespace

void DecodeBlocks(DType dtype, const char* blocks, int64_t count, float* out) {
  switch (dtype) {
    case DType::kF32:
      if (count > 0) std::memcpy(out, blocks, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::kBf16:
      for (int64_t i = 0; i < count; ++i) out[i] = ToFloat(BFloat16{BitsAt(blocks + 2 * i)});
      return;
    case DType::kF16:
      for (int64_t i = 0; i < count; ++i) out[i] = ToFloat(Float16{BitsAt(blocks + 2 * i)});
      return;
    case DType::kQ8_0:
      for (int64_t i = 0; i < count; ++i) DecodeQ8(blocks + 34 * i, out + 32 * i);
      return;
    default:
      break;
  }
  MORES_CHECK(false);
}

}  // namespace mores::tensor
