// Near-duplicate search by character 5-grams: exact, no sketches. Two texts are near-duplicates
// when the Jaccard similarity of their sets of 5-grams, taken over code points after
// text::NormalizeForMatch, is at least a threshold. Candidates come from an inverted index by
// prefix filtering (Chaudhuri, Ganti, Kaushik 2006; Bayardo, Ma, Srikant 2007), which loses none:
// with all grams in one order, rare ones first, two sets that are similar enough share a gram among
// the first |x| - ceil(t |x|) + 1 of each; and, by the same count, k of the first
// |x| - ceil(t |x|) + k.
#ifndef MORES_DATA_NEAR_DUPLICATES_H_
#define MORES_DATA_NEAR_DUPLICATES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mores::data {

// The set of 5-grams of a text that NormalizeForMatch has been through, as sorted distinct 64-bit
// hashes. A text of fewer than five code points is one gram; an empty one has none, and is a
// near-duplicate of nothing.
using GramSet = std::vector<uint64_t>;
GramSet CharacterGrams(std::string_view normalized);
// Of a text as it is.
GramSet GramsOfText(std::string_view text);

// Size of the intersection of two sorted sets.
size_t CountShared(const GramSet& a, const GramSet& b);

class NearDuplicateIndex {
 public:
  // `permille` is the threshold in thousandths, 1 to 1000.
  NearDuplicateIndex(std::vector<GramSet> sets, int permille);

  // Calls `visit` with the index of every set that is similar enough, in rising order; a visit that
  // returns false ends the search. Thread-safe.
  void ForEachMatch(const GramSet& set, const std::function<bool(size_t)>& visit) const;
  bool HasMatch(const GramSet& set) const;

 private:
  // Grams by rank, rarest first; those that no indexed set has are rarer than all.
  std::vector<uint64_t> Prefix(const GramSet& set) const;
  bool Similar(const GramSet& a, const GramSet& b) const;

  std::vector<GramSet> sets_;
  uint64_t permille_;
  std::unordered_map<uint64_t, uint32_t> frequency_;
  std::unordered_map<uint64_t, std::vector<uint32_t>> postings_;  // of prefix grams only
};

}  // namespace mores::data

#endif  // MORES_DATA_NEAR_DUPLICATES_H_
