#include "engine/engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <numeric>

#include "base/cpu.h"
#include "base/random.h"
#include "engine/sampler.h"
#include "model/kv_cache.h"
#include "model/model_source.h"
#include "model/train/trainable_model.h"
#include "ops/matmul.h"

namespace mores::engine {
namespace {

using tensor::DType;

struct Case {
  IsaLevel level;
  DType precision;
  int head_dim;
};

// A random model of awkward sizes, written as a Hugging Face directory.
class EngineTest : public testing::TestWithParam<Case> {
 protected:
  static constexpr int kVocab = 101;

  void SetUp() override {
    if (!SetIsaLevel(GetParam().level)) {
      GTEST_SKIP() << "this machine lacks " << Name(GetParam().level);
    }
    directory_ = testing::TempDir() + "mores_engine_test_" +
                 std::to_string(testing::UnitTest::GetInstance()->random_seed()) + "_" +
                 std::to_string(getpid());
    model::ModelConfig config;
    config.vocab_size = kVocab;
    config.hidden_dim = 48;
    config.ffn_dim = 72;
    config.layers = 3;
    config.query_heads = 6;
    config.kv_heads = 2;
    config.head_dim = GetParam().head_dim;
    config.context_length = 160;
    config.tied_head = true;
    ThreadPool pool(1);
    const auto model = model::TrainableModel::Random(config, 11, pool);
    // Larger weights than at the start of training: attention must have something to choose.
    for (model::Parameter& parameter : model->parameters()) {
      for (float& value : parameter.value) value *= parameter.decay ? 12.0f : 1.0f;
    }
    ASSERT_TRUE(model->Save(directory_, DType::kF32));
  }
  void TearDown() override {
    std::filesystem::remove_all(directory_);
    (void)SetIsaLevel(DetectedIsaLevel());
  }

  struct Loaded {
    std::unique_ptr<ThreadPool> pool;
    std::unique_ptr<model::Decoder> decoder;
    std::unique_ptr<Engine> engine;
  };
  Loaded Load(int threads, const EngineOptions& options) {
    Loaded loaded;
    loaded.pool = std::make_unique<ThreadPool>(threads);
    loaded.decoder =
        std::move(*model::Decoder::Load(directory_, GetParam().precision, *loaded.pool));
    loaded.engine = std::make_unique<Engine>(*loaded.decoder, options, *loaded.pool);
    return loaded;
  }

  struct Item {
    std::vector<int32_t> prompt, continuation;
  };
  static std::vector<Item> RandomItems(size_t count) {
    Random random(5);
    std::vector<Item> items(count);
    for (Item& item : items) {
      const auto fill = [&](std::vector<int32_t>& ids, uint64_t length) {
        for (uint64_t i = 0; i < length; ++i) {
          ids.push_back(static_cast<int32_t>(random.Below(kVocab)));
        }
      };
      fill(item.prompt, 1 + random.Below(90));
      // Some begin as others do, at odd places and one wholly.
      const size_t at = static_cast<size_t>(&item - items.data());
      if (at % 3 == 1) {
        const std::vector<int32_t>& other = items[at - 1].prompt;
        item.prompt.insert(item.prompt.begin(), other.begin(),
                           other.end() - static_cast<int64_t>(other.size() / (at % 5 + 2)));
        item.prompt.resize(std::min<size_t>(item.prompt.size(), 100));
      } else if (at % 9 == 8) {
        item.prompt = items[at - 2].prompt;
      }
      fill(item.continuation, 1 + random.Below(40));
    }
    return items;
  }
  static std::vector<std::vector<float>> Score(Engine& engine, const std::vector<Item>& items) {
    std::vector<ScoreItem> requests;
    for (const Item& item : items) requests.push_back({item.prompt, item.continuation});
    std::vector<std::vector<float>> scores;
    for (auto& result : engine.Score(requests)) scores.push_back(*result);
    return scores;
  }

  std::string directory_;
};

TEST_P(EngineTest, ScoresAreBitIdenticalHoweverTheyAreComputed) {
  const std::vector<Item> items = RandomItems(64);
  Loaded plain = Load(1, {});
  const auto expected = Score(*plain.engine, items);
  EXPECT_EQ(Score(*plain.engine, items), expected) << "with caches used before";
  Loaded threaded = Load(2, {.batch_tokens = 333, .max_sequences = 7});
  EXPECT_EQ(Score(*threaded.engine, items), expected) << "in small batches on two threads";
  Loaded stepped = Load(2, {.chunk_tokens = 1});
  EXPECT_EQ(Score(*stepped.engine, items), expected) << "token by token";
  std::vector<Item> reversed(items.rbegin(), items.rend());
  auto backwards = Score(*plain.engine, reversed);
  std::reverse(backwards.begin(), backwards.end());
  EXPECT_EQ(backwards, expected) << "in another order";
  for (const size_t i : {size_t{0}, size_t{17}, size_t{63}}) {
    EXPECT_EQ(Score(*plain.engine, {items[i]})[0], expected[i]) << "alone";
  }
}

// The same prompt with several continuations, and one that is the beginning of another.
TEST_P(EngineTest, PromptsThatBeginAlikeDecideAsAlone) {
  std::vector<Item> items = RandomItems(12);
  for (size_t i = 1; i < 6; ++i) items[i].prompt = items[0].prompt;
  items[6].prompt.assign(items[0].prompt.begin(), items[0].prompt.end() - 1);
  const std::vector<std::vector<int32_t>> choices = {{7}, {8}};
  const auto decide = [&](Engine& engine, const std::vector<Item>& some) {
    std::vector<DecideItem> requests;
    for (const Item& item : some) {
      requests.push_back({.id = "x",
                          .prompt = item.prompt,
                          .choices = choices,
                          .decide = [](std::span<const double>) { return -1; },
                          .separator = {},
                          .sampling = {.max_new_tokens = 0}});
    }
    std::vector<std::vector<double>> all;
    for (const auto& decided : engine.Decide(requests)) all.push_back(decided->choice_logprobs);
    return all;
  };
  Loaded loaded = Load(2, {});
  Loaded cut = Load(2, {.batch_tokens = 50, .chunk_tokens = 7});
  const auto together = decide(*loaded.engine, items);
  EXPECT_EQ(decide(*cut.engine, items), together);
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(decide(*loaded.engine, {items[i]})[0], together[i]) << i;
  }
}

// One prompt with continuations of several tokens: passes fill up to the last token.
TEST_P(EngineTest, OnePromptWithManyContinuationsScoresAsAlone) {
  std::vector<Item> items = RandomItems(20);
  for (size_t i = 1; i < items.size(); ++i) items[i].prompt = items[0].prompt;
  Loaded loaded = Load(2, {});
  const auto together = Score(*loaded.engine, items);
  for (int64_t batch = 90; batch < 120; ++batch) {
    Loaded small = Load(1, {.batch_tokens = batch});
    EXPECT_EQ(Score(*small.engine, items), together) << batch;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(Score(*loaded.engine, {items[i]})[0], together[i]) << i;
  }
}

TEST_P(EngineTest, AgreesWithTheTrainableModel) {
  const std::vector<Item> items = RandomItems(5);
  Loaded loaded = Load(2, {});
  const auto scores = Score(*loaded.engine, items);
  ThreadPool pool(2);
  auto trainable = std::move(*model::TrainableModel::Load(directory_, pool));
  model::TrainBatch batch;
  batch.offsets = {0};
  for (const Item& item : items) {
    std::vector<int32_t> ids = item.prompt;
    ids.insert(ids.end(), item.continuation.begin(), item.continuation.end());
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      if (i + 1 >= item.prompt.size()) {
        batch.predictions.push_back(
            {.row = static_cast<int32_t>(batch.tokens.size()), .token = ids[i + 1]});
      }
      batch.tokens.push_back(ids[i]);
    }
    batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  }
  model::BatchFigures figures;
  trainable->Evaluate(batch, {.precision = GetParam().precision}, &figures);
  size_t next = 0;
  // Queries, keys, values and weights are rounded to bf16 (2^-9 each) in attention on tiles, and in
  // training's where the processor multiplies bf16; three layers of weights this large make 0.097
  // of it at worst. Without either, training's products round less than inference's.
  const bool rounded =
      loaded.decoder->attends_on_tiles() ||
      (GetParam().precision == DType::kBf16 && ops::FastestSums() != Name(CurrentIsaLevel()));
  const double tolerance = rounded ? 0.2 : 1e-5;
  for (size_t i = 0; i < items.size(); ++i) {
    for (size_t t = 0; t < scores[i].size(); ++t) {
      EXPECT_NEAR(scores[i][t], -figures.nll[next++], tolerance) << i << "," << t;
    }
  }
}

TEST_P(EngineTest, FeaturesAreHiddenStatesOfTheDecoder) {
  const std::vector<Item> items = RandomItems(20);
  std::vector<ScoreItem> requests;
  for (const Item& item : items) requests.push_back({item.prompt, item.continuation});
  Loaded loaded = Load(2, {.batch_tokens = 200});
  const auto features = loaded.engine->FindFeatures(requests);
  const auto dim = static_cast<size_t>(loaded.decoder->config().hidden_dim);
  model::DecoderScratch scratch;
  for (size_t i = 0; i < items.size(); ++i) {
    std::vector<int32_t> tokens = items[i].prompt;
    tokens.insert(tokens.end(), items[i].continuation.begin(), items[i].continuation.end());
    model::KvCache cache(*loaded.decoder, static_cast<int64_t>(tokens.size()),
                         model::KvCache::Keep::kAllLayers, nullptr);
    const model::Chunk chunk{.tokens = tokens,
                             .cache = &cache,
                             .first_wanted = static_cast<int64_t>(items[i].prompt.size())};
    const auto hidden = loaded.decoder->Forward(std::span(&chunk, 1), scratch, *loaded.pool);
    const size_t rows = items[i].continuation.size();
    ASSERT_EQ(hidden.size(), rows * dim);
    for (size_t d = 0; d < dim; ++d) {
      double sum = 0;
      for (size_t row = 0; row < rows; ++row) sum += double{hidden[row * dim + d]};
      ASSERT_EQ(features[i]->last[d], hidden[(rows - 1) * dim + d]) << i << "," << d;
      ASSERT_EQ(features[i]->mean[d], static_cast<float>(sum / static_cast<double>(rows)));
    }
  }
}

TEST_P(EngineTest, FeaturesOfTheFirstLayersAlone) {
  const std::vector<Item> items = RandomItems(3);
  std::vector<ScoreItem> requests;
  for (const Item& item : items) requests.push_back({item.prompt, item.continuation});
  Loaded whole = Load(1, {});
  const int layers = whole.decoder->config().layers;
  const auto last_of = [&](int blocks) {
    auto decoder = model::Decoder::Load(**model::OpenModel(directory_), GetParam().precision,
                                        *whole.pool, blocks);
    EXPECT_TRUE(decoder);
    Engine engine(**decoder, {}, *whole.pool);
    return engine.FindFeatures(requests)[1]->last;
  };
  EXPECT_EQ(last_of(layers), whole.engine->FindFeatures(requests)[1]->last);
  EXPECT_NE(last_of(1), last_of(layers));
  EXPECT_FALSE(model::Decoder::Load(**model::OpenModel(directory_), GetParam().precision,
                                    *whole.pool, layers + 1));
}

TEST_P(EngineTest, DecidesByWholeChoicesAndWritesOn) {
  const std::vector<Item> items = RandomItems(9);
  // One token, several tokens, and one that another starts with.
  const std::vector<std::vector<int32_t>> choices = {{7}, {8, 9, 10}, {8, 9}};
  const std::vector<int32_t> separator = {3};
  Loaded loaded = Load(2, {});
  std::vector<DecideItem> requests;
  for (size_t i = 0; i < items.size(); ++i) {
    requests.push_back({.id = "x",
                        .prompt = items[i].prompt,
                        .choices = choices,
                        .decide = [i](std::span<const double>) { return static_cast<int>(i % 3); },
                        .separator = separator,
                        .sampling = {.max_new_tokens = 6}});
  }
  const auto decided = loaded.engine->Decide(requests);
  for (size_t i = 0; i < items.size(); ++i) {
    ASSERT_TRUE(decided[i]);
    for (size_t c = 0; c < choices.size(); ++c) {
      const auto scores = Score(*loaded.engine, {{items[i].prompt, choices[c]}})[0];
      double sum = 0;
      for (const float s : scores) sum += double{s};
      EXPECT_NEAR(decided[i]->choice_logprobs[c], sum, 1e-5);
    }
    std::vector<int32_t> prompt = items[i].prompt;
    prompt.insert(prompt.end(), choices[i % 3].begin(), choices[i % 3].end());
    prompt.insert(prompt.end(), separator.begin(), separator.end());
    const GenerateItem continued{.id = "x", .prompt = prompt, .sampling = {.max_new_tokens = 6}};
    const auto generated = loaded.engine->Generate({&continued, 1});
    EXPECT_EQ(decided[i]->text.ids, generated[0]->ids);
    EXPECT_EQ(decided[i]->text.stopped, generated[0]->stopped);
  }
}

// What may stand behind a choice is scored in the same pass, and changes no other number.
TEST_P(EngineTest, ScoresWhatMayStandBehindAChoiceAndWritesOnBehindTheLikeliest) {
  std::vector<Item> items = RandomItems(9);
  items[4].prompt = items[3].prompt;
  const std::vector<std::vector<int32_t>> choices = {{7}, {8, 9, 10}, {8, 11}};
  const std::vector<std::vector<int32_t>> next = {{5}, {6, 7, 8}, {6, 9}, {12, 13}};
  const std::vector<int32_t> separator = {3}, lead = {20, 21};
  enum class Behind { kNothing, kNext };
  const auto decide = [&](Engine& engine, Behind behind, int tokens) {
    std::vector<DecideItem> requests;
    for (size_t i = 0; i < items.size(); ++i) {
      requests.push_back({.id = "x",
                          .prompt = items[i].prompt,
                          .choices = choices,
                          .decide = [i](auto) { return static_cast<int>(i % 3); },
                          .separator = separator,
                          .sampling = {.max_new_tokens = tokens}});
      if (behind == Behind::kNext) requests.back().next = {1, lead, next};
    }
    auto results = engine.Decide(requests);
    std::vector<Decided> all;
    for (auto& result : results) all.push_back(std::move(*result));
    return all;
  };
  Loaded loaded = Load(2, {});
  const auto plain = decide(*loaded.engine, Behind::kNothing, 6);
  const auto asked = decide(*loaded.engine, Behind::kNext, 6);
  Loaded cut = Load(1, {.batch_tokens = 37, .chunk_tokens = 5, .max_sequences = 3});
  const auto pieces = decide(*cut.engine, Behind::kNext, 6);
  const auto labels = decide(*loaded.engine, Behind::kNext, 0);
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(asked[i].choice_logprobs, plain[i].choice_logprobs);
    EXPECT_EQ(pieces[i].next_logprobs, asked[i].next_logprobs);
    EXPECT_EQ(labels[i].next_logprobs, asked[i].next_logprobs);
    EXPECT_EQ(labels[i].choice_logprobs, plain[i].choice_logprobs);
    EXPECT_TRUE(labels[i].text.ids.empty());
    EXPECT_EQ(pieces[i].text.ids, asked[i].text.ids);
    std::vector<int32_t> before = items[i].prompt;
    before.insert(before.end(), choices[1].begin(), choices[1].end());
    before.insert(before.end(), lead.begin(), lead.end());
    ASSERT_EQ(asked[i].next_logprobs.size(), next.size());
    for (size_t c = 0; c < next.size(); ++c) {
      const auto scores = Score(*loaded.engine, {{before, next[c]}})[0];
      double sum = 0;
      for (const float s : scores) sum += double{s};
      EXPECT_NEAR(asked[i].next_logprobs[c], sum, 1e-5);
    }
    const auto& logs = asked[i].next_logprobs;
    const auto best = std::max_element(logs.begin(), logs.end()) - logs.begin();
    EXPECT_EQ(asked[i].next_chosen, best);
    if (i % 3 != 1) {
      EXPECT_EQ(asked[i].text.ids, plain[i].text.ids);
      continue;
    }
    const auto& named = next[static_cast<size_t>(best)];
    before.insert(before.end(), named.begin(), named.end());
    before.insert(before.end(), separator.begin(), separator.end());
    const GenerateItem continued{.id = "x", .prompt = before, .sampling = {.max_new_tokens = 6}};
    EXPECT_EQ(asked[i].text.ids, loaded.engine->Generate({&continued, 1})[0]->ids);
  }
}

TEST_P(EngineTest, GreedyTextIsTheLikeliestTokenEachTime) {
  const std::vector<Item> items = RandomItems(2);
  Loaded loaded = Load(2, {});
  std::vector<GenerateItem> requests;
  for (const Item& item : items) {
    requests.push_back({.id = "x", .prompt = item.prompt, .sampling = {.max_new_tokens = 5}});
  }
  const auto together = loaded.engine->Generate(requests);
  for (size_t i = 0; i < items.size(); ++i) {
    EXPECT_EQ(loaded.engine->Generate({&requests[i], 1})[0]->ids, together[i]->ids);
    std::vector<int32_t> prompt = items[i].prompt;
    for (const int32_t id : together[i]->ids) {
      std::vector<Item> alternatives;
      for (int32_t v = 0; v < kVocab; ++v) alternatives.push_back({prompt, {v}});
      const auto scores = Score(*loaded.engine, alternatives);
      for (const auto& score : scores) EXPECT_LE(score[0], scores[static_cast<size_t>(id)][0]);
      prompt.push_back(id);
    }
  }
}

TEST_P(EngineTest, SamplingIsKeyedBySeedAndId) {
  const std::vector<int32_t> prompt = {5, 6, 7};
  Loaded loaded = Load(2, {});
  const auto generate = [&](std::string_view id, uint64_t seed) {
    const GenerateItem item{
        .id = id,
        .prompt = prompt,
        .sampling = {.max_new_tokens = 24, .temperature = 3.0f, .top_p = 0.95f, .seed = seed}};
    return loaded.engine->Generate({&item, 1})[0]->ids;
  };
  EXPECT_EQ(generate("a", 1), generate("a", 1));
  EXPECT_NE(generate("a", 1), generate("a", 2));
  EXPECT_NE(generate("a", 1), generate("b", 1));
}

TEST_P(EngineTest, RefusesWhatDoesNotFit) {
  Loaded loaded = Load(1, {});
  const std::vector<int32_t> long_prompt(161, 4), good = {1, 2}, bad = {kVocab}, none;
  const std::vector<ScoreItem> items = {{long_prompt, good}, {bad, good},  {good, bad},
                                        {none, good},        {good, none}, {good, good}};
  const auto results = loaded.engine->Score(items);
  for (size_t i = 0; i + 1 < items.size(); ++i) {
    ASSERT_FALSE(results[i]) << i;
    EXPECT_EQ(results[i].error().kind, ErrorKind::kInput);
  }
  EXPECT_TRUE(results.back());
}

TEST_P(EngineTest, BrokenWeightsFailTheirItems) {
  ThreadPool pool(1);
  auto model = model::TrainableModel::Load(directory_, pool);
  ASSERT_TRUE(model);
  for (model::Parameter& parameter : (*model)->parameters()) {
    if (parameter.name == "model.norm.weight") parameter.value[0] = std::nanf("");
  }
  const std::string broken = directory_ + "/broken";
  ASSERT_TRUE((*model)->Save(broken, DType::kF32));
  const auto decoder = model::Decoder::Load(broken, GetParam().precision, pool);
  ASSERT_TRUE(decoder);
  Engine engine(**decoder, {}, pool);
  const std::vector<int32_t> prompt = {1, 2, 3};
  const std::vector<std::vector<int32_t>> choices = {{4}, {5, 6}};
  const ScoreItem scored{prompt, prompt};
  const GenerateItem written{.id = "a", .prompt = prompt};
  const DecideItem decided{
      .id = "a", .prompt = prompt, .choices = choices, .decide = [](auto) { return 0; }};
  const auto kind = [](const auto& results) {
    return results[0] ? ErrorKind::kInput : results[0].error().kind;
  };
  EXPECT_EQ(kind(engine.Score({&scored, 1})), ErrorKind::kCorrupt);
  EXPECT_EQ(kind(engine.Generate({&written, 1})), ErrorKind::kCorrupt);
  EXPECT_EQ(kind(engine.Decide({&decided, 1})), ErrorKind::kCorrupt);
}

std::vector<Case> Cases() {
  std::vector<Case> cases;
  for (const IsaLevel level : {IsaLevel::kAvx2, IsaLevel::kAvx512, IsaLevel::kAmx}) {
    cases.push_back({level, DType::kF32, 16});
    cases.push_back({level, DType::kBf16, 16});
  }
  cases.push_back({IsaLevel::kAmx, DType::kBf16, 32});  // whole tiles: attention runs on them
  return cases;
}
INSTANTIATE_TEST_SUITE_P(Levels, EngineTest, testing::ValuesIn(Cases()), [](const auto& param) {
  return std::string(Name(param.param.level)) + "_" +
         std::string(tensor::Name(param.param.precision)) + "_heads_of_" +
         std::to_string(param.param.head_dim);
});

TEST(NextToken, TakesTheLowestIdAmongEquals) {
  const std::vector<float> logits = {1, 3, 3, 2};
  EXPECT_EQ(NextToken(logits, {}, "x", 0), 1);
}

TEST(NextToken, DrawsByProbabilityWithinTopP) {
  const std::vector<float> logits = {std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  std::vector<int> counts(3, 0);
  for (int step = 0; step < 20000; ++step) {
    ++counts[static_cast<size_t>(NextToken(logits, {.temperature = 1, .seed = 3}, "x", step))];
  }
  EXPECT_NEAR(counts[0], 10000, 300);
  EXPECT_NEAR(counts[1], 6000, 300);
  for (int step = 0; step < 1000; ++step) {
    EXPECT_NE(NextToken(logits, {.temperature = 1, .top_p = 0.7f, .seed = 3}, "x", step), 2);
  }
}

}  // namespace
}  // namespace mores::engine
