// What an adapter (model/adapter/adapter.h) adds to the products of a decoder, unmerged: the base's
// weights stay as they are, and requests of several adapters go side by side.
#ifndef MORES_MODEL_ADAPTER_LINEAR_CHANGE_H_
#define MORES_MODEL_ADAPTER_LINEAR_CHANGE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "base/threads.h"
#include "ops/matmul.h"
#include "tensor/buffer.h"
#include "tensor/dtype.h"

namespace mores::model {

class LinearInput;

// Kept from use to use; one thread of control at a time.
struct LinearChangeScratch {
  tensor::AlignedBuffer<float> low;  // x A^T of all parts, [rows][ranks]
  ops::LeftOperand part;
};

// Of a product of parts side by side over one input (StackedLinear), any of which may be changed:
// y += x A^T (s B)^T; with a magnitude y = c (y + x A^T (s B)^T) + (1 - c) bias, which leaves the
// bias unscaled that y has in it. Immutable. A row's numbers are its own, as of ops::MatMul.
class LinearChange {
 public:
  struct Part {
    int64_t first = 0;  // column of y
    int64_t rank = 0, out = 0;
    const float* a = nullptr;   // [rank][in]
    std::vector<float> b;       // [out][rank], scaled
    std::vector<float> factor;  // c [out], or empty
    std::vector<float> bias;    // [out], or empty: none; where there is a factor
  };
  LinearChange() = default;
  // `in`: of x. Products are in `precision`, x A^T has float32 sums.
  LinearChange(std::vector<Part> parts, int64_t in, tensor::DType precision, ThreadPool& pool);

  bool empty() const { return parts_.empty(); }
  int64_t bytes() const;
  // Rows [begin, end) of y, stride y_row, which the product of x has written.
  void Apply(int64_t begin, int64_t end, LinearInput& x, float* y, int64_t y_row,
             LinearChangeScratch& scratch, ThreadPool& pool) const;

 private:
  struct PackedPart {
    int64_t first;
    ops::RightOperand b;
    std::vector<float> factor, shift;  // y = factor y + shift; or both empty
  };
  ops::RightOperand a_;  // of all parts, side by side
  std::vector<PackedPart> parts_;
};

// What an adapter changes of one layer.
struct LayerChange {
  LinearChange qkv, output, gate_up, down;

  int64_t bytes() const { return qkv.bytes() + output.bytes() + gate_up.bytes() + down.bytes(); }
};

// Rows [begin, end) of a batch, and what changes the layer at work for them.
struct ChangedRows {
  int64_t begin, end;
  const LayerChange* layer;
};

// Of all such rows, what they change of one product.
void ApplyChanges(std::span<const ChangedRows> rows, LinearChange LayerChange::*product,
                  LinearInput& x, float* y, int64_t y_row, LinearChangeScratch& scratch,
                  ThreadPool& pool);
// Whether any of them changes it.
bool AnyChange(std::span<const ChangedRows> rows, LinearChange LayerChange::*product);

}  // namespace mores::model

#endif  // MORES_MODEL_ADAPTER_LINEAR_CHANGE_H_
