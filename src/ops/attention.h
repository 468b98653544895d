// Causal attention of one head. Sums are float32 and in order of the key's absolute position, so a
// query's result does not depend on how many queries are computed with it.
#ifndef MORES_OPS_ATTENTION_H_
#define MORES_OPS_ATTENTION_H_

#include <algorithm>
#include <cstdint>

#include "tensor/buffer.h"

namespace mores::ops {

// Keys are kept transposed, 32 positions a panel: [ceil(positions / 32)][head_dim][32].
constexpr int64_t kKeyPanel = 32;
inline int64_t KeyPanelElements(int64_t positions, int64_t head_dim) {
  return (positions + kKeyPanel - 1) / kKeyPanel * kKeyPanel * head_dim;
}
// Writes keys [count][head_dim] with stride `row` to the panels as positions first, first + 1, ...
void StoreKeys(const float* keys, int64_t row, int64_t first, int64_t count, int64_t head_dim,
               float* panels);
// Copies the keys of positions [0, count).
void CopyKeys(const float* from, int64_t count, int64_t head_dim, float* to);
// Zeroes what is left of the last panel of `positions`: unused positions must hold numbers.
void ClearKeysAfter(int64_t positions, int64_t head_dim, float* panels);
// Both, for all keys [positions][head_dim] of a sequence.
void PackKeys(const float* keys, int64_t row, int64_t positions, int64_t head_dim, float* panels);

struct AttentionScratch {
  tensor::AlignedBuffer<float> scores, gradients;
  tensor::AlignedBuffer<uint16_t> tiles;
};

// Rows are (query position, head) pairs that share keys and values.
struct AttentionForward {
  const float* query;  // row r at query + r * query_row, [head_dim]
  int64_t query_row;
  int64_t rows;
  int64_t first_position;     // absolute position of row 0
  int64_t position_step = 1;  // 1: a row a position; 0: all rows at one position (several heads)
  const float* key_panels;    // finite up to the last panel's end
  const float* values;        // [positions][head_dim] with stride value_row
  int64_t value_row;
  int64_t head_dim;
  float* out;  // row r at out + r * out_row, [head_dim]
  int64_t out_row;
  float* log_sums;  // null, or row r's log of the sum of exp at log_sums[r * log_sum_step]
  int64_t log_sum_step;
  int64_t window = 0;  // positions that a query sees, its own included; 0: all

  // What row r sees: [first_key(r), end_key(r)).
  int64_t end_key(int64_t r) const { return first_position + r * position_step + 1; }
  int64_t first_key(int64_t r) const {
    return window > 0 ? std::max<int64_t>(0, end_key(r) - window) : 0;
  }
};
void Attend(const AttentionForward& args, AttentionScratch& scratch);

}  // namespace mores::ops

#endif  // MORES_OPS_ATTENTION_H_
