#include "tensor/dtype.h"

namespace mores::tensor {

std::string_view Name(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kF16:
      return "f16";
    case DType::kBf16:
      return "bf16";
  }
  return "f32";
}

}  // namespace mores::tensor
