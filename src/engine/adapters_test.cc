// Requests of several adapters side by side: each has the numbers that it has alone.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/engine.h"
#include "engine/item_groups.h"
#include "support/model/golden_case.h"
#include "support/model/random_adapter.h"

namespace mores::engine {
namespace {

using model::PackedAdapter;
using tensor::DType;
using Kind = model::RandomAdapterOptions::Kind;

class AdaptersTest : public testing::TestWithParam<model::GoldenSetting> {
 protected:
  struct Item {
    std::vector<int32_t> prompt, continuation;
    const PackedAdapter* adapter;
  };

  void SetUp() override {
    ASSERT_TRUE(SetIsaLevel(GetParam().isa));
    const DType precision = GetParam().precision;
    auto source = model::OpenModel(std::string(MORES_SOURCE_DIR) + "/tests/golden/" +
                                   GetParam().name + "/model");
    ASSERT_TRUE(source) << source.error().message;
    decoder_ = std::move(*model::Decoder::Load(**source, precision, pool_));
    const auto add = [&](const model::RandomAdapterOptions& options) {
      const model::Adapter adapter = RandomAdapter((*source)->config(), options);
      adapters_.push_back(std::move(*PackedAdapter::Pack(adapter, **source, precision, pool_)));
    };
    const auto in_last_layer = [](const std::string& module) {
      return module.find("layers.1.") != std::string::npos;
    };
    const auto is_down = [](const std::string& module) {
      return module.ends_with("down_proj") || module.ends_with("w2");
    };
    add({.seed = 1});
    add({.rank = 2, .kind = Kind::kDora, .seed = 2});
    add({.seed = 3, .changes = in_last_layer});
    add({.seed = 4, .changes = is_down});
    MakeItems();
  }
  void TearDown() override { ASSERT_TRUE(SetIsaLevel(DetectedIsaLevel())); }

  // The same prompts for each adapter and for none, with what some have in common at the beginning.
  void MakeItems() {
    const auto vocab = static_cast<uint64_t>(decoder_->config().vocab_size);
    Random random(7);
    std::vector<int32_t> prompt;
    for (int i = 0; i < 12; ++i) {
      if (i % 3 == 2) prompt.resize(prompt.size() / 2);
      if (i % 3 == 0) prompt.clear();
      for (uint64_t more = 1 + random.Below(12); more > 0 && prompt.size() < 20; --more) {
        prompt.push_back(static_cast<int32_t>(random.Below(vocab)));
      }
      std::vector<int32_t> continuation(1 + random.Below(8));
      for (int32_t& id : continuation) id = static_cast<int32_t>(random.Below(vocab));
      items_.push_back({prompt, continuation, nullptr});
      for (const auto& adapter : adapters_) items_.push_back({prompt, continuation, adapter.get()});
    }
  }

  std::vector<std::vector<float>> Score(const std::vector<Item>& items,
                                        const EngineOptions& options, int threads) {
    ThreadPool pool(threads);
    Engine engine(*decoder_, options, pool);
    std::vector<ScoreItem> requests;
    for (const Item& item : items) {
      requests.push_back({item.prompt, item.continuation, item.adapter});
    }
    std::vector<std::vector<float>> scores;
    for (auto& result : engine.Score(requests)) scores.push_back(*result);
    return scores;
  }

  ThreadPool pool_{1};
  std::unique_ptr<model::Decoder> decoder_;
  std::vector<std::unique_ptr<const PackedAdapter>> adapters_;
  std::vector<Item> items_;
};

TEST_P(AdaptersTest, ScoresAreThoseOfEachItemAlone) {
  std::vector<std::vector<float>> expected;
  for (const Item& item : items_) expected.push_back(Score({item}, {}, 1)[0]);
  // They do differ from adapter to adapter, so that what one takes over from another is seen.
  const size_t kinds = adapters_.size() + 1;
  for (size_t first = 0; first < items_.size(); first += kinds) {
    for (size_t i = 0; i < kinds; ++i) {
      for (size_t j = 0; j < i; ++j) EXPECT_NE(expected[first + i], expected[first + j]);
    }
  }
  EXPECT_EQ(Score(items_, {}, 1), expected) << "all at once";
  EXPECT_EQ(Score(items_, {}, 2), expected) << "on two threads";
  EXPECT_EQ(Score(items_, {.batch_tokens = 37, .max_sequences = 5}, 2), expected)
      << "in small batches";
  EXPECT_EQ(Score(items_, {.chunk_tokens = 1}, 2), expected) << "token by token";
  EXPECT_EQ(Score(items_, {.chunk_tokens = 3}, 1), expected) << "in pieces";
  std::vector<Item> reversed(items_.rbegin(), items_.rend());
  auto backwards = Score(reversed, {}, 2);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(backwards, expected) << "in another order";
}

// Whatever was computed before: one item a call, long beginnings, adapters in turn.
TEST_P(AdaptersTest, BeginningsAreKeptForTheirAdapterAlone) {
  const auto vocab = static_cast<uint64_t>(decoder_->config().vocab_size);
  Random random(13);
  const auto draw = [&](int count, std::vector<int32_t>& ids) {
    for (int i = 0; i < count; ++i) ids.push_back(static_cast<int32_t>(random.Below(vocab)));
  };
  constexpr int kBeginnings = 2;
  std::vector<int32_t> beginnings[kBeginnings];
  for (std::vector<int32_t>& beginning : beginnings) draw(kLeastKept + 10, beginning);
  ThreadPool pool(2);
  Engine engine(*decoder_, {}, pool);
  for (int i = 0; i < 40; ++i) {
    const std::vector<int32_t>& beginning = beginnings[random.Below(kBeginnings)];
    Item item{beginning, {}, nullptr};
    if (i % 7 == 6) item.prompt.resize(item.prompt.size() / 2);
    draw(1 + i % 5, item.prompt);
    draw(3, item.continuation);
    if (const uint64_t which = random.Below(adapters_.size() + 1); which < adapters_.size()) {
      item.adapter = adapters_[which].get();
    }
    const ScoreItem request{item.prompt, item.continuation, item.adapter};
    EXPECT_EQ(*engine.Score({&request, 1})[0], Score({item}, {}, 1)[0]) << i;
  }
}

TEST_P(AdaptersTest, TextsAreThoseOfEachItemAlone) {
  Engine engine(*decoder_, {}, pool_);
  std::vector<GenerateItem> requests;
  for (const Item& item : items_) {
    requests.push_back({.id = "a",
                        .prompt = item.prompt,
                        .sampling = {.max_new_tokens = 6},
                        .adapter = item.adapter});
  }
  const auto together = engine.Generate(requests);
  size_t others = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto alone = engine.Generate({&requests[i], 1});
    ASSERT_TRUE(alone[0] && together[i]);
    EXPECT_EQ(together[i]->ids, alone[0]->ids) << i;
    if (together[i]->ids != together[i - i % (adapters_.size() + 1)]->ids) ++others;
  }
  EXPECT_GT(others, requests.size() / 4)
      << "adapters that write what the model writes prove little";
}

TEST_P(AdaptersTest, DecisionsAreThoseOfEachItemAlone) {
  Engine engine(*decoder_, {}, pool_);
  const std::vector<std::vector<int32_t>> choices = {{4}, {5, 6, 7}, {8, 9}};
  const std::vector<int32_t> separator = {3};
  std::vector<DecideItem> requests;
  for (const Item& item : items_) {
    requests.push_back({.id = "a",
                        .prompt = item.prompt,
                        .choices = choices,
                        .decide =
                            [](std::span<const double> logprobs) {
                              return static_cast<int>(
                                  std::max_element(logprobs.begin(), logprobs.end()) -
                                  logprobs.begin());
                            },
                        .separator = separator,
                        .sampling = {.max_new_tokens = 4},
                        .adapter = item.adapter});
  }
  const auto together = engine.Decide(requests);
  for (size_t i = 0; i < requests.size(); ++i) {
    const auto alone = engine.Decide({&requests[i], 1});
    ASSERT_TRUE(alone[0] && together[i]);
    EXPECT_EQ(together[i]->choice_logprobs, alone[0]->choice_logprobs) << i;
    EXPECT_EQ(together[i]->chosen, alone[0]->chosen) << i;
    EXPECT_EQ(together[i]->text.ids, alone[0]->text.ids) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, AdaptersTest,
                         testing::ValuesIn(model::GoldenSettings({DType::kF32, DType::kBf16})),
                         model::NameOf);

}  // namespace
}  // namespace mores::engine
