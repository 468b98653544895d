#include <algorithm>
#include <cmath>

#include "base/exact_math.h"
#include "ops/kernels.h"
#include "ops/segment_parts.h"
#include "ops/tiles.h"

namespace mores::ops {
namespace {

using amx::kTileDepth;
using amx::kTileElements;
using amx::kTileRows;

// Queries at a time, and keys at a time of them in the backward pass: scores that stay in the
// cache.
constexpr int64_t kForwardQueries = 32, kBackwardQueries = 64, kBackwardKeys = 256;

int64_t RoundUpTo32(int64_t x) { return CeilDiv(x, kTileDepth) * kTileDepth; }

// A right operand of products over rows of x [rows][columns], stride `row`.
void PackRightRows(const float* x, int64_t row, int64_t rows, int64_t columns, uint16_t* out) {
  const int64_t depth_blocks = CeilDiv(rows, kTileDepth);
  for (int64_t block = 0; block < TileBlocks(columns); ++block) {
    const int64_t column = block * kTileRows;
    const int64_t real = std::clamp<int64_t>(columns - column, 0, kTileRows);
    for (int64_t depth = 0; depth < depth_blocks; ++depth) {
      // A block wholly outside reads nothing; keep its address inside the matrix.
      amx::PackColumnTile(x + depth * kTileDepth * row + (real > 0 ? column : 0), row, real,
                          rows - depth * kTileDepth,
                          out + (block * depth_blocks + depth) * kTileElements);
    }
  }
}

// A right operand of products with the rows of x [rows][depth] as its columns.
void PackRightColumns(const float* x, int64_t row, int64_t rows, int64_t depth, uint16_t* out) {
  const int64_t step = CeilDiv(depth, kTileDepth) * kTileElements;
  for (int64_t block = 0; block < TileBlocks(rows); ++block) {
    const int64_t first = block * kTileRows;
    const int64_t real = std::clamp<int64_t>(rows - first, 0, kTileRows);
    amx::PackColumnsTransposed(x + (real > 0 ? first * row : 0), row, real, depth,
                               out + block * step);
  }
}

// A left operand [rows][depth].
void PackLeftRows(const float* x, int64_t row, int64_t rows, int64_t depth, uint16_t* out) {
  const int64_t step = CeilDiv(depth, kTileDepth) * kTileElements;
  for (int64_t block = 0; block < TileBlocks(rows); ++block) {
    const int64_t first = block * kTileRows;
    const int64_t real = std::clamp<int64_t>(rows - first, 0, kTileRows);
    amx::PackRows(x + (real > 0 ? first * row : 0), row, real, depth, out + block * step);
  }
}

// A left operand [columns][rows]: x [rows][columns] transposed; columns are whole pairs of tiles.
void PackLeftTransposed(const float* x, int64_t row, int64_t rows, int64_t columns, uint16_t* out) {
  const int64_t depth_blocks = CeilDiv(rows, kTileDepth);
  for (int64_t block = 0; block < columns / kTileRows; ++block) {
    for (int64_t depth = 0; depth < depth_blocks; ++depth) {
      amx::PackRowTileTransposed(x + depth * kTileDepth * row + block * kTileRows, row, kTileRows,
                                 rows - depth * kTileDepth,
                                 out + (block * depth_blocks + depth) * kTileElements);
    }
  }
}

// C [rows][columns] = A B of packed operands, both with `depth_blocks` of depth unless said
// otherwise.
struct TileProduct {
  const uint16_t *a, *b;
  int64_t depth_blocks;
  int64_t b_depth_blocks;
  int64_t rows, columns;
};
void Multiply(const TileProduct& p, float* c, int64_t c_row, Accumulate accumulate) {
  MatMulTiles({.a = p.a,
               .b = p.b,
               .a_step = p.depth_blocks * kTileElements,
               .b_step = p.b_depth_blocks * kTileElements,
               .depth_blocks = p.depth_blocks,
               .row_begin = 0,
               .row_end = p.rows,
               .column_begin = 0,
               .column_end = p.columns,
               .c = c,
               .c_row = c_row,
               .accumulate = accumulate});
}

struct TileScratch {
  tensor::AlignedBuffer<uint16_t> queries, weights, query_rows, gradients, gradient_rows, turned;
  tensor::AlignedBuffer<float> scores, slopes;
};

void AttendTileRows(const QueryPart& part, const QueryResults& results, int64_t begin, int64_t end,
                    TileScratch& scratch) {
  const int64_t rows = end - begin, dim = part.head_dim;
  const int64_t dim_blocks = CeilDiv(dim, kTileDepth);
  const int64_t keys = RoundUpTo32(part.first_position + end), key_blocks = keys / kTileDepth;
  // An odd number of cache lines: rows a power of two apart would share few sets.
  const int64_t stride = UnalignedRow(keys);
  uint16_t* queries = scratch.queries.Resize(TileBlocks(rows) * dim_blocks * kTileElements);
  PackLeftRows(part.query + begin * part.row, part.row, rows, dim, queries);
  float* scores = scratch.scores.Resize(rows * stride);
  Multiply({queries, part.operands.key_columns, dim_blocks, dim_blocks, rows, keys}, scores, stride,
           Accumulate::kNo);
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  float totals[kForwardQueries];
  for (int64_t r = 0; r < rows; ++r) {
    float max = 0;
    totals[r] = Kernels().softmax_numerators(
        scores + r * stride, part.first_position + begin + r + 1, keys, scale, &max);
    results.log_sums[(begin + r) * part.log_sum_step] =
        max + static_cast<float>(ExactLog(double{totals[r]}));
  }
  uint16_t* weights = scratch.weights.Resize(TileBlocks(rows) * key_blocks * kTileElements);
  PackLeftRows(scores, stride, rows, keys, weights);
  float* out = results.out + begin * part.out_row;
  Multiply({weights, part.operands.value_rows, key_blocks,
            CeilDiv(part.operands.positions, kTileDepth), rows, dim},
           out, part.out_row, Accumulate::kNo);
  for (int64_t r = 0; r < rows; ++r) Kernels().scale(out + r * part.out_row, dim, 1 / totals[r]);
}

void BackwardTileRows(const QueryPart& part, const QueryGradients& gradients, int64_t begin,
                      int64_t end, TileScratch& scratch) {
  const int64_t rows = end - begin, dim = part.head_dim;
  const int64_t dim_blocks = CeilDiv(dim, kTileDepth), row_blocks = CeilDiv(rows, kTileDepth);
  const int64_t left = TileBlocks(rows) * dim_blocks * kTileElements;
  const int64_t right = TileBlocks(dim) * row_blocks * kTileElements;
  const float* query = part.query + begin * part.row;
  const float* dout = gradients.out_gradient + begin * part.out_row;
  uint16_t* queries = scratch.queries.Resize(left);
  uint16_t* douts = scratch.gradients.Resize(left);
  uint16_t* query_rows = scratch.query_rows.Resize(right);
  uint16_t* dout_rows = scratch.gradient_rows.Resize(right);
  PackLeftRows(query, part.row, rows, dim, queries);
  PackLeftRows(dout, part.out_row, rows, dim, douts);
  PackRightRows(query, part.row, rows, dim, query_rows);
  PackRightRows(dout, part.out_row, rows, dim, dout_rows);
  float deltas[kBackwardQueries];
  for (int64_t r = 0; r < rows; ++r) {
    deltas[r] =
        Kernels().dot(dout + r * part.out_row, gradients.out + (begin + r) * part.out_row, dim);
  }
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  constexpr int64_t kStride = kBackwardKeys + 16;
  float* p = scratch.scores.Resize(kBackwardQueries * kStride);
  float* ds = scratch.slopes.Resize(kBackwardQueries * kStride);
  uint16_t* weights = scratch.weights.Resize(kBackwardQueries * kBackwardKeys);
  uint16_t* turned = scratch.turned.Resize(kBackwardQueries * kBackwardKeys);
  const int64_t seen = part.first_position + end;
  for (int64_t key = 0; key < seen; key += kBackwardKeys) {
    const int64_t real = std::min(kBackwardKeys, seen - key), keys = RoundUpTo32(real);
    const int64_t at = key / kTileRows * dim_blocks * kTileElements;
    Multiply({queries, part.operands.key_columns + at, dim_blocks, dim_blocks, rows, keys}, p,
             kStride, Accumulate::kNo);
    Multiply({douts, part.operands.value_columns + at, dim_blocks, dim_blocks, rows, keys}, ds,
             kStride, Accumulate::kNo);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t valid = std::clamp<int64_t>(part.first_position + begin + r + 1 - key, 0, keys);
      Kernels().softmax_from_log_sum(p + r * kStride, valid, keys, scale,
                                     gradients.log_sums[(begin + r) * part.log_sum_step]);
      Kernels().softmax_backward(p + r * kStride, ds + r * kStride, keys, deltas[r], scale);
    }
    PackLeftTransposed(p, kStride, rows, keys, turned);
    Multiply({turned, dout_rows, row_blocks, row_blocks, real, dim}, gradients.values + key * dim,
             dim, Accumulate::kYes);
    PackLeftTransposed(ds, kStride, rows, keys, turned);
    Multiply({turned, query_rows, row_blocks, row_blocks, real, dim}, gradients.keys + key * dim,
             dim, Accumulate::kYes);
    PackLeftRows(ds, kStride, rows, keys, weights);
    Multiply({weights, part.operands.key_rows + key / kTileDepth * kTileElements, keys / kTileDepth,
              CeilDiv(part.operands.positions, kTileDepth), rows, dim},
             gradients.query + begin * part.row, part.row,
             key == 0 ? Accumulate::kNo : Accumulate::kYes);
  }
}

}  // namespace

int64_t ColumnTileElements(int64_t positions, int64_t head_dim) {
  return TileBlocks(positions) * CeilDiv(head_dim, kTileDepth) * kTileElements;
}

int64_t RowTileElements(int64_t positions, int64_t head_dim) {
  return TileBlocks(head_dim) * CeilDiv(positions, kTileDepth) * kTileElements;
}

void PackTileOperands(const float* keys, const float* values, int64_t head_dim,
                      const SegmentAttention::Operands& to) {
  const int64_t positions = to.positions;
  if (to.key_columns != nullptr) {
    PackRightColumns(keys, head_dim, positions, head_dim, to.key_columns);
  }
  if (to.value_columns != nullptr) {
    PackRightColumns(values, head_dim, positions, head_dim, to.value_columns);
  }
  if (to.key_rows != nullptr) PackRightRows(keys, head_dim, positions, head_dim, to.key_rows);
  if (to.value_rows != nullptr) PackRightRows(values, head_dim, positions, head_dim, to.value_rows);
}

void AttendTiles(const QueryPart& part, const QueryResults& results) {
  thread_local TileScratch scratch;
  for (int64_t begin = 0; begin < part.queries; begin += kForwardQueries) {
    AttendTileRows(part, results, begin, std::min(part.queries, begin + kForwardQueries), scratch);
  }
}

void AttendTilesBackward(const QueryPart& part, const QueryGradients& gradients) {
  thread_local TileScratch scratch;
  for (int64_t begin = 0; begin < part.queries; begin += kBackwardQueries) {
    BackwardTileRows(part, gradients, begin, std::min(part.queries, begin + kBackwardQueries),
                     scratch);
  }
}

}  // namespace mores::ops
