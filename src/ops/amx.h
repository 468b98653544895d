// bf16 products on AMX tiles. A tile holds 16 rows of 32 bf16 values (left operand) or 16 pairs of
// depth by 16 columns (right operand), 1 KB either way. Packed operands are arrays of tiles,
// [block][depth block], zero-filled to whole pairs of blocks.
//
// Order of summation of an output element: depth blocks of 32 in order; within one, the processor
// sums the even and the odd depths apart, and adds both to the accumulator (Intel SDM, TDPBF16PS).
// It depends on nothing else.
#ifndef MORES_OPS_AMX_H_
#define MORES_OPS_AMX_H_

#include <cstdint>

#include "ops/kernels.h"

namespace mores::ops::amx {

constexpr int64_t kTileRows = 16;   // rows of A, columns of B
constexpr int64_t kTileDepth = 32;  // bf16 values along K
constexpr int64_t kTileElements = kTileRows * kTileDepth;

// Left operand. `out` is one tile row: [depth blocks][16][32].
// From A row-major [16 rows at `a` with stride `a_row`, `rows` of them real][depth].
void PackRows(const float* a, int64_t a_row, int64_t rows, int64_t depth, uint16_t* out);
// From A stored as [depth][rows], stride `a_step`.
void PackRowsTransposed(const float* a, int64_t a_step, int64_t rows, int64_t depth, uint16_t* out);

// Right operand. `out` is one tile column: [depth blocks][16 pairs][16 columns][2].
// From B row-major [depth][columns], stride `b_row`.
void PackColumns(const float* b, int64_t b_row, int64_t columns, int64_t depth, uint16_t* out);
// From B stored as [columns][depth], stride `b_column`: a weight [out][in].
void PackColumnsTransposed(const float* b, int64_t b_column, int64_t columns, int64_t depth,
                           uint16_t* out);

// C rows [row_begin, row_end) by columns [column_begin, column_end) from packed operands. Begins
// are multiples of 32; ends are too, or the matrix's own ends.
struct Block {
  const uint16_t* a;  // all of A, packed
  const uint16_t* b;  // all of B, packed
  int64_t depth_blocks;
  int64_t row_begin, row_end, column_begin, column_end;
  float* c;
  int64_t c_row;
  Accumulate accumulate;
};
void MatMul(const Block& block);

}  // namespace mores::ops::amx

#endif  // MORES_OPS_AMX_H_
