#include "model/train/kept_rows.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "ops/kernels.h"

namespace mores::model {

void KeptRows::Resize(int64_t rows, int64_t width, tensor::DType precision) {
  width_ = width;
  rounded_ = precision == tensor::DType::kBf16;
  if (rounded_) {
    halves_.Resize(rows * width);
  } else {
    whole_.Resize(rows * width);
  }
}

void KeptRows::Put(int64_t row, const float* values) {
  if (!rounded_) {
    std::copy_n(values, width_, whole_.data() + row * width_);
    return;
  }
  thread_local std::vector<float> rounded;
  rounded.resize(static_cast<size_t>(width_));
  ops::Kernels().round_to_bf16(values, rounded.data(), width_);
  uint16_t* out = halves_.data() + row * width_;
  for (int64_t i = 0; i < width_; ++i) {
    const auto bits = std::bit_cast<uint32_t>(rounded[static_cast<size_t>(i)]);
    out[i] = static_cast<uint16_t>(bits >> 16);
  }
}

const float* KeptRows::Row(int64_t row, float* decoded) const {
  if (!rounded_) return whole_.data() + row * width_;
  const uint16_t* halves = halves_.data() + row * width_;
  for (int64_t i = 0; i < width_; ++i) {
    decoded[i] = std::bit_cast<float>(static_cast<uint32_t>(halves[i]) << 16);
  }
  return decoded;
}

}  // namespace mores::model
