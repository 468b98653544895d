// Matrix products, C[M,N] = A[M,K] B[K,N], with both operands packed for the level in force.
//
// Contract: an element of C is one fixed chain of operations over k = 0 .. K-1. It does not depend
// on M, N, the element's place, the number of threads, or what else is multiplied. In f32 and in
// bf16 below AMX the chain is one fused multiply-add a k, in order; on AMX see ops/amx.h, and for
// sums by pairs Bf16Sums. bf16 operands are rounded to nearest even, sums are float32.
//
// A plain reference is ops/reference.h; operands must be packed and multiplied at one level, and
// with one Bf16Sums.
#ifndef MORES_OPS_MATMUL_H_
#define MORES_OPS_MATMUL_H_

#include <cstdint>
#include <string_view>

#include "base/threads.h"
#include "ops/kernels.h"
#include "tensor/buffer.h"
#include "tensor/dtype.h"

namespace mores::ops {

using tensor::DType;

// How an operand lies in memory, row-major with a stride between rows.
enum class Layout {
  kPlain,       // as it enters the product: A is [M,K], B is [K,N]
  kTransposed,  // A is stored [K,M], B is stored [N,K] (a weight [out,in])
};

// How bf16 products add up below AMX, which has its own way.
enum class Bf16Sums {
  kOneByOne,  // the chain above, the same on every processor of the level
  // Two depths an instruction, about twice as fast: as ops/bf16_pairs.h says where the processor
  // has that; else, with AVX2 alone or with AVX-512's products of words, as ops/int16_pairs.h says;
  // else one by one.
  kPairs,
};

// How operands lie in memory for that.
enum class Packing { kPanels, kTiles, kInt16 };

// The name of the order in which products with kPairs add up now: "avx2_int16", "avx512",
// "avx512_int16", "avx512_bf16" or "amx". Results of training agree to the bit where names do.
std::string_view FastestSums();

// A float32 matrix in memory: as stored, before `Layout` is applied.
struct MatrixView {
  const float* data;
  int64_t rows, columns;
  int64_t stride;
};

// The left operand. In f32 it refers to the caller's memory, which must outlive it.
class LeftOperand {
 public:
  // `precision`: kF32 or kBf16, of right operands too.
  void Pack(MatrixView a, Layout layout, DType precision, ThreadPool& pool,
            Bf16Sums sums = Bf16Sums::kOneByOne);
  int64_t rows() const { return rows_; }
  int64_t depth() const { return depth_; }
  DType precision() const { return precision_; }

 private:
  friend class Product;
  friend class GatedProduct;
  friend class FrozenProduct;
  int64_t rows_ = 0, depth_ = 0;
  DType precision_ = DType::kF32;
  void PackInt16(MatrixView a, Layout layout, ThreadPool& pool);

  Packing packing_ = Packing::kPanels;
  const float* plain_ = nullptr;
  int64_t row_step_ = 0, depth_step_ = 0;
  tensor::AlignedBuffer<float> rounded_;
  tensor::AlignedBuffer<uint16_t> packed_;
  tensor::AlignedBuffer<int16_t> words_;  // ops/int16_pairs.h
  tensor::AlignedBuffer<float> scales_;
};

// The right operand. Owns a packed copy.
class RightOperand {
 public:
  void Pack(MatrixView b, Layout layout, DType precision, ThreadPool& pool,
            Bf16Sums sums = Bf16Sums::kOneByOne);
  // A weight [columns][depth] that isn't in memory as a whole: room for it, and then each part of
  // it once, in any order and on any thread. A part begins at a multiple of kColumnGroup among the
  // columns and of kDepthGroup along the depth, and has multiples of them but at the weight's ends.
  static constexpr int64_t kColumnGroup = 32, kDepthGroup = 64;
  void Resize(int64_t depth, int64_t columns, DType precision, Bf16Sums sums = Bf16Sums::kOneByOne);
  void PackPart(int64_t first_column, int64_t first_depth, MatrixView rows);
  int64_t depth() const { return depth_; }
  int64_t columns() const { return columns_; }
  DType precision() const { return precision_; }
  int64_t bytes() const;

 private:
  friend class Product;
  friend class GatedProduct;
  // At most kColumnGroup columns, stored as rows of the view; the rest of the group is zeroed.
  void PackTileColumns(int64_t first, int64_t first_depth, MatrixView rows);
  void PackPanelColumns(int64_t first, int64_t first_depth, MatrixView rows);
  void PackInt16Columns(int64_t first, int64_t first_depth, MatrixView rows);
  // The same of columns [first, first + count) of a matrix [depth][columns].
  void PackPanelPlain(int64_t first, int64_t count, MatrixView b);
  void PackInt16Plain(int64_t first, int64_t count, MatrixView b);
  // Panels' elements from `at` on, rounded where they are bf16.
  void StorePanel(int64_t at, const float* values, int64_t count);

  int64_t depth_ = 0, columns_ = 0;
  DType precision_ = DType::kF32;
  Packing packing_ = Packing::kPanels;
  tensor::AlignedBuffer<float> panels_;     // f32: [column panel][K][32]
  tensor::AlignedBuffer<uint16_t> packed_;  // bf16 panels, or tiles
  tensor::AlignedBuffer<int16_t> words_;    // ops/int16_pairs.h
  tensor::AlignedBuffer<float> scales_;
};

// C is [M,N] with stride `c_row`, at least N.
void MatMul(const LeftOperand& a, const RightOperand& b, float* c, int64_t c_row,
            Accumulate accumulate, ThreadPool& pool);

// H = silu(G) * U, a left operand of a next product, with [G | U] = A B + bias (Shazeer 2020).
// Holds what it refers to; the numbers are those of the product, the kernel and Pack one by one.
class GatedProduct {
 public:
  // B is [K, 2F]; bias [2F] or null; H is [M, F].
  void Run(const LeftOperand& a, const RightOperand& b, const float* bias, ThreadPool& pool);
  const LeftOperand& result() const { return h_; }

 private:
  void RunTiles(const LeftOperand& a, const RightOperand& b, ThreadPool& pool);

  LeftOperand h_;
  tensor::AlignedBuffer<float> gate_up_, values_;  // where tiles don't serve
};

}  // namespace mores::ops

#endif  // MORES_OPS_MATMUL_H_
