// Products in 16-bit whole numbers, two depths an instruction: for processors without bf16
// instructions, where they are up to twice as fast as float32's fused multiply-adds (AVX2's
// VPMADDWD, AVX-512's VPDPWSSD). An operand's values share a scale along each kScaleDepth of depth:
// the largest magnitude becomes kLargest, the others the nearest whole multiples, ties to even.
// Rounding changes a value by at most 1/11,584 of the largest of its 64, where bf16's changes it by
// up to 1/512 of itself: the largest ones less, those below 1/23 of the largest more.
//
// Order of summation of an output element: within 64 depths exactly, in whole numbers; then, depth
// block by depth block, sum += (float(whole) * scale of B) * scale of A, the last two fused. It
// depends on nothing else, so that every processor gives the same bits. Depths past the end are
// zeros. A block with an infinity or a NaN makes NaNs; one whose largest magnitude is under 2^-100
// is zeros.
#ifndef MORES_OPS_INT16_PAIRS_H_
#define MORES_OPS_INT16_PAIRS_H_

#include <cstdint>

#include "ops/kernels.h"

namespace mores::ops::int16 {

constexpr int64_t kScaleDepth = 64;
constexpr int64_t kColumns = 16;  // of a panel of B
// 64 products of two such values are below 2^31.
constexpr int64_t kLargest = 5792;
constexpr int64_t kPanelBlock = kColumns * kScaleDepth;  // elements of a panel in one depth block

constexpr int64_t DepthBlocks(int64_t depth) { return (depth + kScaleDepth - 1) / kScaleDepth; }

// Left operand: for each row [depth blocks][64] values and [depth blocks] scales.
// From one row of A.
void PackRow(const float* a, int64_t depth, int16_t* values, float* scales);
// From A stored as [depth][rows], stride `a_step`: rows `values_row` and `scales_row` apart.
void PackRowsTransposed(const float* a, int64_t a_step, int64_t rows, int64_t depth,
                        int16_t* values, int64_t values_row, float* scales, int64_t scales_row);

// Right operand, a panel of up to 16 columns: [depth blocks][32 pairs][16 columns][2] values and
// [depth blocks][16 columns] scales; columns past `columns` are zeros.
// From B stored as [columns][depth], stride `b_column` (a weight [out][in]).
void PackColumnsTransposed(const float* b, int64_t b_column, int64_t columns, int64_t depth,
                           int16_t* values, float* scales);
// From B row-major [depth][columns], stride `b_row`.
void PackColumns(const float* b, int64_t b_row, int64_t columns, int64_t depth, int16_t* values,
                 float* scales);

// C [rows, columns] from packed operands. REQUIRES: depth_blocks at least 1; panels and their
// scales begin at multiples of 64 bytes.
struct Block {
  int64_t rows, columns, depth_blocks;
  const int16_t* a;
  const float* a_scales;
  int64_t a_row, a_scales_row;
  const int16_t* b;  // panels of all columns
  const float* b_scales;
  int64_t b_panel, b_scales_panel;
  float* c;
  int64_t c_row;
  Accumulate accumulate;
};
// By what the level in force has.
void MatMul(const Block& block);

}  // namespace mores::ops::int16

#endif  // MORES_OPS_INT16_PAIRS_H_
