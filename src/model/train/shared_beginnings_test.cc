#include "model/train/shared_beginnings.h"

#include <gtest/gtest.h>

#include <map>

#include "base/random.h"

namespace mores::model {
namespace {

// The tokens that a row of a batch stands after, its own included.
std::vector<int32_t> Before(const TrainBatch& batch, int32_t row) {
  int32_t segment = 0;
  while (batch.offsets[static_cast<size_t>(segment) + 1] <= row) ++segment;
  std::vector<int32_t> tokens;
  const int32_t begin = batch.offsets[static_cast<size_t>(segment)];
  if (const int32_t parent = batch.parent(segment); parent >= 0) {
    tokens = Before(batch, batch.offsets[static_cast<size_t>(parent) + 1] - 1);
  }
  tokens.insert(tokens.end(), batch.tokens.begin() + begin, batch.tokens.begin() + row + 1);
  return tokens;
}

// Sequences made of a few beginnings, some of which go on from others, some of them twice.
TrainBatch RandomBatch(uint64_t seed) {
  Random random(seed);
  const auto below = [&](uint64_t bound) { return static_cast<int32_t>(random.Below(bound)); };
  std::vector<std::vector<int32_t>> texts;
  const int count = 1 + below(9);
  for (int i = 0; i < count; ++i) {
    std::vector<int32_t> text;
    if (!texts.empty() && below(4) > 0) {
      text = texts[static_cast<size_t>(below(texts.size()))];
      text.resize(1 + static_cast<size_t>(below(text.size())));
    }
    const int more = below(3) == 0 ? 0 : below(60);
    for (int j = 0; j < more || text.empty(); ++j) text.push_back(below(3));
    texts.push_back(text);
  }
  TrainBatch batch{.offsets = {0}};
  for (size_t i = 0; i < texts.size(); ++i) {
    const bool child = i > 0 && below(4) == 0;
    batch.parents.push_back(child ? below(i) : -1);
    for (const int32_t token : texts[i]) {
      const auto row = static_cast<int32_t>(batch.tokens.size());
      batch.tokens.push_back(token);
      for (int32_t target = 0; target < 3; ++target) {
        if (below(3) == 0) {
          batch.predictions.push_back(
              {.row = row, .token = target, .weight = static_cast<float>(1 + below(4))});
        }
      }
    }
    batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  }
  return batch;
}

TEST(SharedBeginnings, EveryRowStandsAfterWhatItStoodAfter) {
  int smaller = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const TrainBatch batch = RandomBatch(seed);
    const SharedBeginnings shared(batch);
    const TrainBatch& now = shared.batch();
    smaller += now.tokens.size() < batch.tokens.size() ? 1 : 0;
    for (int64_t segment = 0; segment < now.segments(); ++segment) {
      EXPECT_LT(now.parent(segment), segment);
      EXPECT_LT(now.offsets[static_cast<size_t>(segment)],
                now.offsets[static_cast<size_t>(segment) + 1]);
    }
    for (int32_t row = 0; row < static_cast<int32_t>(batch.tokens.size()); ++row) {
      ASSERT_EQ(Before(now, shared.row(row)), Before(batch, row)) << seed << ", row " << row;
    }
    // Weights come together where predictions do, and figures go back to each.
    std::map<std::pair<int32_t, int32_t>, float> expected, found;
    std::vector<float> weights, sums(now.predictions.size());
    for (const Prediction& prediction : batch.predictions) {
      expected[{shared.row(prediction.row), prediction.token}] += prediction.weight;
      weights.push_back(prediction.weight);
    }
    shared.AddUp(weights, sums);
    BatchFigures figures;
    for (size_t i = 0; i < now.predictions.size(); ++i) {
      const Prediction& prediction = now.predictions[i];
      if (i > 0) {
        EXPECT_GE(prediction.row, now.predictions[i - 1].row);
      }
      found[{prediction.row, prediction.token}] += sums[i];
      figures.nll.push_back(static_cast<float>(prediction.row * 3 + prediction.token));
    }
    EXPECT_EQ(found, expected);
    const BatchFigures spread = shared.Spread(figures);
    ASSERT_EQ(spread.nll.size(), batch.predictions.size());
    for (size_t i = 0; i < spread.nll.size(); ++i) {
      const Prediction& prediction = batch.predictions[i];
      EXPECT_EQ(spread.nll[i],
                static_cast<float>(shared.row(prediction.row) * 3 + prediction.token));
    }
  }
  EXPECT_GT(smaller, 60);
}

TEST(SharedBeginnings, ShortOnesStayAsTheyAre) {
  TrainBatch batch{.tokens = {1, 2, 3, 1, 2, 4}, .offsets = {0, 3, 6}};
  const SharedBeginnings shared(batch);
  EXPECT_EQ(shared.batch().tokens, batch.tokens);
  EXPECT_EQ(shared.batch().segments(), 2);
  EXPECT_EQ(shared.row(4), 4);
}

TEST(SharedBeginnings, APromptOfSeveralCompletionsIsThereOnce) {
  TrainBatch batch{.offsets = {0}};
  for (int32_t completion = 0; completion < 3; ++completion) {
    for (int32_t i = 0; i < 40; ++i) batch.tokens.push_back(i);
    for (int32_t i = 0; i < 5; ++i) batch.tokens.push_back(100 * (completion + 1) + i);
    batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  }
  const SharedBeginnings shared(batch);
  EXPECT_EQ(shared.batch().rows(), 40 + 3 * 5);
  EXPECT_EQ(shared.batch().parents, (std::vector<int32_t>{-1, 0, 0, 0}));
}

}  // namespace
}  // namespace mores::model
