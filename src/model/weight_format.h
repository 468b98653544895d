// What a converter stores a model's weights as, by the names that people give such files.
#ifndef MORES_MODEL_WEIGHT_FORMAT_H_
#define MORES_MODEL_WEIGHT_FORMAT_H_

#include <array>
#include <optional>
#include <string_view>

#include "tensor/dtype.h"

namespace mores::model {

enum class WeightFormat {
  kF32,
  kF16,
  kBf16,
  // In blocks: GGUF files alone.
  kQ8_0,
  kQ4_0,
  kQ4KM,  // a mix of q4_k and q6_k, the commonest of all
};
inline constexpr std::array<WeightFormat, 6> kWeightFormats = {
    WeightFormat::kF32,  WeightFormat::kF16,  WeightFormat::kBf16,
    WeightFormat::kQ8_0, WeightFormat::kQ4_0, WeightFormat::kQ4KM};

constexpr std::string_view Name(WeightFormat format) {
  switch (format) {
    case WeightFormat::kF32:
      return "f32";
    case WeightFormat::kF16:
      return "f16";
    case WeightFormat::kBf16:
      return "bf16";
    case WeightFormat::kQ8_0:
      return "q8_0";
    case WeightFormat::kQ4_0:
      return "q4_0";
    case WeightFormat::kQ4KM:
      return "q4_k_m";
  }
  return "";
}

// Its element type where it has one for every tensor, else nullopt: blocks.
constexpr std::optional<tensor::DType> ElementsOf(WeightFormat format) {
  switch (format) {
    case WeightFormat::kF32:
      return tensor::DType::kF32;
    case WeightFormat::kF16:
      return tensor::DType::kF16;
    case WeightFormat::kBf16:
      return tensor::DType::kBf16;
    default:
      return std::nullopt;
  }
}

// What an element type of its own is called as a format, the other way round.
constexpr std::optional<WeightFormat> FormatOf(tensor::DType dtype) {
  for (const WeightFormat format : kWeightFormats) {
    if (ElementsOf(format) == dtype) return format;
  }
  return std::nullopt;
}

}  // namespace mores::model

#endif  // MORES_MODEL_WEIGHT_FORMAT_H_
