#include "train/packing.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "base/random.h"

namespace mores::train {
namespace {

// Windows of this many micro-batches are sorted by length: enough for sequences of one micro-batch
// to be of like length, few enough for their company to change from epoch to epoch.
constexpr int64_t kWindowMicroBatches = 32;

int64_t Sum(std::span<const int32_t> lengths) {
  return std::accumulate(lengths.begin(), lengths.end(), int64_t{0});
}

// Consecutive runs of `order` of at most `micro_batch_tokens`.
void PackRuns(std::span<const int32_t> lengths, std::span<const int32_t> order,
              int64_t micro_batch_tokens, std::vector<MicroBatch>& packed) {
  MicroBatch current;
  int64_t tokens = 0;
  for (const int32_t example : order) {
    const int32_t length = lengths[static_cast<size_t>(example)];
    if (!current.empty() && tokens + length > micro_batch_tokens) {
      packed.push_back(std::move(current));
      current.clear();
      tokens = 0;
    }
    current.push_back(example);
    tokens += length;
  }
  if (!current.empty()) packed.push_back(std::move(current));
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
  const double mean = static_cast<double>(Sum(lengths)) / static_cast<double>(lengths.size());
  const auto window = static_cast<size_t>(
      std::max(1.0, static_cast<double>(kWindowMicroBatches) *
                        static_cast<double>(options.micro_batch_tokens) / mean));
  std::vector<MicroBatch> packed;
  for (size_t begin = 0; begin < order.size(); begin += window) {
    const size_t count = std::min(window, order.size() - begin);
    const std::span<int32_t> part(order.data() + begin, count);
    std::stable_sort(part.begin(), part.end(), [&](int32_t a, int32_t b) {
      return lengths[static_cast<size_t>(a)] < lengths[static_cast<size_t>(b)];
    });
    PackRuns(lengths, part, options.micro_batch_tokens, packed);
  }
  random.Shuffle(packed);
  const int64_t steps = StepsPerEpoch(lengths, options);
  MORES_CHECK(static_cast<int64_t>(packed.size()) >= steps);
  std::vector<std::vector<MicroBatch>> plan(static_cast<size_t>(steps));
  for (size_t i = 0; i < packed.size(); ++i) {
    plan[i * static_cast<size_t>(steps) / packed.size()].push_back(std::move(packed[i]));
  }
  return plan;
}

std::vector<MicroBatch> PackByLength(std::span<const int32_t> lengths, int64_t micro_batch_tokens) {
  std::vector<int32_t> order = Indices(lengths.size());
  std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    return lengths[static_cast<size_t>(a)] > lengths[static_cast<size_t>(b)];
  });
  std::vector<MicroBatch> packed;
  PackRuns(lengths, order, micro_batch_tokens, packed);
  return packed;
}

}  // namespace mores::train
