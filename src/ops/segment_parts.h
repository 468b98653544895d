// What one thread computes of ops/segment_attention.h: some queries of one head, in float32 panels
// or in bf16 tiles.
#ifndef MORES_OPS_SEGMENT_PARTS_H_
#define MORES_OPS_SEGMENT_PARTS_H_

#include <cstdint>

#include "ops/segment_attention.h"

namespace mores::ops {

// Queries at consecutive positions, the first at `first_position`; rows `row` and `out_row` apart.
struct QueryPart {
  const SegmentAttention::Operands& operands;
  int64_t head_dim;
  int64_t queries, first_position;
  const float* query;
  int64_t row;
  float* out;
  int64_t out_row;
  float* log_sums;
  int64_t log_sum_step;
};

struct QueryPartGradients {
  const float* out;      // by `out`, with its stride
  float* query;          // written, with the queries' stride
  float *keys, *values;  // added to: [first_position + queries][head_dim]
};

// Packs keys and values [positions][head_dim] where the operands have room for them; null: not.
void PackTileOperands(const float* keys, const float* values, int64_t head_dim,
                      const SegmentAttention::Operands& to);
// bf16 elements of keys, or values, packed over dimensions, and over positions.
int64_t ColumnTileElements(int64_t positions, int64_t head_dim);
int64_t RowTileElements(int64_t positions, int64_t head_dim);

void AttendTiles(const QueryPart& part);
void AttendTilesBackward(const QueryPart& part, const QueryPartGradients& gradients);
void AttendPanels(const QueryPart& part);
void AttendPanelsBackward(const QueryPart& part, const QueryPartGradients& gradients);

}  // namespace mores::ops

#endif  // MORES_OPS_SEGMENT_PARTS_H_
