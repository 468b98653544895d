#include "tensor/tensor_view.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mores::tensor {
namespace {

uint16_t BitsAt(const char* from) {
  uint16_t bits;
  std::memcpy(&bits, from, sizeof(bits));
  return bits;
}

// Elements [first, first + count) of one block.
void CopyOfQ8Block(const char* block, int64_t first, int64_t count, float* out) {
  const float scale = ToFloat(Float16{BitsAt(block)});
  const char* bytes = block + sizeof(uint16_t) + first;
  for (int64_t i = 0; i < count; ++i) {
    out[i] = scale * static_cast<float>(static_cast<int8_t>(bytes[i]));
  }
}

}  // namespace

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
  if (count == 0) return;  // `out` may be null then, which memcpy must not see
  const int64_t block = BlockElements(dtype);
  const char* from = bytes.data() + first / block * BlockBytes(dtype);
  switch (dtype) {
    case DType::kF32:
      std::memcpy(out, from, static_cast<size_t>(count) * sizeof(float));
      return;
    case DType::kBf16:
      for (int64_t i = 0; i < count; ++i) out[i] = ToFloat(BFloat16{BitsAt(from + 2 * i)});
      return;
    case DType::kF16:
      for (int64_t i = 0; i < count; ++i) out[i] = ToFloat(Float16{BitsAt(from + 2 * i)});
      return;
    case DType::kQ8_0:
      for (int64_t skipped = first % block; count > 0; skipped = 0, from += BlockBytes(dtype)) {
        const int64_t here = std::min(count, block - skipped);
        CopyOfQ8Block(from, skipped, here, out);
        out += here;
        count -= here;
      }
      return;
  }
}

}  // namespace mores::tensor
