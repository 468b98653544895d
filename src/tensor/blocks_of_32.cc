#include <bit>

#include "tensor/block_decoders.h"

namespace mores::tensor {
namespace {

constexpr int kHalfOf32 = 16;

// Twice the values that 4 bits have in E2M1, times half a power of two.
constexpr int8_t kE2M1Doubled[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

// 2^(exponent - 128), two subnormals among them.
float HalfOfE8M0(uint8_t exponent) {
  if (exponent < 2) return std::bit_cast<float>(0x00200000u << exponent);
  return std::bit_cast<float>(static_cast<uint32_t>(exponent - 1) << 23);
}

uint32_t BitsOf32(const uint8_t* from) {
  uint32_t bits;
  std::memcpy(&bits, from, sizeof(bits));
  return bits;
}

// 5 bits each: the fifth from `high`.
int LowOf5(const uint8_t* quants, uint32_t high, int i) {
  return (quants[i] & 15) | static_cast<int>(((high >> i) & 1) << 4);
}
int HighOf5(const uint8_t* quants, uint32_t high, int i) {
  return (quants[i] >> 4) | static_cast<int>(((high >> (i + kHalfOf32)) & 1) << 4);
}

}  // namespace

void DecodeTable(const uint8_t* quants, const int8_t* values, float scale, float* out) {
  for (int i = 0; i < kHalfOf32; ++i) {
    out[i] = scale * static_cast<float>(values[quants[i] & 15]);
    out[i + kHalfOf32] = scale * static_cast<float>(values[quants[i] >> 4]);
  }
}

void DecodeQ8_0(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 34, out += 32) {
    const float scale = HalfAt(blocks);
    for (int i = 0; i < 32; ++i) {
      out[i] = scale * static_cast<float>(static_cast<int8_t>(blocks[2 + i]));
    }
  }
}

void DecodeQ4_0(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 18, out += 32) {
    const float scale = HalfAt(blocks);
    const uint8_t* quants = blocks + 2;
    for (int i = 0; i < kHalfOf32; ++i) {
      out[i] = scale * static_cast<float>((quants[i] & 15) - 8);
      out[i + kHalfOf32] = scale * static_cast<float>((quants[i] >> 4) - 8);
    }
  }
}

void DecodeQ4_1(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 20, out += 32) {
    const float scale = HalfAt(blocks), least = HalfAt(blocks + 2);
    const uint8_t* quants = blocks + 4;
    for (int i = 0; i < kHalfOf32; ++i) {
      out[i] = scale * static_cast<float>(quants[i] & 15) + least;
      out[i + kHalfOf32] = scale * static_cast<float>(quants[i] >> 4) + least;
    }
  }
}

void DecodeQ5_0(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 22, out += 32) {
    const float scale = HalfAt(blocks);
    const uint32_t high = BitsOf32(blocks + 2);
    const uint8_t* quants = blocks + 6;
    for (int i = 0; i < kHalfOf32; ++i) {
      out[i] = scale * static_cast<float>(LowOf5(quants, high, i) - 16);
      out[i + kHalfOf32] = scale * static_cast<float>(HighOf5(quants, high, i) - 16);
    }
  }
}

void DecodeQ5_1(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 24, out += 32) {
    const float scale = HalfAt(blocks), least = HalfAt(blocks + 2);
    const uint32_t high = BitsOf32(blocks + 4);
    const uint8_t* quants = blocks + 8;
    for (int i = 0; i < kHalfOf32; ++i) {
      out[i] = scale * static_cast<float>(LowOf5(quants, high, i)) + least;
      out[i + kHalfOf32] = scale * static_cast<float>(HighOf5(quants, high, i)) + least;
    }
  }
}

void DecodeIq4Nl(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 18, out += 32) {
    DecodeTable(blocks + 2, kIq4Values, HalfAt(blocks), out);
  }
}

void DecodeMxfp4(const uint8_t* blocks, int64_t count, float* out) {
  for (; count > 0; --count, blocks += 17, out += 32) {
    DecodeTable(blocks + 1, kE2M1Doubled, HalfOfE8M0(blocks[0]), out);
  }
}

}  // namespace mores::tensor
