// Elements of a tensor where they lie: in a mapped file, or in memory that someone else keeps.
#ifndef MORES_TENSOR_TENSOR_VIEW_H_
#define MORES_TENSOR_TENSOR_VIEW_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tensor/dtype.h"

namespace mores::tensor {

// Row-major elements, possibly unaligned.
struct TensorView {
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::string_view bytes;
  // Keeps the bytes where nobody else does.
  std::shared_ptr<const void> owner = nullptr;

  int64_t elements() const;
  // Writes elements() values, converted exactly to float32.
  void CopyTo(float* out) const { Copy(0, elements(), out); }
  // The same of elements [first, first + count), wherever their blocks begin.
  void Copy(int64_t first, int64_t count, float* out) const;
};

// A view of `bytes`, which errors call `what`. kCorrupt where the shape has another number of
// bytes, negative dimensions, or rows that are no whole blocks.
Expected<TensorView> MakeTensorView(DType dtype, std::vector<int64_t> shape, std::string_view bytes,
                                    std::string_view what);

}  // namespace mores::tensor

#endif  // MORES_TENSOR_TENSOR_VIEW_H_
