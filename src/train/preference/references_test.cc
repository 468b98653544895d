#include "train/preference/references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

#include "base/files.h"
#include "support/base/test_directory.h"
#include "support/train/stub_trainable.h"
#include "train/preference/preference_batch.h"

namespace mores::train {
namespace {

using ::testing::ElementsAre;

PreferenceExample Pair(int32_t prompt) {
  return {.id = std::to_string(prompt),
          .prompt = {prompt, 3},
          .completions = {{5, 6, 2}, {7, 2}},
          .learned = {{1, 0, 1}, {1, 1}}};
}

// Counts what it is asked; a token's log-probability is minus itself, and a hundredth of the row's
// token.
class CountingModel : public StubTrainable {
 public:
  int64_t rows = 0;
  int64_t completions = 0;  // as they end: with the end token
  StopSource* stop_after_one = nullptr;

  model::LossSum Evaluate(const model::TrainBatch& batch, const model::TrainStepOptions&,
                          model::BatchFigures* figures) override {
    rows += batch.rows();
    if (stop_after_one != nullptr) stop_after_one->Request();
    for (const model::Prediction& prediction : batch.predictions) {
      completions += prediction.token == 2 ? 1 : 0;
      figures->nll.push_back(static_cast<float>(prediction.token) +
                             static_cast<float>(batch.tokens[static_cast<size_t>(prediction.row)]) /
                                 100);
    }
    return {};
  }
};

class ReferencesTest : public testing::Test {
 protected:
  std::unique_ptr<ReferenceStore> Open(char run = 'a', const Json& identity = {{"weights", "a"}}) {
    auto store = ReferenceStore::Open(folder_.path() + "/kept", identity,
                                      std::string(ReferenceStore::kRunMarkBytes, run));
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  // Counts of a pass over `examples`, one at a time.
  ReferenceCounts Score(const std::vector<PreferenceExample>& examples, ReferenceStore& store,
                        StopToken stop = {}) {
    const auto progress = job::MakeSilentProgress();
    auto references =
        References(examples, model_, store,
                   {.micro_batch_tokens = 1, .progress = progress.get(), .stop = std::move(stop)});
    stopped_ = !references;
    if (references) references_ = std::move(*references);
    return store.counts();
  }

  TestDirectory folder_;
  CountingModel model_;
  std::vector<std::vector<float>> references_;
  bool stopped_ = false;
};

TEST_F(ReferencesTest, AreComputedOnceAndFoundLater) {
  const std::vector<PreferenceExample> examples = {Pair(10), Pair(11)};
  ReferenceCounts counts = Score(examples, *Open());
  EXPECT_EQ(counts.completions, 4);
  EXPECT_EQ(counts.computed, 4);
  EXPECT_EQ(counts.found, 0);
  EXPECT_EQ(model_.rows, 2 * examples[0].rows());
  ASSERT_EQ(references_.size(), 4u);
  // Only learned tokens: the first follows the prompt's last token, 3.
  EXPECT_THAT(references_[0], ElementsAre(-5.03f, -2.06f));
  EXPECT_THAT(references_[1], ElementsAre(-7.03f, -2.07f));
  const auto first = references_;

  model_.rows = 0;
  counts = Score(examples, *Open('b'));
  EXPECT_EQ(counts.computed, 0);
  EXPECT_EQ(counts.found, 4);
  EXPECT_EQ(model_.rows, 0);
  EXPECT_EQ(references_, first);

  // Other tokens, other places of learning, another start: none of these is found.
  std::vector<PreferenceExample> other = {Pair(10)};
  other[0].learned[0] = {1, 1, 1};
  model_.completions = 0;
  EXPECT_EQ(Score(other, *Open('b')).computed, 1);
  EXPECT_EQ(model_.completions, 1);
  EXPECT_EQ(Score(examples, *Open('b', {{"weights", "b"}})).computed, 4);
}

TEST_F(ReferencesTest, TheSameTokensAreComputedOnce) {
  const ReferenceCounts counts = Score({Pair(10), Pair(11), Pair(10)}, *Open());
  EXPECT_EQ(model_.completions, 4);
  EXPECT_EQ(counts.completions, 6);
  EXPECT_EQ(counts.computed, 4);
  EXPECT_EQ(counts.found, 2);
  EXPECT_EQ(references_[4], references_[0]);
}

TEST_F(ReferencesTest, AStopKeepsWhatIsDoneAndWhoDidIt) {
  const std::vector<PreferenceExample> examples = {Pair(10), Pair(11), Pair(12)};
  StopSource stop;
  model_.stop_after_one = &stop;
  EXPECT_EQ(Score(examples, *Open(), stop.token()).computed, 2);
  EXPECT_TRUE(stopped_);
  model_.stop_after_one = nullptr;
  ReferenceCounts counts = Score(examples, *Open());
  EXPECT_FALSE(stopped_);
  EXPECT_EQ(model_.completions, 6);
  EXPECT_EQ(counts.computed, 6);
  EXPECT_EQ(counts.found, 0);
  counts = Score(examples, *Open('b'));
  EXPECT_EQ(counts.computed, 0);
  EXPECT_EQ(counts.found, 6);
}

TEST_F(ReferencesTest, WhatWasComputedTwiceIsCountedTwice) {
  const std::vector<PreferenceExample> examples = {Pair(10)};
  // Two processes of one run, neither of which knows of the other.
  const auto first = Open(), second = Open();
  Score(examples, *first);
  Score(examples, *second);
  const ReferenceCounts counts = Score(examples, *Open());
  EXPECT_EQ(model_.completions, 4);
  EXPECT_EQ(counts.completions, 2);
  EXPECT_EQ(counts.computed, 4);
}

TEST_F(ReferencesTest, TornAndForeignBytesArePassedOver) {
  const std::vector<PreferenceExample> examples = {Pair(10), Pair(11)};
  std::string path;
  {
    const auto store = Open();
    path = store->path();
    Score(examples, *store);
  }
  const std::string whole = *ReadFile(path);
  const auto first = references_;
  const auto computed_with = [&](const std::string& bytes) {
    EXPECT_TRUE(WriteFileAtomically(path, bytes));
    model_.completions = 0;
    Score(examples, *Open());
    EXPECT_EQ(references_, first);
    return model_.completions;
  };
  EXPECT_EQ(computed_with(whole), 0);
  EXPECT_EQ(computed_with(whole.substr(0, whole.size() - 1)), 1);
  EXPECT_EQ(computed_with("moresref and something else\n" + whole), 0);
  EXPECT_EQ(computed_with(std::string(1000, 'x')), 4);
  EXPECT_EQ(computed_with(""), 4);
  // One byte of the first record's numbers.
  std::string flipped = whole;
  flipped[90] = static_cast<char>(flipped[90] ^ 1);
  EXPECT_EQ(computed_with(flipped), 1);
}

// What this project's files could hold only by somebody's hand, or a fault: the checksum is right,
// and the numbers are none of this completion.
TEST_F(ReferencesTest, RecordsOfOtherNumbersAreComputedAgainAndCounted) {
  const std::vector<PreferenceExample> examples = {Pair(10)};
  Score(examples, *Open());
  const auto first = references_;
  const std::string key = ReferenceStore::KeyOf(examples[0], 0);
  const float kNan = std::nanf("");
  const std::vector<std::vector<float>> kOdd = {
      {-1}, {-1, -2, -3}, {}, {-1, kNan}, {-1, -std::numeric_limits<float>::infinity()}};
  for (const std::vector<float>& odd : kOdd) {
    ASSERT_TRUE(Open('c')->Add(key, odd));
    model_.completions = 0;
    const ReferenceCounts counts = Score(examples, *Open('d'));
    EXPECT_FALSE(stopped_);
    EXPECT_EQ(references_, first);
    EXPECT_EQ(counts.unusable, 1);
    EXPECT_EQ(counts.found, 1);
    EXPECT_EQ(model_.completions, 1);
    // What was computed again stands behind it, so that it is known from then on.
    EXPECT_EQ(Score(examples, *Open('e')).unusable, 0);
    EXPECT_EQ(references_, first);
  }
}

}  // namespace
}  // namespace mores::train
