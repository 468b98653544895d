#include "ops/rope.h"

#include <algorithm>
#include <numbers>

#include "base/exact_math.h"

namespace mores::ops {
namespace {

// The blend of the Llama 3.1 checkpoints, in float32 as the reference implementation has it.
float Llama3Frequency(float frequency, const RopeScaling& s) {
  const auto trained = static_cast<float>(s.trained_context);
  const auto low = static_cast<float>(s.low_frequency_factor);
  const auto high = static_cast<float>(s.high_frequency_factor);
  const auto factor = static_cast<float>(s.factor);
  const float wavelength = 2.0f * std::numbers::pi_v<float> / frequency;
  if (wavelength < trained / high) return frequency;
  if (wavelength > trained / low) return frequency / factor;
  const float smooth = (trained / wavelength - low) / (high - low);
  return (1.0f - smooth) * frequency / factor + smooth * frequency;
}

}  // namespace

std::vector<float> RopeFrequencies(int64_t head_dim, double theta, const RopeScaling& scaling,
                                   int64_t bound) {
  if (scaling.kind == RopeScaling::Kind::kDynamic && bound > scaling.trained_context) {
    const double stretch =
        static_cast<double>(bound) / static_cast<double>(scaling.trained_context);
    theta *= ExactPow(scaling.factor * stretch - (scaling.factor - 1.0),
                      static_cast<double>(head_dim) / static_cast<double>(head_dim - 2));
  }
  std::vector<float> frequencies;
  for (int64_t i = 0; i < head_dim / 2; ++i) {
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(head_dim);
    auto frequency = static_cast<float>(1.0 / ExactPow(theta, exponent));
    if (scaling.kind == RopeScaling::Kind::kLinear) {
      frequency /= static_cast<float>(scaling.factor);
    } else if (scaling.kind == RopeScaling::Kind::kLlama3) {
      frequency = Llama3Frequency(frequency, scaling);
    } else if (scaling.kind == RopeScaling::Kind::kDivisors) {
      frequency /= scaling.divisors[static_cast<size_t>(i)];
    }
    frequencies.push_back(frequency);
  }
  return frequencies;
}

void RopeTable::Grow(int64_t positions) {
  if (positions <= positions_) return;
  cos_.resize(static_cast<size_t>(positions * half()));
  sin_.resize(cos_.size());
  for (int64_t p = positions_; p < positions; ++p) {
    for (int64_t i = 0; i < half(); ++i) {
      // Angles are rounded to float32, as the reference implementation does.
      const float angle = static_cast<float>(p) * frequencies_[static_cast<size_t>(i)];
      cos_[static_cast<size_t>(p * half() + i)] = static_cast<float>(ExactCos(double{angle}));
      sin_[static_cast<size_t>(p * half() + i)] = static_cast<float>(ExactSin(double{angle}));
    }
  }
  positions_ = positions;
}

}  // namespace mores::ops
