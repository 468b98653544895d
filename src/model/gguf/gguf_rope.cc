#include "model/gguf/gguf_rope.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "model/config.h"

namespace mores::model {
namespace {

using ops::RopeScaling;

// As the public converter computes them, in float32.
std::vector<float> Llama3Divisors(const std::vector<float>& frequencies, const RopeScaling& s) {
  const auto trained = static_cast<float>(s.trained_context);
  const auto low = static_cast<float>(s.low_frequency_factor);
  const auto high = static_cast<float>(s.high_frequency_factor);
  const auto factor = static_cast<float>(s.factor);
  std::vector<float> divisors;
  for (const float frequency : frequencies) {
    const float wavelength = 2.0f * std::numbers::pi_v<float> / frequency;
    if (wavelength < trained / high) {
      divisors.push_back(1.0f);
    } else if (wavelength > trained / low) {
      divisors.push_back(factor);
    } else {
      const float smooth = (trained / wavelength - low) / (high - low);
      divisors.push_back(1.0f / ((1.0f - smooth) / factor + smooth));
    }
  }
  return divisors;
}

// Their last bits hang on how whoever wrote them computes powers; the ends are exact.
bool SaysTheSame(const std::vector<float>& stored, const std::vector<float>& computed,
                 float factor) {
  constexpr float kRounding = 2e-6f;
  return std::equal(stored.begin(), stored.end(), computed.begin(), [&](float a, float b) {
    if (b == 1.0f || b == factor) return a == b;
    return std::abs(a - b) <= kRounding * b;
  });
}

}  // namespace

std::vector<float> RopeDivisors(const RopeConfig& rope, int head_dim) {
  if (rope.scaling.kind == RopeScaling::Kind::kDivisors) return rope.scaling.divisors;
  if (rope.scaling.kind != RopeScaling::Kind::kLlama3) return {};
  return Llama3Divisors(ops::RopeFrequencies(head_dim, rope.theta, {}, 0), rope.scaling);
}

RopeScaling ScalingOfDivisors(const std::vector<float>& divisors, double theta) {
  const auto [least, most] = std::minmax_element(divisors.begin(), divisors.end());
  const float largest = *most;
  if (*least == 1.0f && largest == 1.0f) return {};
  if (*least == largest && largest > 1.0f) {
    return {.kind = RopeScaling::Kind::kLinear, .factor = ShortestDecimal(largest)};
  }
  const std::vector<float> frequencies =
      ops::RopeFrequencies(2 * static_cast<int64_t>(divisors.size()), theta, {}, 0);
  // Those of Llama 3.1 and 3.2 first: others may give the same divisors.
  constexpr std::array<std::array<double, 2>, 6> kBounds = {
      {{1, 4}, {1, 2}, {1, 8}, {2, 4}, {1, 16}, {1, 32}}};
  std::vector<int64_t> contexts = {8192};
  for (int64_t context = 4; context <= int64_t{1} << 20; context *= 2) contexts.push_back(context);
  // The largest is the factor, unless no frequency is low enough to be divided by all of it: so
  // usual factors come first.
  constexpr float kLeast = 1.0f, kMost = 1024.0f;  // of what config.json may say
  for (const float factor : {8.0f, 32.0f, 2.0f, 4.0f, 16.0f, 64.0f, largest}) {
    if (factor <= kLeast || factor > kMost) continue;
    for (const auto& [low, high] : kBounds) {
      for (const int64_t context : contexts) {
        const RopeScaling scaling = {.kind = RopeScaling::Kind::kLlama3,
                                     .factor = ShortestDecimal(factor),
                                     .low_frequency_factor = low,
                                     .high_frequency_factor = high,
                                     .trained_context = context};
        if (SaysTheSame(divisors, Llama3Divisors(frequencies, scaling), factor)) return scaling;
      }
    }
  }
  return {.kind = RopeScaling::Kind::kDivisors, .divisors = divisors};
}

}  // namespace mores::model
