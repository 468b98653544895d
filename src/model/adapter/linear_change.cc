#include "model/adapter/linear_change.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/linear_layer.h"
#include "ops/rows.h"

namespace mores::model {

LinearChange::LinearChange(std::vector<Part> parts, int64_t in, tensor::DType precision,
                           ThreadPool& pool) {
  std::vector<float> a;
  for (Part& part : parts) {
    MORES_CHECK(static_cast<int64_t>(part.b.size()) == part.out * part.rank);
    a.insert(a.end(), part.a, part.a + part.rank * in);
    PackedPart& packed = parts_.emplace_back();
    packed.first = part.first;
    packed.b.Pack({part.b.data(), part.out, part.rank, part.rank}, ops::Layout::kTransposed,
                  precision, pool);
    if (part.factor.empty()) continue;
    MORES_CHECK(static_cast<int64_t>(part.factor.size()) == part.out);
    packed.shift.assign(part.factor.size(), 0.0f);
    for (size_t i = 0; i < part.bias.size(); ++i) {
      packed.shift[i] = (1.0f - part.factor[i]) * part.bias[i];
    }
    packed.factor = std::move(part.factor);
  }
  const int64_t ranks = static_cast<int64_t>(a.size()) / in;
  a_.Pack({a.data(), ranks, in, in}, ops::Layout::kTransposed, precision, pool);
}

int64_t LinearChange::bytes() const {
  int64_t bytes = a_.bytes();
  for (const PackedPart& part : parts_) {
    bytes += part.b.bytes() + static_cast<int64_t>(part.factor.size()) * 8;
  }
  return bytes;
}

void LinearChange::Apply(int64_t begin, int64_t end, LinearInput& x, float* y, int64_t y_row,
                         LinearChangeScratch& s, ThreadPool& pool) const {
  if (empty() || begin == end) return;
  const int64_t rows = end - begin, ranks = a_.columns();
  const tensor::DType precision = a_.precision();
  s.low.Resize(rows * ranks);
  ops::MatMul(x.DenseRows(begin, end, precision, pool), a_, s.low.data(), ranks,
              ops::Accumulate::kNo, pool);
  int64_t rank = 0;
  for (const PackedPart& part : parts_) {
    float* out = y + begin * y_row + part.first;
    s.part.Pack({s.low.data() + rank, rows, part.b.depth(), ranks}, ops::Layout::kPlain, precision,
                pool);
    ops::MatMul(s.part, part.b, out, y_row, ops::Accumulate::kYes, pool);
    rank += part.b.depth();
    if (part.factor.empty()) continue;
    ops::ParallelRows(pool, rows, [&](int64_t first, int64_t last) {
      for (float* row = out + first * y_row; first < last; ++first, row += y_row) {
        for (size_t i = 0; i < part.factor.size(); ++i) {
          row[i] = part.factor[i] * row[i] + part.shift[i];
        }
      }
    });
  }
}

void ApplyChanges(std::span<const ChangedRows> rows, LinearChange LayerChange::*product,
                  LinearInput& x, float* y, int64_t y_row, LinearChangeScratch& scratch,
                  ThreadPool& pool) {
  for (const ChangedRows& changed : rows) {
    (changed.layer->*product).Apply(changed.begin, changed.end, x, y, y_row, scratch, pool);
  }
}

bool AnyChange(std::span<const ChangedRows> rows, LinearChange LayerChange::*product) {
  return std::any_of(rows.begin(), rows.end(), [&](const ChangedRows& changed) {
    return !(changed.layer->*product).empty();
  });
}

}  // namespace mores::model
