#include "tensor/blocks.h"

#include <cstring>

#include "base/check.h"
#include "tensor/block_decoders.h"

namespace mores::tensor {
namespace {

void DecodeBf16(const uint8_t* from, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    uint16_t bits;
    std::memcpy(&bits, from + 2 * i, sizeof(bits));
    out[i] = ToFloat(BFloat16{bits});
  }
}

void DecodeF16(const uint8_t* from, int64_t count, float* out) {
  for (int64_t i = 0; i < count; ++i) out[i] = HalfAt(from + 2 * i);
}

}  // namespace

void DecodeBlocks(DType dtype, const char* blocks, int64_t count, float* out) {
  const auto* from = reinterpret_cast<const uint8_t*>(blocks);
  switch (dtype) {
    case DType::kF32:
      if (count > 0) std::memcpy(out, blocks, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::kBf16:
      return DecodeBf16(from, count, out);
    case DType::kF16:
      return DecodeF16(from, count, out);
    case DType::kQ8_0:
      return DecodeQ8_0(from, count, out);
    case DType::kQ4_0:
      return DecodeQ4_0(from, count, out);
    case DType::kQ4_1:
      return DecodeQ4_1(from, count, out);
    case DType::kQ5_0:
      return DecodeQ5_0(from, count, out);
    case DType::kQ5_1:
      return DecodeQ5_1(from, count, out);
    case DType::kQ2K:
      return DecodeQ2K(from, count, out);
    case DType::kQ3K:
      return DecodeQ3K(from, count, out);
    case DType::kQ4K:
      return DecodeQ4K(from, count, out);
    case DType::kQ5K:
      return DecodeQ5K(from, count, out);
    case DType::kQ6K:
      return DecodeQ6K(from, count, out);
    case DType::kIq4Nl:
      return DecodeIq4Nl(from, count, out);
    case DType::kIq4Xs:
      return DecodeIq4Xs(from, count, out);
    case DType::kMxfp4:
      return DecodeMxfp4(from, count, out);
  }
  MORES_CHECK(false);
}

}  // namespace mores::tensor
