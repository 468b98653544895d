#include "tensor/quantize_k.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensor/dtype.h"

namespace mores::tensor {
namespace {

// A scale is refined as in k-means: codes by a candidate step, then the scale (and offset) that
// minimises the weighted squared error for those codes, in closed form; the best candidate stays.
// Sums run over a sub-block in order, so they are the same everywhere.

// Where everything in a sub-block is smaller, it is nothing: its scale would be 0 as a half.
constexpr float kNothing = 1e-15f;

// Ties to even, for magnitudes below 2^22.
float NearestInteger(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }
float NearestCode(float x, float lowest, float highest) {
  return NearestInteger(std::min(std::max(x, lowest), highest));
}

void PutHalfAt(Float16 half, char* out) { std::memcpy(out, &half.bits, sizeof(half.bits)); }

// Elements are scale * code - offset; neither is negative.
struct Line {
  float scale = 0, offset = 0;
};

constexpr int kQ4Part = 32;
constexpr float kQ4Largest = 15;

// What a sub-block is fitted by.
struct WeightedPart {
  const float* x;
  float weights[kQ4Part];
  float weight_sum = 0, x_sum = 0;  // of the weights, and of weighted elements
};

// An element weighs its magnitude and the root mean square of all: large ones matter more to
// products, and none is given up.
WeightedPart WeightsOf(const float* x) {
  WeightedPart part{.x = x};
  float squares = 0;
  for (int i = 0; i < kQ4Part; ++i) squares += x[i] * x[i];
  const float root = std::sqrt(squares / kQ4Part);
  for (int i = 0; i < kQ4Part; ++i) {
    part.weights[i] = root + std::fabs(x[i]);
    part.weight_sum += part.weights[i];
    part.x_sum += part.weights[i] * x[i];
  }
  return part;
}

float ErrorOf(const WeightedPart& part, const float* codes, float scale, float low) {
  float error = 0;
  for (int i = 0; i < kQ4Part; ++i) {
    const float difference = scale * codes[i] + low - part.x[i];
    error += part.weights[i] * (difference * difference);
  }
  return error;
}

void CodesFrom(const WeightedPart& part, float low, float steps_per_unit, float* codes) {
  for (int i = 0; i < kQ4Part; ++i) {
    codes[i] = NearestCode(steps_per_unit * (part.x[i] - low), 0, kQ4Largest);
  }
}

// The scale and the lowest value that fit the codes best, of those whose lowest value isn't above
// zero. False where codes are all alike.
bool FitLine(const WeightedPart& part, const float* codes, float& scale, float& low) {
  float code_sum = 0, code_squares = 0, products = 0;
  for (int i = 0; i < kQ4Part; ++i) {
    const float weighted = part.weights[i] * codes[i];
    code_sum += weighted;
    code_squares += weighted * codes[i];
    products += weighted * part.x[i];
  }
  const float determinant = part.weight_sum * code_squares - code_sum * code_sum;
  if (!(determinant > 0)) return false;
  scale = (part.weight_sum * products - part.x_sum * code_sum) / determinant;
  low = (code_squares * part.x_sum - code_sum * products) / determinant;
  if (low > 0) {
    low = 0;
    scale = products / code_squares;
  }
  return true;
}

Line FitQ4Part(const float* x) {
  const WeightedPart part = WeightsOf(x);
  const auto [smallest, largest] = std::minmax_element(x, x + kQ4Part);
  float low = std::min(*smallest, 0.0f);
  const float high = *largest;
  if (!(high - low > kNothing)) return {.scale = 0, .offset = -low};
  float codes[kQ4Part];
  const float plain = kQ4Largest / (high - low);
  float scale = 1 / plain;
  CodesFrom(part, low, plain, codes);
  float least = ErrorOf(part, codes, scale, low);
  // From 14 steps between the ends to 16. `low` moves as better fits are found.
  constexpr int kCandidates = 21;
  for (int candidate = 0; candidate < kCandidates; ++candidate) {
    const float steps = -1.0f + 0.1f * static_cast<float>(candidate) + kQ4Largest;
    CodesFrom(part, low, steps / (high - low), codes);
    float fitted_scale, fitted_low;
    if (!FitLine(part, codes, fitted_scale, fitted_low)) continue;
    const float error = ErrorOf(part, codes, fitted_scale, fitted_low);
    if (!(error < least)) continue;
    least = error;
    scale = fitted_scale;
    low = fitted_low;
  }
  return {.scale = scale, .offset = -low};
}

// Eight scales and eight offsets of six bits in twelve bytes.
void PackSixBits(const uint8_t* scales, const uint8_t* offsets, uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    out[i] = static_cast<uint8_t>(scales[i] | (scales[i + 4] >> 4) << 6);
    out[i + 4] = static_cast<uint8_t>(offsets[i] | (offsets[i + 4] >> 4) << 6);
    out[i + 8] = static_cast<uint8_t>((scales[i + 4] & 15) | (offsets[i + 4] & 15) << 4);
  }
}

constexpr int kQ6Part = 16;
constexpr float kQ6Middle = 32;

// Of codes from -32 to 31, elements weighing their squares.
float FitQ6Part(const float* x) {
  float extreme = 0;
  for (int i = 0; i < kQ6Part; ++i) {
    if (std::fabs(x[i]) > std::fabs(extreme)) extreme = x[i];
  }
  if (std::fabs(extreme) < kNothing) return 0;
  float scale = 0, gain = 0;  // what the error falls by against a scale of zero
  // The plain step first: 32 of them to the extreme element.
  constexpr int kAside = 9;
  for (int candidate = -kAside; candidate <= kAside + 1; ++candidate) {
    const bool plain = candidate == -kAside;
    const int tenths = plain ? 0 : candidate - 1;
    if (!plain && tenths == 0) continue;
    const float steps_per_unit = -(kQ6Middle + 0.1f * static_cast<float>(tenths)) / extreme;
    float products = 0, squares = 0;
    for (int i = 0; i < kQ6Part; ++i) {
      const float code = NearestCode(steps_per_unit * x[i], -kQ6Middle, kQ6Middle - 1);
      const float weight = x[i] * x[i];
      products += weight * x[i] * code;
      squares += weight * code * code;
    }
    if (!(squares > 0)) continue;
    if (plain || products * products > gain * squares) {
      scale = products / squares;
      gain = scale * products;
    }
  }
  return scale;
}

}  // namespace

void EncodeQ4K(const float* values, char* out) {
  constexpr int kParts = 8;
  constexpr float kLargestScale = 63;
  Line lines[kParts];
  float largest_scale = 0, largest_offset = 0;
  for (int part = 0; part < kParts; ++part) {
    lines[part] = FitQ4Part(values + kQ4Part * part);
    largest_scale = std::max(largest_scale, lines[part].scale);
    largest_offset = std::max(largest_offset, lines[part].offset);
  }
  const float per_scale = largest_scale > kNothing ? kLargestScale / largest_scale : 0.0f;
  const float per_offset = largest_offset > kNothing ? kLargestScale / largest_offset : 0.0f;
  uint8_t scales[kParts], offsets[kParts];
  for (int part = 0; part < kParts; ++part) {
    scales[part] =
        static_cast<uint8_t>(NearestCode(per_scale * lines[part].scale, 0, kLargestScale));
    offsets[part] =
        static_cast<uint8_t>(NearestCode(per_offset * lines[part].offset, 0, kLargestScale));
  }
  const Float16 scale_step = ToFloat16(largest_scale / kLargestScale);
  const Float16 offset_step = ToFloat16(largest_offset / kLargestScale);
  PutHalfAt(scale_step, out);
  PutHalfAt(offset_step, out + 2);
  PackSixBits(scales, offsets, reinterpret_cast<uint8_t*>(out + 4));
  for (int part = 0; part < kParts; ++part) {
    const float scale = ToFloat(scale_step) * static_cast<float>(scales[part]);
    const float offset = ToFloat(offset_step) * static_cast<float>(offsets[part]);
    char* const codes = out + 16 + kQ4Part * (part / 2);
    for (int i = 0; i < kQ4Part; ++i) {
      const float x = values[kQ4Part * part + i];
      const float steps = scale > 0 ? NearestCode((x + offset) / scale, 0, kQ4Largest) : 0;
      const uint8_t code = static_cast<uint8_t>(steps);
      // Even sub-blocks in the low nibbles, the odd ones after them in the high.
      codes[i] = part % 2 == 0 ? static_cast<char>(code)
                               : static_cast<char>(static_cast<uint8_t>(codes[i]) | code << 4);
    }
  }
}

void EncodeQ6K(const float* values, char* out) {
  constexpr int kParts = 16;
  constexpr int kScalesAt = 192, kStepAt = 208;
  std::memset(out, 0, 210);
  float scales[kParts];
  float extreme = 0;
  for (int part = 0; part < kParts; ++part) {
    scales[part] = FitQ6Part(values + kQ6Part * part);
    if (std::fabs(scales[part]) > std::fabs(extreme)) extreme = scales[part];
  }
  if (std::fabs(extreme) < kNothing) return;
  const float per_scale = -128.0f / extreme;
  const Float16 step = ToFloat16(1 / per_scale);
  PutHalfAt(step, out + kStepAt);
  uint8_t codes[kParts * kQ6Part];
  for (int part = 0; part < kParts; ++part) {
    const float scale_code = NearestCode(per_scale * scales[part], -128, 127);
    out[kScalesAt + part] = static_cast<char>(static_cast<int8_t>(scale_code));
    const float scale = ToFloat(step) * scale_code;
    for (int i = kQ6Part * part; i < kQ6Part * (part + 1); ++i) {
      // Of a scale of zero every code is nothing; the lowest is the public encoder's too.
      const float steps =
          scale == 0 ? -kQ6Middle : NearestCode(values[i] / scale, -kQ6Middle, kQ6Middle - 1);
      codes[i] = static_cast<uint8_t>(steps + kQ6Middle);
    }
  }
  // Each 128: four rows of 32, the low nibbles of rows 0 and 2, 1 and 3 together; then their upper
  // two bits.
  for (int half = 0; half < 2; ++half) {
    const uint8_t* row = codes + 128 * half;
    char* const low = out + 64 * half;
    char* const high = out + 128 + 32 * half;
    for (int i = 0; i < 32; ++i) {
      low[i] = static_cast<char>((row[i] & 15) | (row[i + 64] & 15) << 4);
      low[i + 32] = static_cast<char>((row[i + 32] & 15) | (row[i + 96] & 15) << 4);
      high[i] = static_cast<char>(row[i] >> 4 | (row[i + 32] >> 4) << 2 | (row[i + 64] >> 4) << 4 |
                                  (row[i + 96] >> 4) << 6);
    }
  }
}

}  // namespace mores::tensor
