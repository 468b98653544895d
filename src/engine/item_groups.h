// Which items go side by side.
#ifndef MORES_ENGINE_ITEM_GROUPS_H_
#define MORES_ENGINE_ITEM_GROUPS_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "engine/engine.h"

namespace mores::engine {

// A beginning shorter than this costs as much to take over as to compute.
inline constexpr int64_t kLeastShared = 4;
// What groups have in common is kept from one to the next where it is at least so long.
inline constexpr int64_t kLeastKept = 32;
// Positions that the caches of a group hold, shared ones too, at most: so many times batch_tokens.
inline constexpr int64_t kMostKept = 8;

inline int64_t CommonPrefix(std::span<const int32_t> a, std::span<const int32_t> b) {
  return std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
}

// Adapter by adapter, as they come first, and in the order of the prompts: those that may share
// what they begin with are neighbours.
template <class Item>
std::vector<size_t> InOrderOfPrompts(std::span<const Item> items,
                                     const std::vector<size_t>& valid) {
  std::vector<size_t> first_of(items.size());  // the first item of the same adapter
  std::map<const model::PackedAdapter*, size_t> first;
  for (const size_t item : valid) {
    first_of[item] = first.emplace(items[item].adapter, item).first->second;
  }
  std::vector<size_t> order = valid;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    if (first_of[a] != first_of[b]) return first_of[a] < first_of[b];
    return std::lexicographical_compare(items[a].prompt.begin(), items[a].prompt.end(),
                                        items[b].prompt.begin(), items[b].prompt.end());
  });
  return order;
}

// Item indices in groups to be computed side by side, bounded by tokens to compute, by positions to
// keep and by count. `length(item)`: positions. Lengths need not be alike: nothing is padded.
template <class Item, class Length>
std::vector<std::vector<size_t>> GroupItems(std::span<const Item> items,
                                            const std::vector<size_t>& valid, const Length& length,
                                            const EngineOptions& options) {
  std::vector<std::vector<size_t>> groups;
  int64_t tokens = 0, positions = 0;  // of the last group
  for (const size_t item : InOrderOfPrompts(items, valid)) {
    const int64_t prompt = static_cast<int64_t>(items[item].prompt.size());
    int64_t added = length(item);
    if (!groups.empty() && items[groups.back().back()].adapter == items[item].adapter) {
      const int64_t shared = std::min(
          CommonPrefix(items[groups.back().back()].prompt, items[item].prompt), prompt - 1);
      if (shared >= kLeastShared) added -= shared;
    }
    if (groups.empty() || tokens + added > options.batch_tokens ||
        positions + length(item) > kMostKept * options.batch_tokens ||
        static_cast<int64_t>(groups.back().size()) >= options.max_sequences) {
      groups.emplace_back();
      tokens = positions = 0;
      if (length(item) - added < kLeastKept) added = length(item);
    }
    groups.back().push_back(item);
    tokens += added;
    positions += length(item);
  }
  return groups;
}

}  // namespace mores::engine

#endif  // MORES_ENGINE_ITEM_GROUPS_H_
