// Training, validation and held-out sources, split by query.
#ifndef MORES_DATA_SPLIT_H_
#define MORES_DATA_SPLIT_H_

#include <vector>

#include "base/error.h"
#include "base/threads.h"
#include "data/item.h"
#include "data/recipe.h"

namespace mores::data {

// Kept items are tied into groups: by the same query (the response where there is no query), by a
// key of Record::groups, by near-duplicate queries, and by Record::block. Whole groups go to
// validation, in an order that the seed shuffles, until each source has `valid_fraction` of its
// records there; a group that would give a source more than twice its share stays in training.
// Held-out sources, and records that `holdout_where` selects, go to kHoldout whole. What is left in
// training although its query is in, or near, another split (through a block, or what is held out)
// is dropped as kNearValidation.
void SplitItems(const Recipe& recipe, ThreadPool& pool, std::vector<Item>& items);

// Brings each (source, Chinese or not, label) cell of each split to the wanted share of unsafe by
// dropping items or by weights, and each source's training items below its bound; which items go is
// by a hash of seed and id. A cell that has one label only is left as it is.
void BalanceItems(const Recipe& recipe, std::vector<Item>& items);

}  // namespace mores::data

#endif  // MORES_DATA_SPLIT_H_
