#include "train/packing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/random.h"

namespace mores::train {
namespace {

std::vector<int32_t> RandomLengths(size_t count, int32_t longest) {
  Random random(7);
  std::vector<int32_t> lengths(count);
  for (int32_t& length : lengths) {
    length = 1 + static_cast<int32_t>(random.Below(static_cast<uint64_t>(longest)));
  }
  return lengths;
}

int64_t Tokens(const std::vector<int32_t>& lengths, const MicroBatch& batch) {
  int64_t tokens = 0;
  for (const int32_t example : batch) tokens += lengths[static_cast<size_t>(example)];
  return tokens;
}

TEST(Packing, EveryExampleOnceAndNoStepEmpty) {
  const std::vector<int32_t> lengths = RandomLengths(5000, 300);
  const PackingOptions options{.micro_batch_tokens = 512, .tokens_per_step = 4096, .seed = 3};
  const auto plan = PlanEpoch(lengths, options, 2);
  EXPECT_EQ(static_cast<int64_t>(plan.size()), StepsPerEpoch(lengths, options));
  std::vector<int> seen(lengths.size());
  for (const auto& step : plan) {
    EXPECT_FALSE(step.empty());
    int64_t tokens = 0;
    for (const MicroBatch& batch : step) {
      EXPECT_LE(Tokens(lengths, batch), 512);
      tokens += Tokens(lengths, batch);
      for (const int32_t example : batch) ++seen[static_cast<size_t>(example)];
    }
    EXPECT_NEAR(static_cast<double>(tokens), 4096, 300) << "within an example";
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 1), 5000);
}

TEST(Packing, DependsOnSeedAndEpochOnly) {
  const std::vector<int32_t> lengths = RandomLengths(400, 100);
  const PackingOptions options{.micro_batch_tokens = 256, .tokens_per_step = 1024, .seed = 3};
  EXPECT_EQ(PlanEpoch(lengths, options, 0), PlanEpoch(lengths, options, 0));
  EXPECT_NE(PlanEpoch(lengths, options, 0), PlanEpoch(lengths, options, 1));
  PackingOptions other = options;
  other.seed = 4;
  EXPECT_NE(PlanEpoch(lengths, options, 0), PlanEpoch(lengths, other, 0));
}

// A step's mean length is near that of all.
TEST(Packing, StepsHoldAllLengths) {
  const std::vector<int32_t> lengths = RandomLengths(20000, 500);
  for (const int64_t micro_batch_tokens : {2048, 8192}) {
    const PackingOptions options{
        .micro_batch_tokens = micro_batch_tokens, .tokens_per_step = 8192, .seed = 1};
    for (const auto& step : PlanEpoch(lengths, options, 0)) {
      double sum = 0, count = 0;
      for (const MicroBatch& batch : step) {
        sum += static_cast<double>(Tokens(lengths, batch));
        count += static_cast<double>(batch.size());
      }
      // Of a step's about 33 lengths, 144 is the standard deviation of each.
      EXPECT_NEAR(sum / count, 250, 5 * 144 / std::sqrt(count));
    }
  }
}

TEST(Packing, AStepMayBeOneMicroBatchThatIsNotFull) {
  const std::vector<int32_t> lengths = RandomLengths(500, 300);
  const PackingOptions options{.micro_batch_tokens = 2048, .tokens_per_step = 1024, .seed = 3};
  const auto plan = PlanEpoch(lengths, options, 0);
  EXPECT_EQ(static_cast<int64_t>(plan.size()), StepsPerEpoch(lengths, options));
  for (const auto& step : plan) EXPECT_EQ(step.size(), 1u);
  // Examples longer than a step: each is one.
  const std::vector<int32_t> longer(7, 100);
  EXPECT_EQ(PlanEpoch(longer, {.micro_batch_tokens = 128, .tokens_per_step = 16}, 0).size(), 7u);
}

TEST(Packing, FewExamplesMakeOneStep) {
  const std::vector<int32_t> lengths{5, 3};
  const auto plan = PlanEpoch(lengths, {.micro_batch_tokens = 8, .tokens_per_step = 1000}, 0);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].size(), 1u);
}

// As many full-length sequences as steps: the tightest case for "no step empty".
TEST(Packing, SequencesAsLongAsAMicroBatch) {
  const std::vector<int32_t> lengths(10, 64);
  const auto plan = PlanEpoch(lengths, {.micro_batch_tokens = 64, .tokens_per_step = 64}, 0);
  ASSERT_EQ(plan.size(), 10u);
  for (const auto& step : plan) EXPECT_EQ(step.size(), 1u);
}

TEST(Packing, ForEvaluationLongestFirst) {
  const std::vector<int32_t> lengths{3, 9, 4, 4};
  const std::vector<MicroBatch> packed = PackByLength(lengths, 8);
  ASSERT_EQ(packed.size(), 3u);
  EXPECT_EQ(packed[0], MicroBatch({1}));
  EXPECT_EQ(packed[1], MicroBatch({2, 3}));
  EXPECT_EQ(packed[2], MicroBatch({0}));
}

}  // namespace
}  // namespace mores::train
