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

// What the last run leaves is shared by the last two.
void EvenOutLast(std::span<const int32_t> lengths, std::vector<std::vector<int32_t>>& runs) {
  if (runs.size() < 2) return;
  std::vector<int32_t>& before = runs[runs.size() - 2];
  std::vector<int32_t>& last = runs.back();
  const auto tokens = [&](const std::vector<int32_t>& run) {
    int64_t sum = 0;
    for (const int32_t example : run) sum += lengths[static_cast<size_t>(example)];
    return sum;
  };
  int64_t difference = tokens(before) - tokens(last);
  while (difference > 2 * int64_t{lengths[static_cast<size_t>(before.back())]}) {
    difference -= 2 * int64_t{lengths[static_cast<size_t>(before.back())]};
    last.push_back(before.back());
    before.pop_back();
  }
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
  return std::max<int64_t>(1, std::llround(ratio));
}

std::vector<std::vector<MicroBatch>> PlanEpoch(std::span<const int32_t> lengths,
                                               const PackingOptions& options, int64_t epoch) {
  MORES_CHECK(options.tokens_per_step >= options.micro_batch_tokens);
  Random random(options.seed, HashBytes("epoch") + static_cast<uint64_t>(epoch));
  std::vector<int32_t> order = Indices(lengths.size());
  random.Shuffle(order);
  std::vector<std::vector<int32_t>> runs = Runs(lengths, order, options.tokens_per_step);
  const auto steps = static_cast<size_t>(StepsPerEpoch(lengths, options));
  if (runs.size() == steps) EvenOutLast(lengths, runs);
  MORES_CHECK(runs.size() >= steps);
  std::vector<std::vector<MicroBatch>> plan(steps);
  for (size_t i = 0; i < runs.size(); ++i) {
    std::stable_sort(runs[i].begin(), runs[i].end(), [&](int32_t a, int32_t b) {
      return lengths[static_cast<size_t>(a)] < lengths[static_cast<size_t>(b)];
    });
    for (MicroBatch& packed : Runs(lengths, runs[i], options.micro_batch_tokens)) {
      // Where there are more runs than steps, the last, which may be short, isn't alone.
      plan[steps - 1 - (runs.size() - 1 - i) * steps / runs.size()].push_back(std::move(packed));
    }
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
