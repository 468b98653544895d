// How many records of each source are taken, and which.
#ifndef MORES_DATA_SAMPLING_H_
#define MORES_DATA_SAMPLING_H_

#include <cstddef>
#include <vector>

#include "data/item.h"
#include "data/recipe.h"

namespace mores::data {

// Shares `total` out by weights, no share above its bound: what one can't take goes to the others.
// Shares are whole numbers; they sum to `total` where the bounds allow it.
std::vector<size_t> ShareOut(size_t total, const std::vector<double>& weights,
                             const std::vector<size_t>& bounds);

// Leaves out dialogues longer than the recipe allows in their language. Languages must be known.
void DropLongItems(const Recipe& recipe, std::vector<Item>& items);

// Takes about `sample_records` training records, from each source by the square root of its size or
// by its size, at most `max_records`; within a source evenly by language and, where its labels are
// balanced, by label, as far as there are any. Validation shrinks in the same proportion. Which
// records go is by a hash of seed and id.
void SampleItems(const Recipe& recipe, std::vector<Item>& items);

}  // namespace mores::data

#endif  // MORES_DATA_SAMPLING_H_
