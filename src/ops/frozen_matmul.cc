#include "ops/frozen_matmul.h"

#include <algorithm>

#include "base/check.h"
#include "ops/int16_pairs.h"
#include "ops/tiles.h"
#include "tensor/buffer.h"

namespace mores::ops {
namespace {

constexpr int64_t kPanelColumns = 32;
// Elements decoded at a time: whole blocks of every type.
constexpr int64_t kDecoded = 512;
// Rows of float32 or words whose piece of depth stays in the cache beside B's.
constexpr int64_t kRowsAtOnce = 96;

// Where packed pieces and what they are decoded into lie, one of each a thread.
struct PieceBuffers {
  tensor::AlignedBuffer<uint16_t> tiles;
  tensor::AlignedBuffer<float> panels, decoded, scales;
  tensor::AlignedBuffer<int16_t> words;
};
PieceBuffers& ThreadPieceBuffers() {
  thread_local PieceBuffers buffers;
  return buffers;
}

// Of the right operand, [depth][columns] as it enters the product.
struct Piece {
  int64_t first_column, columns, first_depth, depth;
};

}  // namespace

// C = A B, B being W or its transpose. A task multiplies some rows with some columns, whose depth
// it takes piece by piece, so that a packed piece stays in the second-level cache.
class FrozenProduct {
 public:
  FrozenProduct(const LeftOperand& a, const tensor::TensorView& w, Layout layout)
      : a_(a), w_(w), layout_(layout) {
    MORES_CHECK(w.shape.size() == 2);
    columns_ = w.shape[layout == Layout::kPlain ? 1 : 0];
    MORES_CHECK(a.depth_ == w.shape[layout == Layout::kPlain ? 0 : 1]);
  }

  void Run(float* c, int64_t c_row, Accumulate accumulate, ThreadPool& pool) {
    if (a_.rows_ == 0) return;
    c_ = c;
    c_row_ = c_row;
    ChoosePieces(pool.threads());
    const int64_t row_blocks = CeilDiv(a_.rows_, task_rows_);
    pool.ParallelFor(CeilDiv(columns_, task_columns_) * row_blocks, [&](int64_t task) {
      const int64_t column = task / row_blocks * task_columns_;
      const int64_t row = task % row_blocks * task_rows_;
      const int64_t row_end = std::min(a_.rows_, row + task_rows_);
      for (int64_t depth = 0; depth < a_.depth_; depth += piece_depth_) {
        const Piece piece{column, std::min(task_columns_, columns_ - column), depth,
                          std::min(piece_depth_, a_.depth_ - depth)};
        const Accumulate add = depth > 0 ? Accumulate::kYes : accumulate;
        switch (a_.packing_) {
          case Packing::kTiles:
            MultiplyTiles(piece, row, row_end, add);
            break;
          case Packing::kInt16:
            MultiplyInt16(piece, row, row_end, add);
            break;
          case Packing::kPanels:
            MultiplyPanels(piece, row, row_end, add);
            break;
        }
      }
    });
  }

 private:
  // A few tasks a thread. Of fewer rows, columns are decoded again for each; of fewer columns, rows
  // are read again from further away.
  void ChoosePieces(int threads) {
    constexpr int64_t kColumns = 192, kFewColumns = 96, kRows = 256, kFewRows = 128;
    const int64_t wanted = threads == 1 ? 1 : 3 * threads;
    piece_depth_ = a_.packing_ == Packing::kTiles ? 1024 : 512;
    if (layout_ == Layout::kPlain && tensor::BlockElements(w_.dtype) > kPanelColumns) {
      // Blocks lie along columns, and are decoded whole.
      piece_depth_ = piece_depth_ * 3 / 4;
      task_columns_ = tensor::BlockElements(w_.dtype);
      CutRows(wanted, kFewRows);
      return;
    }
    task_columns_ = kColumns;
    if (CutRows(wanted, kRows) >= wanted) return;
    task_columns_ = kFewColumns;
    CutRows(wanted, kFewRows);
  }
  // Blocks of at least about `least` rows; returns how many tasks there are.
  int64_t CutRows(int64_t wanted, int64_t least) {
    const int64_t column_blocks = CeilDiv(columns_, task_columns_);
    const int64_t blocks =
        std::clamp<int64_t>(CeilDiv(wanted, column_blocks), 1, CeilDiv(a_.rows_, least));
    task_rows_ = CeilDiv(CeilDiv(a_.rows_, blocks), 32) * 32;
    return blocks * column_blocks;
  }

  // The part of W that the piece is.
  const char* At(int64_t row, int64_t column) const {
    return w_.bytes.data() + tensor::BytesOf(w_.dtype, row * w_.shape[1] + column);
  }
  // `rows` by `columns` elements of W from there on, as float32 with that many a row.
  const float* Decode(int64_t row, int64_t rows, int64_t column, int64_t columns) const {
    float* out = ThreadPieceBuffers().decoded.Resize(rows * columns);
    for (int64_t r = 0; r < rows; ++r) {
      w_.Copy((row + r) * w_.shape[1] + column, columns, out + r * columns);
    }
    return out;
  }

  void MultiplyTiles(const Piece& piece, int64_t row, int64_t row_end, Accumulate add) const {
    const int64_t depth_blocks = CeilDiv(piece.depth, amx::kTileDepth);
    // A line more: blocks a power of two apart would share few sets of the first-level cache.
    const int64_t step = depth_blocks * amx::kTileElements + amx::kTileDepth;
    uint16_t* tiles = ThreadPieceBuffers().tiles.Resize(TileBlocks(piece.columns) * step);
    if (layout_ == Layout::kTransposed) {
      PackTileColumns(piece, step, tiles);
    } else {
      PackTileRows(piece, step, tiles);
    }
    MatMulTiles({.a = a_.packed_.data() + piece.first_depth / amx::kTileDepth * amx::kTileElements,
                 .b = tiles,
                 .a_step = CeilDiv(a_.depth_, amx::kTileDepth) * amx::kTileElements,
                 .b_step = step,
                 .depth_blocks = depth_blocks,
                 .row_begin = row,
                 .row_end = row_end,
                 .column_begin = 0,
                 .column_end = piece.columns,
                 .c = c_ + piece.first_column,
                 .c_row = c_row_,
                 .accumulate = add});
  }

  // W's rows are columns of the product.
  void PackTileColumns(const Piece& piece, int64_t step, uint16_t* tiles) const {
    for (int64_t block = 0; block < TileBlocks(piece.columns); ++block) {
      const int64_t first = block * amx::kTileRows;
      const int64_t count = std::clamp<int64_t>(piece.columns - first, 0, amx::kTileRows);
      const int64_t row = piece.first_column + (count > 0 ? first : 0);
      uint16_t* out = tiles + block * step;
      if (w_.dtype == DType::kBf16) {
        amx::PackColumnsTransposedBf16(At(row, piece.first_depth), w_.shape[1], count, piece.depth,
                                       out);
        continue;
      }
      for (int64_t k = 0; k < piece.depth; k += kDecoded) {
        const int64_t depth = std::min(kDecoded, piece.depth - k);
        const float* rows = Decode(row, count, piece.first_depth + k, depth);
        amx::PackColumnsTransposed(rows, depth, count, depth,
                                   out + k / amx::kTileDepth * amx::kTileElements);
      }
    }
  }

  // W's rows are depths of the product.
  void PackTileRows(const Piece& piece, int64_t step, uint16_t* tiles) const {
    for (int64_t k = 0; k < piece.depth; k += amx::kTileDepth) {
      const int64_t depth = std::min(amx::kTileDepth, piece.depth - k);
      uint16_t* out = tiles + k / amx::kTileDepth * amx::kTileElements;
      const int64_t row = piece.first_depth + k;
      const bool direct = w_.dtype == DType::kBf16;
      const float* rows = direct ? nullptr : Decode(row, depth, piece.first_column, piece.columns);
      for (int64_t n = 0; n < piece.columns; n += 2 * amx::kTileRows) {
        uint16_t* first = out + n / amx::kTileRows * step;
        if (direct) {
          amx::PackColumnTilesBf16(At(row, piece.first_column + n), w_.shape[1], piece.columns - n,
                                   depth, first, first + step);
          continue;
        }
        const int64_t second = std::min(n + amx::kTileRows, piece.columns);
        amx::PackColumnTile(rows + n, piece.columns, piece.columns - n, depth, first);
        amx::PackColumnTile(rows + second, piece.columns, piece.columns - second, depth,
                            first + step);
      }
    }
  }

  void MultiplyInt16(const Piece& piece, int64_t row, int64_t row_end, Accumulate add) const {
    const int64_t panels = CeilDiv(piece.columns, int16::kColumns);
    const int64_t blocks = int16::DepthBlocks(piece.depth);
    int16_t* words = ThreadPieceBuffers().words.Resize(panels * blocks * int16::kPanelBlock);
    float* scales = ThreadPieceBuffers().scales.Resize(panels * blocks * int16::kColumns);
    for (int64_t k = 0; k < piece.depth; k += kDecoded) {
      PackInt16({piece.first_column, piece.columns, piece.first_depth + k,
                 std::min(kDecoded, piece.depth - k)},
                k / int16::kScaleDepth, blocks, words, scales);
    }
    const int64_t a_blocks = int16::DepthBlocks(a_.depth_);
    for (int64_t r = row; r < row_end; r += kRowsAtOnce) {
      const int64_t at = r * a_blocks + piece.first_depth / int16::kScaleDepth;
      int16::MatMul({.rows = std::min(kRowsAtOnce, row_end - r),
                     .columns = piece.columns,
                     .depth_blocks = blocks,
                     .a = a_.words_.data() + at * int16::kScaleDepth,
                     .a_scales = a_.scales_.data() + at,
                     .a_row = a_blocks * int16::kScaleDepth,
                     .a_scales_row = a_blocks,
                     .b = words,
                     .b_scales = scales,
                     .b_panel = blocks * int16::kPanelBlock,
                     .b_scales_panel = blocks * int16::kColumns,
                     .c = c_ + r * c_row_ + piece.first_column,
                     .c_row = c_row_,
                     .accumulate = add});
    }
  }

  // A part of a piece, from its depth block `first_block` on, into panels of `blocks` depth blocks.
  void PackInt16(const Piece& part, int64_t first_block, int64_t blocks, int16_t* words,
                 float* scales) const {
    const bool transposed = layout_ == Layout::kTransposed;
    const float* plain =
        transposed ? nullptr
                   : Decode(part.first_depth, part.depth, part.first_column, part.columns);
    for (int64_t n = 0; n < part.columns; n += int16::kColumns) {
      const int64_t count = std::min(int16::kColumns, part.columns - n);
      const int64_t at = n / int16::kColumns * blocks + first_block;
      int16_t* to = words + at * int16::kPanelBlock;
      float* to_scales = scales + at * int16::kColumns;
      if (transposed) {
        int16::PackColumnsTransposed(
            Decode(part.first_column + n, count, part.first_depth, part.depth), part.depth, count,
            part.depth, to, to_scales);
      } else {
        int16::PackColumns(plain + n, part.columns, count, part.depth, to, to_scales);
      }
    }
  }

  void MultiplyPanels(const Piece& piece, int64_t row, int64_t row_end, Accumulate add) const {
    const int64_t panels = CeilDiv(piece.columns, kPanelColumns);
    float* packed = ThreadPieceBuffers().panels.Resize(panels * piece.depth * kPanelColumns);
    if (layout_ == Layout::kTransposed) {
      PackPanelsTransposed(piece, packed);
    } else {
      PackPanelsPlain(piece, packed);
    }
    if (a_.precision_ == DType::kBf16 && w_.dtype != DType::kBf16) {
      Kernels().round_to_bf16(packed, packed, panels * piece.depth * kPanelColumns);
    }
    for (int64_t r = row; r < row_end; r += kRowsAtOnce) {
      for (int64_t panel = 0; panel < panels; ++panel) {
        const int64_t column = panel * kPanelColumns;
        Kernels().matmul_f32(
            {.rows = std::min(kRowsAtOnce, row_end - r),
             .columns = std::min(kPanelColumns, piece.columns - column),
             .depth = piece.depth,
             .a = a_.plain_ + r * a_.row_step_ + piece.first_depth * a_.depth_step_,
             .a_row = a_.row_step_,
             .a_step = a_.depth_step_,
             .b = packed + panel * piece.depth * kPanelColumns,
             .b_row = kPanelColumns,
             .c = c_ + r * c_row_ + piece.first_column + column,
             .c_row = c_row_,
             .accumulate = add});
      }
    }
  }

  void PackPanelsTransposed(const Piece& piece, float* packed) const {
    for (int64_t n = 0; n < piece.columns; n += kPanelColumns) {
      const int64_t count = std::min(kPanelColumns, piece.columns - n);
      float* panel = packed + n * piece.depth;
      if (count < kPanelColumns) std::fill_n(panel, piece.depth * kPanelColumns, 0.0f);
      for (int64_t k = 0; k < piece.depth; k += kDecoded) {
        const int64_t depth = std::min(kDecoded, piece.depth - k);
        const float* rows = Decode(piece.first_column + n, count, piece.first_depth + k, depth);
        Kernels().transpose(rows, depth, count, depth, panel + k * kPanelColumns, kPanelColumns);
      }
    }
  }

  void PackPanelsPlain(const Piece& piece, float* packed) const {
    for (int64_t k = 0; k < piece.depth; ++k) {
      const float* row = Decode(piece.first_depth + k, 1, piece.first_column, piece.columns);
      for (int64_t n = 0; n < piece.columns; n += kPanelColumns) {
        const int64_t count = std::min(kPanelColumns, piece.columns - n);
        float* out = packed + n * piece.depth + k * kPanelColumns;
        std::copy_n(row + n, count, out);
        std::fill(out + count, out + kPanelColumns, 0.0f);
      }
    }
  }

  const LeftOperand& a_;
  const tensor::TensorView& w_;
  Layout layout_;
  int64_t columns_ = 0;
  float* c_ = nullptr;
  int64_t c_row_ = 0;
  int64_t task_rows_ = 0, task_columns_ = 0, piece_depth_ = 0;
};

void MatMulFrozenTransposed(const LeftOperand& a, const tensor::TensorView& w, float* c,
                            int64_t c_row, Accumulate accumulate, ThreadPool& pool) {
  FrozenProduct(a, w, Layout::kTransposed).Run(c, c_row, accumulate, pool);
}

void MatMulFrozen(const LeftOperand& a, const tensor::TensorView& w, float* c, int64_t c_row,
                  Accumulate accumulate, ThreadPool& pool) {
  FrozenProduct(a, w, Layout::kPlain).Run(c, c_row, accumulate, pool);
}

}  // namespace mores::ops
