#include <array>

#include "tensor/gguf.h"

namespace mores::tensor {
namespace {

struct GgufElementType {
  uint32_t number;
  std::string_view name;
  std::optional<DType> dtype;  // none for those that aren't read here
};

// All numbers that the format has given out; those of layouts that were withdrawn again included.
constexpr std::array kGgufElementTypes = {
    GgufElementType{0, "F32", DType::kF32},
    GgufElementType{1, "F16", DType::kF16},
    GgufElementType{2, "Q4_0", DType::kQ4_0},
    GgufElementType{3, "Q4_1", DType::kQ4_1},
    GgufElementType{4, "Q4_2", std::nullopt},
    GgufElementType{5, "Q4_3", std::nullopt},
    GgufElementType{6, "Q5_0", DType::kQ5_0},
    GgufElementType{7, "Q5_1", DType::kQ5_1},
    GgufElementType{8, "Q8_0", DType::kQ8_0},
    GgufElementType{9, "Q8_1", std::nullopt},
    GgufElementType{10, "Q2_K", DType::kQ2K},
    GgufElementType{11, "Q3_K", DType::kQ3K},
    GgufElementType{12, "Q4_K", DType::kQ4K},
    GgufElementType{13, "Q5_K", DType::kQ5K},
    GgufElementType{14, "Q6_K", DType::kQ6K},
    GgufElementType{15, "Q8_K", std::nullopt},
    GgufElementType{16, "IQ2_XXS", std::nullopt},
    GgufElementType{17, "IQ2_XS", std::nullopt},
    GgufElementType{18, "IQ3_XXS", std::nullopt},
    GgufElementType{19, "IQ1_S", std::nullopt},
    GgufElementType{20, "IQ4_NL", DType::kIq4Nl},
    GgufElementType{21, "IQ3_S", std::nullopt},
    GgufElementType{22, "IQ2_S", std::nullopt},
    GgufElementType{23, "IQ4_XS", DType::kIq4Xs},
    GgufElementType{24, "I8", std::nullopt},
    GgufElementType{25, "I16", std::nullopt},
    GgufElementType{26, "I32", std::nullopt},
    GgufElementType{27, "I64", std::nullopt},
    GgufElementType{28, "F64", std::nullopt},
    GgufElementType{29, "IQ1_M", std::nullopt},
    GgufElementType{30, "BF16", DType::kBf16},
    GgufElementType{31, "Q4_0_4_4", std::nullopt},
    GgufElementType{32, "Q4_0_4_8", std::nullopt},
    GgufElementType{33, "Q4_0_8_8", std::nullopt},
    GgufElementType{34, "TQ1_0", std::nullopt},
    GgufElementType{35, "TQ2_0", std::nullopt},
    GgufElementType{36, "IQ4_NL_4_4", std::nullopt},
    GgufElementType{37, "IQ4_NL_4_8", std::nullopt},
    GgufElementType{38, "IQ4_NL_8_8", std::nullopt},
    GgufElementType{39, "MXFP4", DType::kMxfp4},
    GgufElementType{40, "NVFP4", std::nullopt},
    GgufElementType{41, "Q1_0", std::nullopt},
    GgufElementType{42, "Q2_0", std::nullopt},
};

}  // namespace

uint32_t GgufTypeOf(DType dtype) {
  for (const GgufElementType& type : kGgufElementTypes) {
    if (type.dtype == dtype) return type.number;
  }
  return 0;  // not reached: the format has all of them
}

std::optional<DType> DTypeOfGguf(uint32_t type) {
  if (type < kGgufElementTypes.size()) return kGgufElementTypes[type].dtype;
  return std::nullopt;
}

std::string GgufTypeName(uint32_t type) {
  if (type < kGgufElementTypes.size()) return std::string(kGgufElementTypes[type].name);
  return fmt::format("type {}", type);
}

}  // namespace mores::tensor
