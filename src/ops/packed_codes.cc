#include "ops/packed_codes.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "ops/packed_quads.h"

namespace mores::ops::int8 {
namespace {

template <int kBits>
void Unpack(const uint8_t* packed, int64_t blocks, uint8_t* codes) {
  for (int64_t i = 0; i < blocks; ++i, packed += PackedBlockBytes(kBits)) {
#pragma GCC unroll 8
    for (int quad = 0; quad < kQuads; ++quad) {
      for (int half = 0; half < kQuadBytes; half += 32, codes += 32) {
        _mm256_store_si256(reinterpret_cast<__m256i*>(codes), Quad256<kBits>(packed + half, quad));
      }
    }
  }
}

}  // namespace

int BitsOfCodes(int largest) {
  MORES_CHECK(largest >= 0 && largest <= 255);
  return largest <= 15 ? 4 : largest <= 31 ? 5 : largest <= 63 ? 6 : 8;
}

void PackCodes(int bits, const uint8_t* codes, int64_t column, uint8_t* block) {
  uint8_t* const to = block + 4 * column;
  if (bits == 8) {
    for (int quad = 0; quad < kQuads; ++quad)
      std::memcpy(to + quad * kQuadBytes, codes + 4 * quad, 4);
    return;
  }
  for (int64_t depth = 0; depth < 4; ++depth) {
    const auto code = [&](int quad) { return codes[4 * quad + depth]; };
    for (int pair = 0; pair < kQuads / 2; ++pair) {
      to[pair * kQuadBytes + depth] =
          static_cast<uint8_t>((code(2 * pair) & 15) | (code(2 * pair + 1) & 15) << 4);
    }
    // One bit of eight quads in a byte, or two bits of four.
    const int upper_bits = bits - 4, quads_in_byte = kQuads / std::max(1, upper_bits);
    for (int part = 0; part < upper_bits; ++part) {
      int byte = 0;
      for (int i = 0; i < quads_in_byte; ++i) {
        byte |= (code(part * quads_in_byte + i) >> 4) << (i * upper_bits);
      }
      to[kUpperPart + part * kQuadBytes + depth] = static_cast<uint8_t>(byte);
    }
  }
}

void UnpackCodes(int bits, const uint8_t* packed, int64_t blocks, uint8_t* codes) {
  switch (bits) {
    case 4:
      return Unpack<4>(packed, blocks, codes);
    case 5:
      return Unpack<5>(packed, blocks, codes);
    case 6:
      return Unpack<6>(packed, blocks, codes);
    default:
      MORES_CHECK(false);
  }
}

}  // namespace mores::ops::int8
