// What one thread computes of ops/segment_attention.h: some queries of one head, in float32 panels
// or in bf16 tiles.
#ifndef MORES_OPS_SEGMENT_PARTS_H_
#define MORES_OPS_SEGMENT_PARTS_H_

#include <cstdint>

#include "ops/segment_attention.h"

namespace mores::ops {

// Queries at consecutive positions, the first at `first_position`; what is by query lies `row`,
// `out_row` and `log_sum_step` apart.
struct QueryPart {
  const SegmentAttention::Operands& operands;
  int64_t head_dim;
  int64_t queries, first_position;
  const float* query;
  int64_t row, out_row, log_sum_step;
};

// Written.
struct QueryResults {
  float *out, *log_sums;
};

struct QueryGradients {
  const float *out, *log_sums;  // results
  const float* out_gradient;
  float* query;          // written, with the queries' stride
  float *keys, *values;  // added to: [first_position + queries][head_dim]
};

// Packs keys and values [positions][head_dim] where the operands have room for them; null: not.
void PackTileOperands(const float* keys, const float* values, int64_t head_dim,
                      const SegmentAttention::Operands& to);
// bf16 elements of keys, or values, packed over dimensions, and over positions.
int64_t ColumnTileElements(int64_t positions, int64_t head_dim);
int64_t RowTileElements(int64_t positions, int64_t head_dim);

void AttendTiles(const QueryPart& part, const QueryResults& results);
void AttendTilesBackward(const QueryPart& part, const QueryGradients& gradients);
void AttendPanels(const QueryPart& part, const QueryResults& results);
void AttendPanelsBackward(const QueryPart& part, const QueryGradients& gradients);

}  // namespace mores::ops

#endif  // MORES_OPS_SEGMENT_PARTS_H_
