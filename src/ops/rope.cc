#include "ops/rope.h"

#include <cmath>

namespace mores::ops {

RopeTable::RopeTable(int64_t positions, int64_t head_dim, double theta) : half_(head_dim / 2) {
  cos_.resize(static_cast<size_t>(positions * half_));
  sin_.resize(cos_.size());
  for (int64_t i = 0; i < half_; ++i) {
    // Frequencies and angles are rounded to float32, as the reference implementation does.
    const double exponent = static_cast<double>(2 * i) / static_cast<double>(head_dim);
    const float frequency = static_cast<float>(1.0 / std::pow(theta, exponent));
    for (int64_t p = 0; p < positions; ++p) {
      const float angle = static_cast<float>(p) * frequency;
      cos_[static_cast<size_t>(p * half_ + i)] = static_cast<float>(std::cos(double{angle}));
      sin_[static_cast<size_t>(p * half_ + i)] = static_cast<float>(std::sin(double{angle}));
    }
  }
}

}  // namespace mores::ops
