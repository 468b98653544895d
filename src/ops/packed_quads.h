// Packed codes (ops/packed_codes.h) as bytes in a register, with AVX2: of ops/packed_codes.cc and
// ops/int8_kernels.cc.
#ifndef MORES_OPS_PACKED_QUADS_H_
#define MORES_OPS_PACKED_QUADS_H_

#include <immintrin.h>

#include <cstdint>

#include "ops/packed_codes.h"

namespace mores::ops::int8 {

inline __m256i Load256(const uint8_t* from) {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
}

// x with the bits of each byte moved up by `by`, or down where that is below 0; what crosses into
// another byte is to be masked out.
inline __m256i Shifted256(__m256i x, int by) {
  return by >= 0 ? _mm256_slli_epi16(x, by) : _mm256_srli_epi16(x, -by);
}

// A quad of eight columns; `block` is of the first of them.
template <int kBits>
inline __m256i Quad256(const uint8_t* block, int quad) {
  if constexpr (kBits == 8) return Load256(block + quad * kQuadBytes);
  const __m256i both = Load256(block + quad / 2 * kQuadBytes);
  const __m256i lower = _mm256_and_si256(Shifted256(both, -4 * (quad % 2)), _mm256_set1_epi8(0x0f));
  if constexpr (kBits == 4) return lower;
  const int place = kBits == 5 ? quad : 2 * (quad % 4);
  const int part = kBits == 5 ? 0 : quad / 4;
  const __m256i upper = Load256(block + kUpperPart + part * kQuadBytes);
  const __m256i mask = _mm256_set1_epi8(kBits == 5 ? 0x10 : 0x30);
  return _mm256_or_si256(lower, _mm256_and_si256(Shifted256(upper, 4 - place), mask));
}

}  // namespace mores::ops::int8

#endif  // MORES_OPS_PACKED_QUADS_H_
