#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "tensor/quantize_k.h"

namespace mores::tensor {
namespace {

constexpr int kBlock = 32;

char* PutHalf(float value, char* out) {
  const uint16_t bits = ToFloat16(value).bits;
  std::memcpy(out, &bits, sizeof(bits));
  return out + sizeof(bits);
}

// Of a step; 0 where there is none, or one so small that it has no inverse: its half is 0 too.
float InverseOf(float step) {
  const float inverse = 1.0f / step;
  return std::isfinite(inverse) ? inverse : 0.0f;
}

// Of the largest magnitude, the first of equals.
float Extreme(const float* x) {
  float extreme = 0;
  for (int i = 0; i < kBlock; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  return extreme;
}

void EncodeQ8(const float* x, char* out) {
  const float step = std::fabs(Extreme(x)) / 127.0f;
  const float inverse = InverseOf(step);
  char* codes = PutHalf(step, out);
  for (int i = 0; i < kBlock; ++i) {
    codes[i] = static_cast<char>(static_cast<int8_t>(std::round(x[i] * inverse)));
  }
}

// Codes of `bits` bits from values already in steps, all above -1, halves of the block packed in
// nibbles, behind their fifth bits where there are five.
void PackCodes(const float* steps, int bits, char* out) {
  const int largest = (1 << bits) - 1;
  uint32_t codes[kBlock], fifth = 0;
  for (int i = 0; i < kBlock; ++i) {
    codes[i] = static_cast<uint32_t>(std::min(largest, static_cast<int>(steps[i])));
    fifth |= (codes[i] >> 4) << i;
  }
  if (bits == 5) {
    std::memcpy(out, &fifth, sizeof(fifth));
    out += sizeof(fifth);
  }
  for (int i = 0; i < kBlock / 2; ++i) {
    out[i] = static_cast<char>((codes[i] & 15) | ((codes[i + kBlock / 2] & 15) << 4));
  }
}

// Codes around a middle one; the extreme element has the lowest.
void EncodeCentred(int bits, const float* x, char* out) {
  const float middle = static_cast<float>(1 << (bits - 1));
  const float step = Extreme(x) / -middle;
  const float inverse = InverseOf(step);
  float steps[kBlock];
  for (int i = 0; i < kBlock; ++i) steps[i] = x[i] * inverse + (middle + 0.5f);
  PackCodes(steps, bits, PutHalf(step, out));
}

// Codes from the smallest element on.
void EncodeOffset(int bits, const float* x, char* out) {
  const auto [low, high] = std::minmax_element(x, x + kBlock);
  const float step = (*high - *low) / static_cast<float>((1 << bits) - 1);
  const float inverse = InverseOf(step);
  float steps[kBlock];
  for (int i = 0; i < kBlock; ++i) steps[i] = (x[i] - *low) * inverse + 0.5f;
  PackCodes(steps, bits, PutHalf(*low, PutHalf(step, out)));
}

void EncodeBlock(DType dtype, const float* x, char* out) {
  switch (dtype) {
    case DType::kQ8_0:
      return EncodeQ8(x, out);
    case DType::kQ4_0:
      return EncodeCentred(4, x, out);
    case DType::kQ5_0:
      return EncodeCentred(5, x, out);
    case DType::kQ4_1:
      return EncodeOffset(4, x, out);
    case DType::kQ5_1:
      return EncodeOffset(5, x, out);
    case DType::kQ4K:
      return EncodeQ4K(x, out);
    case DType::kQ6K:
      return EncodeQ6K(x, out);
    default:
      break;
  }
  MORES_CHECK(false);
}

}  // namespace

bool CanEncode(DType dtype) {
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBf16:
    case DType::kQ8_0:
    case DType::kQ4_0:
    case DType::kQ4_1:
    case DType::kQ5_0:
    case DType::kQ5_1:
    case DType::kQ4K:
    case DType::kQ6K:
      return true;
    default:
      return false;
  }
}

float LargestEncoded(DType dtype) {
  constexpr float kLargestHalf = 65504.0f;
  const bool wide = dtype == DType::kF32 || dtype == DType::kBf16;
  return wide ? std::numeric_limits<float>::infinity() : kLargestHalf;
}

void EncodeBlocks(DType dtype, const float* values, int64_t count, char* out) {
  MORES_CHECK(count % BlockElements(dtype) == 0);
  switch (dtype) {
    case DType::kF32:
      if (count > 0) std::memcpy(out, values, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::kBf16:
      for (int64_t i = 0; i < count; ++i) {
        const uint16_t bits = ToBFloat16(values[i]).bits;
        std::memcpy(out + 2 * i, &bits, sizeof(bits));
      }
      return;
    case DType::kF16:
      for (int64_t i = 0; i < count; ++i) PutHalf(values[i], out + 2 * i);
      return;
    default:
      break;
  }
  for (int64_t at = 0; at < count; at += BlockElements(dtype), out += BlockBytes(dtype)) {
    EncodeBlock(dtype, values + at, out);
  }
}

}  // namespace mores::tensor
