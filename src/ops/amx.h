// bf16 products on AMX tiles. A tile holds 16 rows of 32 bf16 values (left operand) or 16 pairs of
// depth by 16 columns (right operand), 1 KB either way. Packed operands are arrays of tiles,
// [block][depth block], zero-filled to whole pairs of blocks.
//
// Order of summation of an output element: depth blocks of 32 in order; within one, the processor
// sums the even and the odd depths apart, and adds both to the accumulator (Intel SDM, TDPBF16PS).
// It depends on nothing else.
//
// Products need AMX; packing needs avx512_bf16 alone, and serves ops/bf16_pairs.h too.
#ifndef MORES_OPS_AMX_H_
#define MORES_OPS_AMX_H_

#include <cstdint>

#include "ops/kernels.h"

namespace mores::ops::amx {

constexpr int64_t kTileRows = 16;   // rows of A, columns of B
constexpr int64_t kTileDepth = 32;  // bf16 values along K
constexpr int64_t kTileElements = kTileRows * kTileDepth;
// Up to this depth, writing C costs more than reading A and B.
constexpr int64_t kShallowDepth = 1024;

// Left operand: 16 rows. From A row-major, `rows` of them real, stride `a_row`: the whole tile row
// [depth blocks][16][32] at `out`.
void PackRows(const float* a, int64_t a_row, int64_t rows, int64_t depth, uint16_t* out);
// One tile of it, from A stored as [depth][rows], stride `a_step`, `a` at the tile's first element.
void PackRowTileTransposed(const float* a, int64_t a_step, int64_t rows, int64_t depth,
                           uint16_t* tile);

// Right operand: 16 columns. From B stored as [columns][depth], stride `b_column` (a weight
// [out][in]): the whole tile column [depth blocks][16 pairs][16 columns][2] at `out`.
void PackColumnsTransposed(const float* b, int64_t b_column, int64_t columns, int64_t depth,
                           uint16_t* out);
// One tile of it, from B row-major [depth][columns], stride `b_row`, `b` at its first element.
void PackColumnTile(const float* b, int64_t b_row, int64_t columns, int64_t depth, uint16_t* tile);
// The same of B in bf16, possibly unaligned; strides in elements. The last: two tiles side by side,
// `second` the one of columns 16 to 31.
void PackColumnsTransposedBf16(const char* b, int64_t b_column, int64_t columns, int64_t depth,
                               uint16_t* out);
void PackColumnTilesBf16(const char* b, int64_t b_row, int64_t columns, int64_t depth,
                         uint16_t* first, uint16_t* second);

// C rows [row_begin, row_end) by columns [column_begin, column_end) from packed operands. Begins
// are multiples of 32; ends are too, or the matrix's own ends.
struct Block {
  const uint16_t* a;       // all rows of A, packed
  const uint16_t* b;       // all columns of B, packed
  int64_t a_step, b_step;  // elements from 16 rows or columns to the next: of all their depth
  int64_t depth_blocks;    // how many to multiply, from where a and b point to
  int64_t row_begin, row_end, column_begin, column_end;
  float* c;
  int64_t c_row;
  Accumulate accumulate;
};
void MatMul(const Block& block);

// H = silu(A G) * (A U), rounded and packed as a left operand. Rows as in Block; columns begin and
// end at multiples of 32, and are those of G, of U and of H.
struct GatedBlock {
  const uint16_t* a;
  const uint16_t* gate;  // all of G, packed
  const uint16_t* up;    // all of U, packed
  int64_t depth_blocks;
  int64_t row_begin, row_end, column_begin, column_end;
  uint16_t* h;  // all of H, packed
  int64_t h_depth_blocks;
};
void MatMulSwiGlu(const GatedBlock& block);

}  // namespace mores::ops::amx

#endif  // MORES_OPS_AMX_H_
