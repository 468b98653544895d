#include "ops/packed_codes.h"

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace mores::ops::int8 {
namespace {

__m256i Load(const uint8_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

// Bits of each byte moved up by kBy, or down where it is below 0. What crosses into another byte
// has to be masked out.
template <int kBy>
__m256i Shifted(__m256i x) {
  if constexpr (kBy >= 0) {
    return _mm256_slli_epi16(x, kBy);
  } else {
    return _mm256_srli_epi16(x, -kBy);
  }
}

template <int kBits, int kQuad>
void UnpackQuad(const uint8_t* block, uint8_t* codes) {
  for (int half = 0; half < 2; ++half) {
    const uint8_t* from = block + 32 * half;
    __m256i code = _mm256_and_si256(Shifted<-4 * (kQuad % 2)>(Load(from + kQuad / 2 * kQuadBytes)),
                                    _mm256_set1_epi8(0x0f));
    if constexpr (kBits == 5) {
      const __m256i upper = Shifted<4 - kQuad>(Load(from + kUpperPart));
      code = _mm256_or_si256(code, _mm256_and_si256(upper, _mm256_set1_epi8(0x10)));
    }
    if constexpr (kBits == 6) {
      const __m256i upper =
          Shifted<4 - 2 * (kQuad % 4)>(Load(from + kUpperPart + kQuad / 4 * kQuadBytes));
      code = _mm256_or_si256(code, _mm256_and_si256(upper, _mm256_set1_epi8(0x30)));
    }
    _mm256_store_si256(reinterpret_cast<__m256i*>(codes + kQuad * kQuadBytes + 32 * half), code);
  }
}

template <int kBits>
void Unpack(const uint8_t* packed, int64_t blocks, uint8_t* codes) {
  for (int64_t i = 0; i < blocks; ++i) {
    const uint8_t* block = packed + i * PackedBlockBytes(kBits);
    uint8_t* out = codes + i * kBlockCodes;
    UnpackQuad<kBits, 0>(block, out);
    UnpackQuad<kBits, 1>(block, out);
    UnpackQuad<kBits, 2>(block, out);
    UnpackQuad<kBits, 3>(block, out);
    UnpackQuad<kBits, 4>(block, out);
    UnpackQuad<kBits, 5>(block, out);
    UnpackQuad<kBits, 6>(block, out);
    UnpackQuad<kBits, 7>(block, out);
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
