#include "train/packing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/random.h"

namespace mores::train {
namespace {

int64_t Sum(std::span<const int32_t> lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
}

// Consecutive runs of `order` of at most `most_tokens`.
std::vector<std::vector<int32_t>> Runs(std::span<const int32_t> lengths,
                                       std::span<const int32_t> order, int64_t most_tokens) {
  std::vector<std::vector<int32_t>> runs;
  int64_t tokens = 0;
  for (const int32_t example : order) {
    const int32_t length = lengths[static_cast<size_t>(example)];
    if (runs.empty() || tokens + length > most_tokens) {
      runs.emplace_back();
      tokens = 0;
    }
    runs.back().push_back(example);
    tokens += length;
  }
  return runs;
}

// Consecutive runs of `order`, `count` of them, each ending nearest to an even share of what is
// left.
std::vector<std::vector<int32_t>> EvenRuns(std::span<const int32_t> lengths,
                                           std::span<const int32_t> order, size_t count) {
  std::vector<std::vector<int32_t>> runs(count);
  int64_t left = Sum(lengths);
  size_t next = 0;
  for (size_t i = 0; i < count; ++i) {
    const double share = static_cast<double>(left) / static_cast<double>(count - i);
    int64_t tokens = 0;
    // Every run behind this one gets an example.
    while (next + (count - i - 1) < order.size()) {
      const int32_t length = lengths[static_cast<size_t>(order[next])];
      const bool last = i + 1 == count;
      if (!last && tokens > 0 && static_cast<double>(tokens) + length / 2.0 > share) break;
      runs[i].push_back(order[next++]);
      tokens += length;
    }
    left -= tokens;
  }
  return runs;
}

std::vector<int32_t> Indices(size_t count) {
  std::vector<int32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

int64_t StepsPerEpoch(std::span<const int32_t> lengths, const PackingOptions& options) {
  const auto ratio =
      static_cast<double>(Sum(lengths)) / static_cast<double>(options.tokens_per_step);
  return std::clamp<int64_t>(std::llround(ratio), 1, static_cast<int64_t>(lengths.size()));
}

std::vector<std::vector<MicroBatch>> PlanEpoch(std::span<const int32_t> lengths,
                                               const PackingOptions& options, int64_t epoch) {
  Random random(options.seed, HashBytes("epoch") + static_cast<uint64_t>(epoch));
  std::vector<int32_t> order = Indices(lengths.size());
  random.Shuffle(order);
  const auto steps = static_cast<size_t>(StepsPerEpoch(lengths, options));
  std::vector<std::vector<MicroBatch>> plan;
  for (std::vector<int32_t>& run : EvenRuns(lengths, order, steps)) {
    std::stable_sort(run.begin(), run.end(), [&](int32_t a, int32_t b) {
      return lengths[static_cast<size_t>(a)] < lengths[static_cast<size_t>(b)];
    });
    plan.push_back(Runs(lengths, run, options.micro_batch_tokens));
  }
  return plan;
}

std::vector<MicroBatch> PackByLength(std::span<const int32_t> lengths, int64_t micro_batch_tokens) {
  std::vector<int32_t> order = Indices(lengths.size());
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return lengths[static_cast<size_t>(a)] > lengths[static_cast<size_t>(b)];
  });
  return Runs(lengths, order, micro_batch_tokens);
}

}  // namespace mores::train
