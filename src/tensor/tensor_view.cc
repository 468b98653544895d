#include "tensor/tensor_view.h"

#include <algorithm>
#include <utility>

#include "tensor/blocks.h"

namespace mores::tensor {
Expected<TensorView> MakeTensorView(DType dtype, std::vector<int64_t> shape, std::string_view bytes,
                                    std::string_view what) {
  const int64_t row = shape.empty() ? 1 : shape.back();
  if (row % BlockElements(dtype) != 0) {
    return MakeError(ErrorKind::kCorrupt, "{} has rows of {}, which are no whole blocks of {}",
                     what, row, BlockElements(dtype));
  }
  // A zero among the dimensions is nothing at all, however large the others are.
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  int64_t count = empty ? 0 : 1;
  bool fits = true;
  for (const int64_t dim : shape) {
    fits = fits && dim >= 0 && !__builtin_mul_overflow(count, dim, &count);
  }
  int64_t size = 0;
  fits = fits && !__builtin_mul_overflow(count / BlockElements(dtype), BlockBytes(dtype), &size);
  if (!fits || static_cast<uint64_t>(size) != bytes.size()) {
    return MakeError(ErrorKind::kCorrupt, "{} has {} bytes, which its shape contradicts", what,
                     bytes.size());
  }
  return TensorView{dtype, std::move(shape), bytes};
}

int64_t TensorView::elements() const {
  return static_cast<int64_t>(bytes.size()) / BlockBytes(dtype) * BlockElements(dtype);
}

void TensorView::Copy(int64_t first, int64_t count, float* out) const {
  if (count == 0) return;  // `out` may be null then
  const int64_t block = BlockElements(dtype), size = BlockBytes(dtype);
  const char* from = bytes.data() + first / block * size;
  constexpr int64_t kLargestBlock = 256;
  float part[kLargestBlock];
  if (const int64_t skipped = first % block; skipped > 0) {
    const int64_t here = std::min(count, block - skipped);
    DecodeBlocks(dtype, from, 1, part);
    std::copy_n(part + skipped, here, out);
    from += size;
    out += here;
    count -= here;
  }
  const int64_t whole = count / block;
  DecodeBlocks(dtype, from, whole, out);
  if (count == whole * block) return;
  DecodeBlocks(dtype, from + whole * size, 1, part);
  std::copy_n(part, count - whole * block, out + whole * block);
}

}  // namespace mores::tensor
