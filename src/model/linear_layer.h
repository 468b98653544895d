// The products of a decoder, behind interfaces: what a weight is stored in is its own affair, and
// may differ between the parts of one product. Immutable, and safe to share between threads.
#ifndef MORES_MODEL_LINEAR_LAYER_H_
#define MORES_MODEL_LINEAR_LAYER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/threads.h"
#include "model/adapter/linear_change.h"
#include "ops/int8_products.h"
#include "ops/matmul.h"
#include "tensor/buffer.h"
#include "tensor/dtype.h"

namespace mores::model {

// Rows on their way into products, packed once for all products that read them in one form. Keeps
// its memory from use to use; one thread of control at a time.
class LinearInput {
 public:
  // x [rows][depth], which must stay as it is while products read it.
  void Set(const float* x, int64_t rows, int64_t depth) {
    x_ = {x, rows, depth, depth};
    packed_ = in_8_bits_ = false;
  }
  int64_t rows() const { return x_.rows; }
  int64_t depth() const { return x_.columns; }
  // For dense products of f32 or bf16.
  const ops::LeftOperand& Dense(tensor::DType precision, ThreadPool& pool);
  // Of rows [begin, end) alone, until it is asked for others.
  const ops::LeftOperand& DenseRows(int64_t begin, int64_t end, tensor::DType precision,
                                    ThreadPool& pool);
  // For products with blocks.
  const ops::int8::LeftRows& In8Bits(ThreadPool& pool);

 private:
  ops::MatrixView x_{};
  ops::LeftOperand dense_, dense_rows_;
  tensor::DType precision_ = tensor::DType::kF32;  // of dense_
  bool packed_ = false;
  ops::int8::LeftRows rounded_;
  bool in_8_bits_ = false;
};

// y = x W^T + b.
class Linear {
 public:
  virtual ~Linear() = default;
  virtual int64_t in() const = 0;
  virtual int64_t out() const = 0;
  virtual int64_t bytes() const = 0;  // of the weight
  // x [rows][in] to y [rows][out] with stride `y_row`.
  virtual void Apply(LinearInput& x, float* y, int64_t y_row, ThreadPool& pool) const = 0;
};

// Parts side by side over one input, each of a type of its own: y is theirs in order.
class StackedLinear : public Linear {
 public:
  // At least one part; all of the same in().
  explicit StackedLinear(std::vector<std::unique_ptr<const Linear>> parts);
  int64_t in() const override { return parts_.front()->in(); }
  int64_t out() const override { return out_; }
  int64_t bytes() const override;
  void Apply(LinearInput& x, float* y, int64_t y_row, ThreadPool& pool) const override;

 private:
  std::vector<std::unique_ptr<const Linear>> parts_;
  int64_t out_ = 0;
};

// What the feed-forward part of a layer writes on its way; kept from use to use.
struct FeedForwardScratch {
  ops::GatedProduct gated;
  tensor::AlignedBuffer<float> gate_up, hidden;
  LinearInput input;
  LinearChangeScratch change;
};

// y = (silu(x G) * (x U)) D, gated as in Shazeer 2020, arXiv:2002.05202. One operation, since the
// hidden units may never need to exist as float32.
class FeedForward {
 public:
  virtual ~FeedForward() = default;
  virtual int64_t bytes() const = 0;  // of the weights
  // x and y [rows][hidden_dim]. `changed`: rows that adapters change; the others' numbers are what
  // they are without.
  virtual void Apply(LinearInput& x, std::span<const ChangedRows> changed, float* y,
                     FeedForwardScratch& scratch, ThreadPool& pool) const = 0;
};

// Product by product: what any of them may be, and what adapters may change between them.
void ApplyInSteps(const Linear& gate_up, const Linear& down, LinearInput& x,
                  std::span<const ChangedRows> changed, float* y, FeedForwardScratch& scratch,
                  ThreadPool& pool);

// Of any two products: gate and up side by side, and down.
class GeneralFeedForward : public FeedForward {
 public:
  GeneralFeedForward(std::unique_ptr<const Linear> gate_up, std::unique_ptr<const Linear> down);
  int64_t bytes() const override { return gate_up_->bytes() + down_->bytes(); }
  void Apply(LinearInput& x, std::span<const ChangedRows> changed, float* y,
             FeedForwardScratch& scratch, ThreadPool& pool) const override;

 private:
  std::unique_ptr<const Linear> gate_up_, down_;
};

}  // namespace mores::model

#endif  // MORES_MODEL_LINEAR_LAYER_H_
