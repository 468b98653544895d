#include "tensor/block_codes.h"

#include "base/check.h"
#include "tensor/block_decoders.h"

namespace mores::tensor {
namespace {

constexpr int kHalf = 16;

// Low and high halves of bytes, and a fifth bit from `high`.
void ReadNibbles(const uint8_t* quants, uint32_t high, uint8_t* codes) {
  for (int i = 0; i < kHalf; ++i) {
    codes[i] = static_cast<uint8_t>((quants[i] & 15) | (((high >> i) & 1) << 4));
    codes[i + kHalf] = static_cast<uint8_t>((quants[i] >> 4) | (((high >> (i + kHalf)) & 1) << 4));
  }
}

void ReadQ8_0(const uint8_t* block, BlockCodes& out) {
  *out.scales++ = HalfAt(block);
  for (int i = 0; i < 32; ++i) *out.codes++ = static_cast<uint8_t>(block[2 + i] ^ 0x80);
}

void ReadQ4_0(const uint8_t* block, BlockCodes& out) {
  *out.scales++ = HalfAt(block);
  ReadNibbles(block + 2, 0, out.codes);
  out.codes += 32;
}

void ReadQ5_0(const uint8_t* block, BlockCodes& out) {
  *out.scales++ = HalfAt(block);
  uint32_t high;
  std::memcpy(&high, block + 2, sizeof(high));
  ReadNibbles(block + 6, high, out.codes);
  out.codes += 32;
}

// Of Q4_K, and of Q5_K where there are `high` bits.
void ReadWithLeast(const uint8_t* block, const uint8_t* high, const uint8_t* quants,
                   BlockCodes& out) {
  *out.scales++ = HalfAt(block);
  *out.least_scales++ = HalfAt(block + 2);
  const ScalesAndMinima parts(block + 4);
  for (int part = 0; part < 8; ++part) {
    *out.parts++ = static_cast<int8_t>(parts.scale[part]);
    *out.leasts++ = static_cast<int8_t>(parts.least[part]);
  }
  for (int part = 0; part < 8; ++part) {
    const uint8_t* from = quants + part / 2 * 32;
    for (int i = 0; i < 32; ++i) {
      const int low = part % 2 == 0 ? from[i] & 15 : from[i] >> 4;
      const int top = high == nullptr ? 0 : (high[i] >> part) & 1;
      *out.codes++ = static_cast<uint8_t>(low | (top << 4));
    }
  }
}

void ReadQ6K(const uint8_t* block, BlockCodes& out) {
  *out.scales++ = HalfAt(block + 208);
  for (int i = 0; i < 16; ++i) *out.parts++ = static_cast<int8_t>(block[192 + i]);
  for (int half = 0; half < 2; ++half) {
    const uint8_t *low = block + 64 * half, *high = block + 128 + 32 * half;
    for (int quarter = 0; quarter < 4; ++quarter) {
      const uint8_t* from = low + quarter % 2 * 32;
      for (int i = 0; i < 32; ++i) {
        *out.codes++ = static_cast<uint8_t>(((from[i] >> (quarter / 2 * 4)) & 15) |
                                            (((high[i] >> (2 * quarter)) & 3) << 4));
      }
    }
  }
}

}  // namespace

std::optional<CodeFormat> CodeFormatOf(DType dtype) {
  switch (dtype) {
    case DType::kQ8_0:
      return CodeFormat{CodeKind::kPlain, 128, 255, 32, 0};
    case DType::kQ4_0:
      return CodeFormat{CodeKind::kPlain, 8, 15, 32, 0};
    case DType::kQ5_0:
      return CodeFormat{CodeKind::kPlain, 16, 31, 32, 0};
    case DType::kQ4K:
      return CodeFormat{CodeKind::kWithLeast, 0, 15, 256, 32};
    case DType::kQ5K:
      return CodeFormat{CodeKind::kWithLeast, 0, 31, 256, 32};
    case DType::kQ6K:
      return CodeFormat{CodeKind::kParts, 32, 63, 256, 16};
    default:
      return std::nullopt;
  }
}

std::string CodeTypeNames() {
  std::string names;
  for (const DType dtype :
       {DType::kQ4_0, DType::kQ5_0, DType::kQ8_0, DType::kQ4K, DType::kQ5K, DType::kQ6K}) {
    names += names.empty() ? "" : ", ";
    names += Name(dtype);
  }
  return names;
}

void ReadBlockCodes(DType dtype, const char* blocks, int64_t count, BlockCodes out) {
  const auto* block = reinterpret_cast<const uint8_t*>(blocks);
  for (; count > 0; --count, block += BlockBytes(dtype)) {
    switch (dtype) {
      case DType::kQ8_0:
        ReadQ8_0(block, out);
        break;
      case DType::kQ4_0:
        ReadQ4_0(block, out);
        break;
      case DType::kQ5_0:
        ReadQ5_0(block, out);
        break;
      case DType::kQ4K:
        ReadWithLeast(block, nullptr, block + 16, out);
        break;
      case DType::kQ5K:
        ReadWithLeast(block, block + 16, block + 48, out);
        break;
      case DType::kQ6K:
        ReadQ6K(block, out);
        break;
      default:
        MORES_CHECK(false);
    }
  }
}

}  // namespace mores::tensor
