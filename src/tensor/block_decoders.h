// Decoders of one kind of block each: `count` blocks to float32. Every product and sum is rounded
// by itself and in the reference's order; its Python package `gguf` gives the same bits.
#ifndef MORES_TENSOR_BLOCK_DECODERS_H_
#define MORES_TENSOR_BLOCK_DECODERS_H_

#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

namespace mores::tensor {

// The little-endian half at `from`.
inline float HalfAt(const uint8_t* from) {
  uint16_t bits;
  std::memcpy(&bits, from, sizeof(bits));
  return ToFloat(Float16{bits});
}

// 6-bit scales and minima of the 8 sub-blocks of Q4_K and Q5_K, packed in 12 bytes.
struct ScalesAndMinima {
  explicit ScalesAndMinima(const uint8_t* packed) {
    for (int i = 0; i < 4; ++i) {
      scale[i] = packed[i] & 63;
      least[i] = packed[i + 4] & 63;
      scale[i + 4] = static_cast<uint8_t>((packed[i + 8] & 15) | ((packed[i] >> 6) << 4));
      least[i + 4] = static_cast<uint8_t>((packed[i + 8] >> 4) | ((packed[i + 4] >> 6) << 4));
    }
  }
  uint8_t scale[8], least[8];
};

// Of 32 elements (blocks_of_32.cc).
void DecodeQ8_0(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ4_0(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ4_1(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ5_0(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ5_1(const uint8_t* blocks, int64_t count, float* out);
void DecodeIq4Nl(const uint8_t* blocks, int64_t count, float* out);
void DecodeMxfp4(const uint8_t* blocks, int64_t count, float* out);

// Of 256 elements (blocks_of_256.cc).
void DecodeQ2K(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ3K(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ4K(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ5K(const uint8_t* blocks, int64_t count, float* out);
void DecodeQ6K(const uint8_t* blocks, int64_t count, float* out);
void DecodeIq4Xs(const uint8_t* blocks, int64_t count, float* out);

// The 16 values of a 4-bit element in the IQ4 types, times the block's scale.
inline constexpr int8_t kIq4Values[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                          1,    13,   25,  38,  53,  69,  89,  113};

// 16 bytes, each of the 4 low bits' value for the first 16 elements and of the 4 high bits' for
// the next 16, times `scale`.
void DecodeTable(const uint8_t* quants, const int8_t* values, float scale, float* out);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_BLOCK_DECODERS_H_
