#include "model/gguf/gguf_recipe.h"

#include <charconv>
#include <map>

namespace mores::model {
namespace {

using tensor::DType;

// The layer of "blk.7.attn_v.weight", -1 of others.
int64_t LayerOfTensor(std::string_view name) {
  constexpr std::string_view kLayer = "blk.";
  int64_t layer = -1;
  if (!name.starts_with(kLayer)) return layer;
  std::from_chars(name.data() + kLayer.size(), name.data() + name.size(), layer);
  return layer;
}

// The first and the last eighth of layers, and every third between: they matter most.
bool GetsMoreBits(int64_t layer, int64_t layers) {
  const int64_t eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

// What stands in for blocks that don't divide a row.
DType Fitting(DType dtype, int64_t columns) {
  if (columns % tensor::BlockElements(dtype) == 0) return dtype;
  if (dtype == DType::kQ4K) return Fitting(DType::kQ5_0, columns);
  if (dtype == DType::kQ6K) return Fitting(DType::kQ8_0, columns);
  return DType::kF16;
}

uint32_t FileTypeOf(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return 0;
    case DType::kF16:
      return 1;
    case DType::kQ4_0:
      return 2;
    case DType::kQ4_1:
      return 3;
    case DType::kQ8_0:
      return 7;
    case DType::kQ5_0:
      return 8;
    case DType::kQ5_1:
      return 9;
    case DType::kQ2K:
      return 10;
    case DType::kQ3K:
      return 12;
    case DType::kQ4K:
      return 15;
    case DType::kQ5K:
      return 17;
    case DType::kQ6K:
      return 18;
    case DType::kIq4Nl:
      return 25;
    case DType::kIq4Xs:
      return 30;
    case DType::kBf16:
      return 32;
    case DType::kMxfp4:
      return 38;
  }
  return 0;
}

}  // namespace

DType GgufRecipe::Mixed(std::string_view name, int64_t columns) const {
  const bool head = name == "output.weight" || (name == "token_embd.weight" && model_.tied_head);
  if (*format_ == WeightFormat::kQ8_0) return Fitting(DType::kQ8_0, columns);
  if (head) return Fitting(DType::kQ6K, columns);
  if (*format_ == WeightFormat::kQ4_0) return Fitting(DType::kQ4_0, columns);
  const bool matters = name.ends_with(".attn_v.weight") || name.ends_with(".ffn_down.weight");
  const bool more = matters && GetsMoreBits(LayerOfTensor(name), model_.layers);
  return Fitting(more ? DType::kQ6K : DType::kQ4K, columns);
}

DType GgufRecipe::TypeOf(std::string_view name, const std::vector<int64_t>& shape,
                         DType stored) const {
  if (shape.size() < 2) return DType::kF32;
  if (!format_) return stored;
  if (const auto elements = ElementsOf(*format_)) return *elements;
  return Mixed(name, shape.back());
}

uint32_t GgufFileType(std::optional<WeightFormat> format,
                      const std::vector<tensor::GgufWriter::Tensor>& tensors) {
  if (format == WeightFormat::kQ4_0) return FileTypeOf(DType::kQ4_0);
  if (format == WeightFormat::kQ8_0) return FileTypeOf(DType::kQ8_0);
  if (format == WeightFormat::kQ4KM) return FileTypeOf(DType::kQ4K);
  std::map<DType, int64_t> counts;
  for (const auto& tensor : tensors) {
    if (tensor.shape.size() >= 2) ++counts[tensor.dtype];
  }
  DType commonest = DType::kF32;
  int64_t most = 0;
  for (const auto& [dtype, count] : counts) {
    if (count <= most) continue;
    commonest = dtype;
    most = count;
  }
  return FileTypeOf(commonest);
}

}  // namespace mores::model
