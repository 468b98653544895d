// Whether two scorings put the same items in the same order.
#ifndef MORES_STATS_KENDALL_H_
#define MORES_STATS_KENDALL_H_

#include <cstdint>
#include <span>
#include <vector>

namespace mores::stats {

// Kendall's tau-b, corrected for ties (Kendall 1945): (concordant - discordant pairs) over the
// geometric mean of the pairs untied in the first and those untied in the second scoring. Sorted
// once, so that each reweighting takes O(n log n), as in Knight 1966.
class RankedPairs {
 public:
  // REQUIRES: as many `second` as `first`, all finite.
  RankedPairs(std::span<const double> first, std::span<const double> second);

  // `weights` by index into what was given, such as how often a resample drew each item; copies of
  // one item are tied with each other in both scorings. Empty means 1 each. NaN where either
  // scoring ties all items.
  double TauB(std::span<const double> weights = {}) const;

 private:
  struct Entry {
    uint32_t index;
    uint32_t second_rank;  // dense, from 0
    bool last_of_tie;      // in the first scoring
  };
  std::vector<Entry> entries_;  // by ascending first score
  size_t second_ranks_ = 0;
};

}  // namespace mores::stats

#endif  // MORES_STATS_KENDALL_H_
