#include "ops/matmul.h"

#include <algorithm>

#include "base/check.h"
#include "base/cpu.h"
#include "ops/int16_pairs.h"
#include "ops/rows.h"
#include "ops/tiles.h"

namespace mores::ops {
namespace {

constexpr int64_t kPanel = 32;

// Packs a matrix stored with depth along its rows, 32 of its rows at a time, so that memory is read
// in order.
template <class PackTile>
void PackTiles(MatrixView x, tensor::AlignedBuffer<uint16_t>& packed, const PackTile& pack_tile,
               ThreadPool& pool) {
  const int64_t depth_blocks = CeilDiv(x.rows, amx::kTileDepth);
  const int64_t step = depth_blocks * amx::kTileElements;
  const int64_t blocks = TileBlocks(x.columns);
  uint16_t* out = packed.Resize(blocks * step);
  pool.ParallelFor(depth_blocks, [&](int64_t depth_block) {
    const int64_t first = depth_block * amx::kTileDepth;
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t lane = block * amx::kTileRows;
      const int64_t lanes = std::clamp<int64_t>(x.columns - lane, 0, amx::kTileRows);
      // A block wholly outside reads nothing; keep its address inside the matrix.
      const float* data = x.data + first * x.stride + (lanes > 0 ? lane : 0);
      pack_tile(data, x.stride, lanes, x.rows - first,
                out + block * step + depth_block * amx::kTileElements);
    }
  });
}

}  // namespace

std::string_view FastestSums() { return FastestSumsOf(CurrentIsaLevel(), CurrentCpuFeatures()); }

void LeftOperand::Pack(MatrixView a, Layout layout, DType precision, ThreadPool& pool,
                       Bf16Sums sums) {
  const bool plain = layout == Layout::kPlain;
  rows_ = plain ? a.rows : a.columns;
  depth_ = plain ? a.columns : a.rows;
  precision_ = precision;
  packing_ = PackingOf(precision, sums);
  row_step_ = plain ? a.stride : 1;
  depth_step_ = plain ? 1 : a.stride;
  plain_ = a.data;
  if (packing_ == Packing::kInt16) {
    PackInt16(a, layout, pool);
  } else if (packing_ == Packing::kTiles && plain) {
    const int64_t step = CeilDiv(depth_, amx::kTileDepth) * amx::kTileElements;
    uint16_t* out = packed_.Resize(TileBlocks(rows_) * step);
    pool.ParallelFor(TileBlocks(rows_), [&](int64_t block) {
      const int64_t row = block * amx::kTileRows;
      const int64_t rows = std::clamp<int64_t>(rows_ - row, 0, amx::kTileRows);
      amx::PackRows(a.data + row * a.stride, a.stride, rows, depth_, out + block * step);
    });
  } else if (packing_ == Packing::kTiles) {
    PackTiles(a, packed_, amx::PackRowTileTransposed, pool);
  } else if (precision == DType::kBf16) {
    float* out = rounded_.Resize(a.rows * a.columns);
    constexpr int64_t kRowsATask = 32;
    pool.ParallelFor(CeilDiv(a.rows, kRowsATask), [&](int64_t task) {
      const int64_t end = std::min(a.rows, (task + 1) * kRowsATask);
      for (int64_t row = task * kRowsATask; row < end; ++row) {
        Kernels().round_to_bf16(a.data + row * a.stride, out + row * a.columns, a.columns);
      }
    });
    plain_ = out;
    row_step_ = plain ? a.columns : 1;
    depth_step_ = plain ? 1 : a.columns;
  }
}

void LeftOperand::PackInt16(MatrixView a, Layout layout, ThreadPool& pool) {
  const int64_t blocks = int16::DepthBlocks(depth_), row = blocks * int16::kScaleDepth;
  int16_t* words = words_.Resize(rows_ * row);
  float* scales = scales_.Resize(rows_ * blocks);
  constexpr int64_t kRowsATask = 32;
  pool.ParallelFor(CeilDiv(rows_, kRowsATask), [&](int64_t task) {
    const int64_t begin = task * kRowsATask, end = std::min(rows_, begin + kRowsATask);
    if (layout == Layout::kTransposed) {
      int16::PackRowsTransposed(a.data + begin, a.stride, end - begin, depth_, words + begin * row,
                                row, scales + begin * blocks, blocks);
      return;
    }
    for (int64_t r = begin; r < end; ++r) {
      int16::PackRow(a.data + r * a.stride, depth_, words + r * row, scales + r * blocks);
    }
  });
}

int64_t RightOperand::bytes() const {
  return panels_.size() * 4 + packed_.size() * 2 + words_.size() * 2 + scales_.size() * 4;
}

void RightOperand::Resize(int64_t depth, int64_t columns, DType precision, Bf16Sums sums) {
  static_assert(kColumnGroup == kPanel && kColumnGroup == 2 * amx::kTileRows);
  static_assert(kDepthGroup % amx::kTileDepth == 0 && kDepthGroup == int16::kScaleDepth);
  MORES_CHECK(precision == DType::kF32 || precision == DType::kBf16);
  depth_ = depth;
  columns_ = columns;
  precision_ = precision;
  packing_ = PackingOf(precision, sums);
  if (packing_ == Packing::kInt16) {
    const int64_t blocks = CeilDiv(columns, kPanel) * 2 * int16::DepthBlocks(depth);
    words_.Resize(blocks * int16::kPanelBlock);
    scales_.Resize(blocks * int16::kColumns);
  } else if (packing_ == Packing::kTiles) {
    packed_.Resize(TileBlocks(columns) * CeilDiv(depth, amx::kTileDepth) * amx::kTileElements);
  } else if (precision == DType::kBf16) {
    packed_.Resize(CeilDiv(columns, kPanel) * depth * kPanel);
  } else {
    panels_.Resize(CeilDiv(columns, kPanel) * depth * kPanel);
  }
}

void RightOperand::PackPart(int64_t first_column, int64_t first_depth, MatrixView rows) {
  MORES_CHECK(first_column % kColumnGroup == 0 && first_depth % kDepthGroup == 0);
  MORES_CHECK(first_depth + rows.columns <= depth_ && first_column + rows.rows <= columns_);
  for (int64_t group = 0; group < rows.rows; group += kColumnGroup) {
    const MatrixView part{rows.data + group * rows.stride,
                          std::min(kColumnGroup, rows.rows - group), rows.columns, rows.stride};
    switch (packing_) {
      case Packing::kTiles:
        PackTileColumns(first_column + group, first_depth, part);
        break;
      case Packing::kInt16:
        PackInt16Columns(first_column + group, first_depth, part);
        break;
      case Packing::kPanels:
        PackPanelColumns(first_column + group, first_depth, part);
        break;
    }
  }
}

void RightOperand::PackTileColumns(int64_t first, int64_t first_depth, MatrixView rows) {
  const int64_t step = CeilDiv(depth_, amx::kTileDepth) * amx::kTileElements;
  for (int64_t column = 0; column < kColumnGroup; column += amx::kTileRows) {
    // A block wholly outside reads nothing; keep its address inside the matrix.
    const int64_t real = std::clamp<int64_t>(rows.rows - column, 0, amx::kTileRows);
    amx::PackColumnsTransposed(rows.data + (real > 0 ? column * rows.stride : 0), rows.stride, real,
                               rows.columns,
                               packed_.data() + (first + column) / amx::kTileRows * step +
                                   first_depth / amx::kTileDepth * amx::kTileElements);
  }
}

void RightOperand::PackInt16Columns(int64_t first, int64_t first_depth, MatrixView rows) {
  const int64_t blocks = int16::DepthBlocks(depth_);
  for (int64_t column = 0; column < kColumnGroup; column += int16::kColumns) {
    const int64_t real = std::clamp<int64_t>(rows.rows - column, 0, int16::kColumns);
    const int64_t at = (first + column) / int16::kColumns * blocks + first_depth / kDepthGroup;
    int16::PackColumnsTransposed(rows.data + (real > 0 ? column * rows.stride : 0), rows.stride,
                                 real, rows.columns, words_.data() + at * int16::kPanelBlock,
                                 scales_.data() + at * int16::kColumns);
  }
}

void RightOperand::PackInt16Plain(int64_t first, int64_t count, MatrixView b) {
  const int64_t blocks = int16::DepthBlocks(depth_);
  for (int64_t column = 0; column < kColumnGroup; column += int16::kColumns) {
    const int64_t real = std::clamp<int64_t>(count - column, 0, int16::kColumns);
    const int64_t at = (first + column) / int16::kColumns * blocks;
    int16::PackColumns(b.data + (real > 0 ? first + column : 0), b.stride, real, b.rows,
                       words_.data() + at * int16::kPanelBlock,
                       scales_.data() + at * int16::kColumns);
  }
}

void RightOperand::StorePanel(int64_t at, const float* values, int64_t count) {
  if (precision_ == DType::kF32) {
    std::copy_n(values, count, panels_.data() + at);
    return;
  }
  uint16_t* out = packed_.data() + at;
  for (int64_t i = 0; i < count; ++i) out[i] = tensor::ToBFloat16(values[i]).bits;
}

void RightOperand::PackPanelColumns(int64_t first, int64_t first_depth, MatrixView rows) {
  // Through a piece that stays in the first-level cache.
  constexpr int64_t kPiece = 64;
  alignas(64) float piece[kPiece * kPanel] = {};
  for (int64_t k = 0; k < rows.columns; k += kPiece) {
    const int64_t depth = std::min(kPiece, rows.columns - k);
    Kernels().transpose(rows.data + k, rows.stride, rows.rows, depth, piece, kPanel);
    StorePanel(first * depth_ + (first_depth + k) * kPanel, piece, depth * kPanel);
  }
}

void RightOperand::PackPanelPlain(int64_t first, int64_t count, MatrixView b) {
  float row[kPanel] = {};
  for (int64_t k = 0; k < b.rows; ++k) {
    std::copy_n(b.data + k * b.stride + first, count, row);
    StorePanel(first * depth_ + k * kPanel, row, kPanel);
  }
}

void RightOperand::Pack(MatrixView b, Layout layout, DType precision, ThreadPool& pool,
                        Bf16Sums sums) {
  const bool plain = layout == Layout::kPlain;
  Resize(plain ? b.rows : b.columns, plain ? b.columns : b.rows, precision, sums);
  if (packing_ == Packing::kTiles && plain) {
    PackTiles(b, packed_, amx::PackColumnTile, pool);
    return;
  }
  pool.ParallelFor(CeilDiv(columns_, kColumnGroup), [&](int64_t group) {
    const int64_t first = group * kColumnGroup;
    const int64_t count = std::min(kColumnGroup, columns_ - first);
    if (plain && packing_ == Packing::kInt16) {
      PackInt16Plain(first, count, b);
    } else if (plain) {
      PackPanelPlain(first, count, b);
    } else {
      PackPart(first, 0, {b.data + first * b.stride, count, b.columns, b.stride});
    }
  });
}

// Cuts C into blocks and multiplies each as one task.
class Product {
 public:
  Product(const LeftOperand& a, const RightOperand& b, float* c, int64_t c_row,
          Accumulate accumulate)
      : a_(a), b_(b), c_(c), c_row_(c_row), accumulate_(accumulate) {
    MORES_CHECK(a.depth_ == b.depth_ && a.packing_ == b.packing_ && a.precision_ == b.precision_);
  }

  void Run(ThreadPool& pool) {
    ChooseBlocks(pool.threads());
    const int64_t row_blocks = CeilDiv(a_.rows_, block_rows_);
    const int64_t column_blocks = CeilDiv(b_.columns_, block_columns_);
    pool.ParallelFor(row_blocks * column_blocks, [&](int64_t task) {
      const int64_t row = task / column_blocks * block_rows_;
      const int64_t column = task % column_blocks * block_columns_;
      RunBlock(row, std::min(a_.rows_, row + block_rows_), column,
               std::min(b_.columns_, column + block_columns_));
    });
  }

 private:
  // One operand's block stays in the second-level cache (about 1 MB) while the other's passes by:
  // columns of B where tiles go along the rows of C, else rows of A. And a few tasks a thread.
  void ChooseBlocks(int threads) {
    constexpr int64_t kCacheBytes = 1 << 20;
    constexpr int64_t kMostRows = 512, kLeastColumns = 64;
    const auto to_tiles = [](int64_t count) { return CeilDiv(count, 32) * 32; };
    const int64_t line_bytes =
        std::max<int64_t>(1, a_.depth_ * (a_.packing_ == Packing::kPanels ? 4 : 2));
    const int64_t cached = std::max<int64_t>(32, kCacheBytes / line_bytes / 32 * 32);
    const int64_t wanted = threads == 1 ? 1 : 4 * threads;
    block_columns_ = to_tiles(b_.columns_);
    if (a_.packing_ == Packing::kTiles && a_.depth_ <= amx::kShallowDepth) {
      block_columns_ = std::min(block_columns_, std::max(kLeastColumns, cached));
      block_rows_ = std::clamp<int64_t>(to_tiles(CeilDiv(a_.rows_, wanted)), 32, kMostRows);
    } else {
      block_rows_ = std::min(cached, kMostRows);
    }
    while (block_columns_ > kLeastColumns &&
           CeilDiv(a_.rows_, block_rows_) * CeilDiv(b_.columns_, block_columns_) < wanted) {
      block_columns_ = to_tiles(block_columns_ / 2);
    }
  }

  void RunBlock(int64_t row, int64_t row_end, int64_t column, int64_t column_end) {
    if (a_.packing_ == Packing::kInt16) {
      const int64_t blocks = int16::DepthBlocks(a_.depth_), at = column / int16::kColumns * blocks;
      int16::MatMul({.rows = row_end - row,
                     .columns = column_end - column,
                     .depth_blocks = blocks,
                     .a = a_.words_.data() + row * blocks * int16::kScaleDepth,
                     .a_scales = a_.scales_.data() + row * blocks,
                     .a_row = blocks * int16::kScaleDepth,
                     .a_scales_row = blocks,
                     .b = b_.words_.data() + at * int16::kPanelBlock,
                     .b_scales = b_.scales_.data() + at * int16::kColumns,
                     .b_panel = blocks * int16::kPanelBlock,
                     .b_scales_panel = blocks * int16::kColumns,
                     .c = c_ + row * c_row_ + column,
                     .c_row = c_row_,
                     .accumulate = accumulate_});
      return;
    }
    if (a_.packing_ == Packing::kTiles) {
      const int64_t depth_blocks = CeilDiv(a_.depth_, amx::kTileDepth);
      MatMulTiles({.a = a_.packed_.data(),
                   .b = b_.packed_.data(),
                   .a_step = depth_blocks * amx::kTileElements,
                   .b_step = depth_blocks * amx::kTileElements,
                   .depth_blocks = depth_blocks,
                   .row_begin = row,
                   .row_end = row_end,
                   .column_begin = column,
                   .column_end = column_end,
                   .c = c_,
                   .c_row = c_row_,
                   .accumulate = accumulate_});
      return;
    }
    for (int64_t n = column; n < column_end; n += kPanel) {
      const int64_t columns = std::min(kPanel, column_end - n);
      const int64_t panel = n / kPanel * a_.depth_ * kPanel;
      if (b_.precision_ == DType::kF32) {
        Kernels().matmul_f32(Block<float>(row, row_end, n, columns, b_.panels_.data() + panel));
      } else {
        Kernels().matmul_bf16(Block<tensor::BFloat16>(
            row, row_end, n, columns,
            reinterpret_cast<const tensor::BFloat16*>(b_.packed_.data() + panel)));
      }
    }
  }

  template <class T>
  MatMulBlock<T> Block(int64_t row, int64_t row_end, int64_t column, int64_t columns, const T* b) {
    return {.rows = row_end - row,
            .columns = columns,
            .depth = a_.depth_,
            .a = a_.plain_ + row * a_.row_step_,
            .a_row = a_.row_step_,
            .a_step = a_.depth_step_,
            .b = b,
            .b_row = kPanel,
            .c = c_ + row * c_row_ + column,
            .c_row = c_row_,
            .accumulate = accumulate_};
  }

  const LeftOperand& a_;
  const RightOperand& b_;
  float* c_;
  int64_t c_row_;
  Accumulate accumulate_;
  int64_t block_rows_ = 0, block_columns_ = 0;
};

void MatMul(const LeftOperand& a, const RightOperand& b, float* c, int64_t c_row,
            Accumulate accumulate, ThreadPool& pool) {
  Product(a, b, c, c_row, accumulate).Run(pool);
}

void GatedProduct::Run(const LeftOperand& a, const RightOperand& b, const float* bias,
                       ThreadPool& pool) {
  MORES_CHECK(a.rows_ > 0 && a.depth_ == b.depth_ && b.columns_ % 2 == 0);
  MORES_CHECK(a.packing_ == b.packing_ && a.precision_ == b.precision_);
  const int64_t columns = b.columns() / 2;
  if (a.packing_ == Packing::kTiles && CurrentIsaLevel() == IsaLevel::kAmx && bias == nullptr &&
      columns % amx::kTileDepth == 0) {
    RunTiles(a, b, pool);
    return;
  }
  const int64_t row_step = UnalignedRow(b.columns());
  gate_up_.Resize(a.rows() * row_step);
  values_.Resize(a.rows() * columns);
  MatMul(a, b, gate_up_.data(), row_step, Accumulate::kNo, pool);
  AddBias(bias, gate_up_.data(), row_step, a.rows(), b.columns(), pool);
  ParallelRows(pool, a.rows(), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* gate = gate_up_.data() + row * row_step;
      Kernels().swiglu(gate, gate + columns, values_.data() + row * columns, columns);
    }
  });
  h_.Pack({values_.data(), a.rows(), columns, columns}, Layout::kPlain, a.precision_, pool,
          a.packing_ != Packing::kPanels ? Bf16Sums::kPairs : Bf16Sums::kOneByOne);
}

void GatedProduct::RunTiles(const LeftOperand& a, const RightOperand& b, ThreadPool& pool) {
  const int64_t columns = b.columns() / 2;
  const int64_t depth_blocks = CeilDiv(a.depth_, amx::kTileDepth);
  const int64_t h_depth_blocks = columns / amx::kTileDepth;
  h_.rows_ = a.rows_;
  h_.depth_ = columns;
  h_.precision_ = a.precision_;
  h_.packing_ = Packing::kTiles;
  uint16_t* h = h_.packed_.Resize(TileBlocks(a.rows_) * h_depth_blocks * amx::kTileElements);
  // A task: some rows by some columns, enough of both for a few tasks a thread.
  const int64_t wanted = pool.threads() == 1 ? 1 : 4 * pool.threads();
  constexpr int64_t kRowsATask = 64, kLeastColumns = 64;
  const int64_t row_blocks = CeilDiv(a.rows_, kRowsATask);
  const int64_t column_step =
      std::max(kLeastColumns, CeilDiv(columns, CeilDiv(wanted, row_blocks) * 32) * 32);
  const int64_t column_blocks = CeilDiv(columns, column_step);
  pool.ParallelFor(row_blocks * column_blocks, [&](int64_t task) {
    const int64_t row = task / column_blocks * kRowsATask;
    const int64_t column = task % column_blocks * column_step;
    amx::MatMulSwiGlu(
        {.a = a.packed_.data(),
         .gate = b.packed_.data(),
         .up = b.packed_.data() + columns / amx::kTileRows * depth_blocks * amx::kTileElements,
         .depth_blocks = depth_blocks,
         .row_begin = row,
         .row_end = std::min(a.rows_, row + kRowsATask),
         .column_begin = column,
         .column_end = std::min(columns, column + column_step),
         .h = h,
         .h_depth_blocks = h_depth_blocks});
  });
}

}  // namespace mores::ops
