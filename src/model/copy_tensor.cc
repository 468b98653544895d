#include "model/copy_tensor.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "tensor/blocks.h"
#include "tensor/quantize.h"

namespace mores::model {
namespace {

using tensor::BytesOf;
using tensor::DType;

// A view cut into rows.
class RowCopier {
 public:
  explicit RowCopier(const TensorCopy& copy)
      : copy_(copy), columns_(Columns(copy)), largest_(tensor::LargestEncoded(copy.dtype)) {}

  int64_t columns() const { return columns_; }
  int64_t rows() const {
    if (!copy_.rows.empty()) return static_cast<int64_t>(copy_.rows.size());
    return columns_ == 0 ? 0 : copy_.view.elements() / columns_;
  }
  int64_t row_bytes() const { return BytesOf(copy_.dtype, columns_); }

  // False where a value doesn't fit; what is written then says nothing.
  bool Copy(int64_t first, int64_t count, char* out) const {
    const bool same = copy_.dtype == copy_.view.dtype;
    const int64_t from_bytes = BytesOf(copy_.view.dtype, columns_);
    std::vector<float> row(same ? 0 : static_cast<size_t>(columns_));
    for (int64_t i = first; i < first + count; ++i, out += row_bytes()) {
      const int64_t stored = copy_.rows.empty() ? i : copy_.rows[static_cast<size_t>(i)];
      const char* const from = copy_.view.bytes.data() + stored * from_bytes;
      if (same) {
        std::memcpy(out, from, static_cast<size_t>(from_bytes));
        continue;
      }
      tensor::DecodeBlocks(copy_.view.dtype, from,
                           columns_ / tensor::BlockElements(copy_.view.dtype), row.data());
      if (!Fits(row)) return false;
      tensor::EncodeBlocks(copy_.dtype, row.data(), columns_, out);
    }
    return true;
  }

 private:
  static int64_t Columns(const TensorCopy& copy) {
    const std::vector<int64_t>& shape = copy.view.shape;
    const bool elements_are_rows = !copy.rows.empty() && shape.size() < 2;
    return shape.empty() || elements_are_rows ? 1 : shape.back();
  }
  bool Fits(const std::vector<float>& row) const {
    if (std::isinf(largest_)) return true;
    return std::all_of(row.begin(), row.end(),
                       [&](float value) { return std::fabs(value) <= largest_; });
  }

  const TensorCopy& copy_;
  int64_t columns_;
  float largest_;
};

}  // namespace

Status CopyTensor(const TensorCopy& copy, ThreadPool& pool,
                  const std::function<Status(std::string_view)>& sink) {
  constexpr int64_t kElementsAtOnce = int64_t{1} << 22, kElementsATask = int64_t{1} << 15;
  const RowCopier copier(copy);
  const int64_t rows = copier.rows(), columns = std::max<int64_t>(copier.columns(), 1);
  const int64_t rows_at_once = std::max<int64_t>(kElementsAtOnce / columns, 1);
  const int64_t rows_a_task = std::max<int64_t>(kElementsATask / columns, 1);
  std::string bytes;
  for (int64_t first = 0; first < rows; first += rows_at_once) {
    const int64_t count = std::min(rows_at_once, rows - first);
    bytes.resize(static_cast<size_t>(count * copier.row_bytes()));
    std::atomic<bool> fits = true;
    pool.ParallelFor((count + rows_a_task - 1) / rows_a_task, [&](int64_t task) {
      const int64_t from = task * rows_a_task;
      const int64_t some = std::min(rows_a_task, count - from);
      char* const out = bytes.data() + from * copier.row_bytes();
      if (!copier.Copy(first + from, some, out)) fits = false;
    });
    if (!fits) {
      return MakeError(ErrorKind::kUnsupported,
                       "{} has values beyond what {} can hold (65504 at most); f32 and bf16 can",
                       copy.what, tensor::Name(copy.dtype));
    }
    MORES_RETURN_IF_ERROR(sink(bytes));
  }
  return {};
}

}  // namespace mores::model
