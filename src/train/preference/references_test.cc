#include "train/preference/references.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "base/files.h"
#include "support/base/test_directory.h"
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
class CountingModel : public Trainable {
 public:
  int64_t rows = 0;
  StopSource* stop_after_one = nullptr;

  const model::ModelConfig& config() const override { return config_; }
  const model::LongestSequence& longest_sequence() const override { return longest_; }
  std::vector<model::Parameter>& parameters() override { return parameters_; }
  void ParametersChanged() override {}
  void ZeroGradients() override {}
  model::LossSum ForwardBackward(const model::TrainBatch&, const model::TrainStepOptions&,
                                 model::BatchFigures*) override {
    return {};
  }
  model::LossSum Evaluate(const model::TrainBatch& batch, const model::TrainStepOptions&,
                          model::BatchFigures* figures) override {
    rows += batch.rows();
    if (stop_after_one != nullptr) stop_after_one->Request();
    for (const model::Prediction& prediction : batch.predictions) {
      figures->nll.push_back(static_cast<float>(prediction.token) +
                             static_cast<float>(batch.tokens[static_cast<size_t>(prediction.row)]) /
                                 100);
    }
    return {};
  }
  std::vector<std::vector<float>> LogProbabilities(const model::TrainBatch&,
                                                   std::span<const int32_t>,
                                                   std::span<const int32_t>,
                                                   tensor::DType) override {
    return {};
  }
  Status Save(const std::string&, tensor::DType) const override { return {}; }
  Expected<std::unique_ptr<Trainable>> Reopen(const std::string&) const override {
    return std::make_unique<CountingModel>();
  }

 private:
  model::ModelConfig config_;
  model::LongestSequence longest_;
  std::vector<model::Parameter> parameters_;
};

class ReferencesTest : public testing::Test {
 protected:
  std::unique_ptr<ReferenceStore> Open(const Json& identity = {{"weights", "a"}}) {
    auto store = ReferenceStore::Open(folder_.path() + "/kept", identity);
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }
  // Counts of a pass over `examples`, one at a time.
  ReferenceCounts Score(const std::vector<PreferenceExample>& examples, ReferenceStore& store,
                        StopToken stop = {}) {
    ReferenceCounts counts;
    const auto progress = job::MakeSilentProgress();
    auto references = References(
        examples, model_, store,
        {.micro_batch_tokens = 1, .progress = progress.get(), .stop = std::move(stop)}, counts);
    stopped_ = !references;
    if (references) references_ = std::move(*references);
    return counts;
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
  counts = Score(examples, *Open());
  EXPECT_EQ(counts.computed, 0);
  EXPECT_EQ(counts.found, 4);
  EXPECT_EQ(model_.rows, 0);
  EXPECT_EQ(references_, first);

  // Other tokens, other places of learning, another start: none of these is found.
  std::vector<PreferenceExample> other = {Pair(10)};
  other[0].learned[0] = {1, 1, 1};
  EXPECT_EQ(Score(other, *Open()).computed, 1);
  EXPECT_EQ(Score(examples, *Open({{"weights", "b"}})).computed, 4);
}

TEST_F(ReferencesTest, AStopKeepsWhatIsDone) {
  const std::vector<PreferenceExample> examples = {Pair(10), Pair(11), Pair(12)};
  StopSource stop;
  model_.stop_after_one = &stop;
  Score(examples, *Open(), stop.token());
  EXPECT_TRUE(stopped_);
  model_.stop_after_one = nullptr;
  const ReferenceCounts counts = Score(examples, *Open());
  EXPECT_FALSE(stopped_);
  EXPECT_EQ(counts.found, 2);
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
    const ReferenceCounts counts = Score(examples, *Open());
    EXPECT_EQ(references_, first);
    return counts.computed;
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

TEST_F(ReferencesTest, NumbersThatCantBeOfACompletionAreComputedAgain) {
  const std::vector<PreferenceExample> examples = {Pair(10), Pair(11)};
  Score(examples, *Open());
  const auto first = references_;
  const std::string key = ReferenceStore::KeyOf(examples[0], 0);
  for (const std::vector<float>& wrong :
       {std::vector<float>{}, {-1}, {-1, -2, -3}, {-1, std::nanf("")}, {-1, -INFINITY}}) {
    ASSERT_TRUE(Open()->Add(key, wrong));
    const ReferenceCounts counts = Score(examples, *Open());
    EXPECT_EQ(counts.computed, 1);
    EXPECT_EQ(counts.found, 3);
    EXPECT_EQ(references_, first);
    EXPECT_EQ(Score(examples, *Open()).computed, 0) << "the later record counts";
  }
}

}  // namespace
}  // namespace mores::train
