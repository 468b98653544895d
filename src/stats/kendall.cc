#include "stats/kendall.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace mores::stats {
namespace {

// Prefix sums that can be added to (Fenwick 1994).
class RunningSums {
 public:
  explicit RunningSums(size_t size) : sums_(size + 1) {}
  void Add(size_t position, double value) {
    for (size_t i = position + 1; i < sums_.size(); i += i & (~i + 1)) sums_[i] += value;
  }
  double Before(size_t position) const {
    double sum = 0;
    for (size_t i = position; i > 0; i -= i & (~i + 1)) sum += sums_[i];
    return sum;
  }

 private:
  std::vector<double> sums_;
};

double PairsAmong(double count) { return count * (count - 1) / 2; }

}  // namespace

RankedPairs::RankedPairs(std::span<const double> first, std::span<const double> second) {
  MORES_CHECK(first.size() == second.size());
  std::vector<double> levels(second.begin(), second.end());
  std::sort(levels.begin(), levels.end());
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  second_ranks_ = levels.size();
  std::vector<uint32_t> order(first.size());
  std::iota(order.begin(), order.end(), 0u);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return first[a] < first[b]; });
  entries_.reserve(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    const auto rank = std::lower_bound(levels.begin(), levels.end(), second[order[i]]);
    entries_.push_back(
        {.index = order[i],
         .second_rank = static_cast<uint32_t>(rank - levels.begin()),
         .last_of_tie = i + 1 == order.size() || first[order[i + 1]] != first[order[i]]});
  }
}

double RankedPairs::TauB(std::span<const double> weights) const {
  RunningSums sums(second_ranks_);
  std::vector<double> of_rank(second_ranks_);
  double seen = 0;        // weight of the items below the current tie in the first scoring
  double concordant = 0;  // less the discordant
  double tied_first = 0, tied_second = 0;
  size_t tie_begin = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].last_of_tie) continue;
    double tie = 0;
    for (size_t k = tie_begin; k <= i; ++k) {
      const double weight = weights.empty() ? 1 : weights[entries_[k].index];
      const size_t rank = entries_[k].second_rank;
      const double below = sums.Before(rank);
      const double above = seen - below - of_rank[rank];
      concordant += weight * (below - above);
      tie += weight;
    }
    for (size_t k = tie_begin; k <= i; ++k) {
      const double weight = weights.empty() ? 1 : weights[entries_[k].index];
      sums.Add(entries_[k].second_rank, weight);
      of_rank[entries_[k].second_rank] += weight;
    }
    seen += tie;
    tied_first += PairsAmong(tie);
    tie_begin = i + 1;
  }
  for (const double count : of_rank) tied_second += PairsAmong(count);
  const double pairs = PairsAmong(seen);
  const double room = (pairs - tied_first) * (pairs - tied_second);
  return room > 0 ? concordant / std::sqrt(room) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace mores::stats
