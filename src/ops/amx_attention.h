// Causal attention of one head on AMX tiles: queries, keys, weights and values are rounded to bf16,
// scores and sums are float32, and so is the softmax. Sums over keys go by blocks of 32 absolute
// positions in order, so a query's result does not depend on what is computed with it.
#ifndef MORES_OPS_AMX_ATTENTION_H_
#define MORES_OPS_AMX_ATTENTION_H_

#include <cstdint>

#include "ops/attention.h"

namespace mores::ops::amx {

// Heads must be whole tiles.
inline bool CanAttend(int64_t head_dim) { return head_dim % 32 == 0; }

// bf16 elements of keys, or of values, for `positions` rounded up to 32.
inline int64_t HeadElements(int64_t positions, int64_t head_dim) {
  return (positions + 31) / 32 * 32 * head_dim;
}

// Keys: [position / 16][dim / 32][16 pairs of dims][16 positions][2].
// Values: [position / 32][dim / 16][16 pairs of positions][16 dims][2].
// Rows [count][head_dim] with stride `row` become positions first, first + 1, ...
void StoreKeys(const float* keys, int64_t row, int64_t first, int64_t count, int64_t head_dim,
               uint16_t* tiles);
void StoreValues(const float* values, int64_t row, int64_t first, int64_t count, int64_t head_dim,
                 uint16_t* tiles);
// Zeroes what is left of the last 32 of `positions`: unused values must be numbers.
void ClearValuesAfter(int64_t positions, int64_t head_dim, uint16_t* tiles);
// Positions [0, count) of one sequence to another.
void CopyKeys(const uint16_t* from, int64_t count, int64_t head_dim, uint16_t* to);
void CopyValues(const uint16_t* from, int64_t count, int64_t head_dim, uint16_t* to);

struct AttentionTiles {
  const uint16_t* keys;
  const uint16_t* values;
};
// `args` as for ops::Attend, but for its key_panels and values, and without log sums.
void Attend(const AttentionForward& args, const AttentionTiles& tiles, AttentionScratch& scratch);

}  // namespace mores::ops::amx

#endif  // MORES_OPS_AMX_ATTENTION_H_
