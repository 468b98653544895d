// Adapters over a frozen model: gradients by finite differences, prompts that are shared, layers
// that are computed again. Against PEFT: tests/golden/adapters.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <cstring>

#include "base/random.h"
#include "model/train/trainable_model.h"
#include "support/base/test_directory.h"
#include "support/model/golden_case.h"

namespace mores::model {
namespace {

using tensor::DType;

// Of the heap; 0 where the allocator doesn't count.
size_t BytesInUse() {
  const auto figures = mallinfo2();
  return figures.uordblks + figures.hblkhd;
}

struct AdaptedCase {
  Family family;
  bool dora;
  bool tied;
  std::vector<std::string> modules;  // ends of names
};

class AdaptedModel : public testing::TestWithParam<AdaptedCase> {
 protected:
  void SetUp() override {
    ModelConfig config{.family = GetParam().family,
                       .vocab_size = 2100,  // more than a chunk of the head
                       .hidden_dim = 20,
                       .ffn_dim = 22,
                       .layers = 3,
                       .query_heads = 4,
                       .kv_heads = 2,
                       .head_dim = 10,
                       .context_length = 80,
                       .tied_head = GetParam().tied};
    config.every_layer.query_key_norm = config.family == Family::kQwen3;
    config.every_layer.qkv_bias = config.family == Family::kQwen2;
    full_ = TrainableModel::Random(config, 1, pool_);
    uint64_t stream = 0;
    for (Parameter& parameter : full_->parameters()) {
      Random random(3, ++stream);
      const bool matrix = parameter.shape.size() > 1;
      const bool norm = parameter.name.ends_with("norm.weight");
      const double scale = matrix ? 1 / std::sqrt(static_cast<double>(parameter.shape[1])) : 0.3;
      for (float& value : parameter.value) {
        value = static_cast<float>((norm ? 1 : 0) + scale * random.Normal());
      }
    }
    SaveBase("/base");
    adapter_.config.dora = GetParam().dora;
    for (const WeightShape& weight : WeightShapes(config)) AddPart(weight);
    ASSERT_FALSE(adapter_.parts.empty());
  }

  // The base becomes what full_ is now.
  void SaveBase(const std::string& name) {
    ASSERT_TRUE(full_->Save(folder_.path() + name, DType::kF32));
    auto source = OpenModel(folder_.path() + name);
    ASSERT_TRUE(source) << source.error().message;
    source_ = std::move(*source);
  }

  void AddPart(const WeightShape& weight) {
    for (const std::string& module : GetParam().modules) {
      if (!weight.name.ends_with(module + ".weight")) continue;
      const std::string name = weight.name.substr(0, weight.name.size() - 7);
      AdapterPart part{.place = {.module = name,
                                 .in = weight.shape[1],
                                 .out = weight.shape[0],
                                 .rank = 3,
                                 .scale = 0.7}};
      Random random(9, HashBytes(name));
      const auto fill = [&](std::vector<float>& values, int64_t count, double mean, double scale) {
        for (int64_t i = 0; i < count; ++i) {
          values.push_back(static_cast<float>(mean + scale * random.Normal()));
        }
      };
      fill(part.a, 3 * part.place.in, 0, 0.3);
      fill(part.b, 3 * part.place.out, 0, 0.3);
      if (GetParam().dora) fill(part.magnitude, part.place.out, 1, 0.2);
      adapter_.parts[name] = std::move(part);
    }
  }

  std::unique_ptr<TrainableModel> Adapted(ThreadPool& pool) {
    auto model = TrainableModel::Adapt(source_, adapter_, pool);
    EXPECT_TRUE(model) << model.error().message;
    return std::move(*model);
  }

  // A prompt, and two completions after it: the prompt once, or each completion in a batch with the
  // prompt of its own, which nothing can be shared in.
  static std::vector<TrainBatch> Pair(bool shared) {
    Random random(5);
    std::vector<int32_t> prompt, one, other;
    const auto fill = [&](std::vector<int32_t>& tokens, int count) {
      for (int i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(random.Below(2100)));
    };
    fill(prompt, 37);
    fill(one, 9);
    fill(other, 21);
    std::vector<TrainBatch> batches;
    for (const auto* completion : {&one, &other}) {
      if (batches.empty() || !shared) batches.push_back({.tokens = prompt, .offsets = {0, 37}});
      TrainBatch& batch = batches.back();
      if (batch.parents.empty()) batch.parents = {-1};
      batch.parents.push_back(0);
      const float weight = completion == &one ? 0.5f : -0.25f;
      const auto first = batch.predictions.begin() + (batch.predictions.empty() ? 0 : 1);
      batch.predictions.insert(first, {.row = 36, .token = completion->front(), .weight = weight});
      for (size_t i = 0; i + 1 < completion->size(); ++i) {
        batch.predictions.push_back({.row = static_cast<int32_t>(batch.tokens.size()),
                                     .token = (*completion)[i + 1],
                                     .weight = weight});
        batch.tokens.push_back((*completion)[i]);
      }
      batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
    }
    return batches;
  }
  static TrainBatch SharedPair() { return Pair(/*shared=*/true).front(); }

  static std::vector<std::vector<float>> Gradients(TrainableModel& model, const TrainBatch& batch,
                                                   const TrainStepOptions& options) {
    model.ZeroGradients();
    model.ForwardBackward(batch, options);
    std::vector<std::vector<float>> gradients;
    for (const Parameter& parameter : model.parameters()) gradients.push_back(parameter.gradient);
    return gradients;
  }

  ThreadPool pool_{2};
  TestDirectory folder_;
  std::unique_ptr<TrainableModel> full_;
  std::shared_ptr<const ModelSource> source_;
  Adapter adapter_;
};

TEST_P(AdaptedModel, GradientsAgreeWithDifferences) {
  const auto model = Adapted(pool_);
  const TrainBatch batch = SharedPair();
  Gradients(*model, batch, {.precision = DType::kF32});
  for (Parameter& parameter : model->parameters()) {
    double square = 0;
    for (const float g : parameter.gradient) square += double{g} * double{g};
    ASSERT_GT(square, 0) << parameter.name;
    const std::vector<float> kept = parameter.value, gradient = parameter.gradient;
    const double size = std::sqrt(square), step = 0.02 / std::max(1.0, std::sqrt(size));
    const auto at = [&](double by) {
      for (size_t i = 0; i < kept.size(); ++i) {
        parameter.value[i] = static_cast<float>(kept[i] + by * gradient[i] / size);
      }
      model->ParametersChanged();
      return model->Evaluate(batch, {.precision = DType::kF32}).weighted_nll;
    };
    const double measured =
        (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    parameter.value = kept;
    // The norm of a row counts as a constant (DoRA, section 4.3), which differences don't know.
    if (GetParam().dora && !parameter.name.ends_with("magnitude_vector")) continue;
    EXPECT_NEAR(measured / size, 1, 3e-3) << parameter.name;
  }
}

TEST_P(AdaptedModel, ASharedPromptChangesNothing) {
  const auto model = Adapted(pool_);
  for (const DType precision : {DType::kF32, DType::kBf16}) {
    std::map<int32_t, std::vector<float>> nll[2];
    std::vector<std::vector<float>> gradients[2];
    for (const bool shared : {false, true}) {
      model->ZeroGradients();
      for (const TrainBatch& batch : Pair(shared)) {
        BatchFigures figures;
        model->Evaluate(batch, {.precision = precision}, &figures);
        for (size_t i = 0; i < figures.nll.size(); ++i) {
          nll[shared][batch.predictions[i].token].push_back(figures.nll[i]);
        }
        model->ForwardBackward(batch, {.precision = precision});
      }
      for (const Parameter& parameter : model->parameters()) {
        gradients[shared].push_back(parameter.gradient);
      }
    }
    EXPECT_EQ(nll[0], nll[1]);
    for (size_t i = 0; i < gradients[0].size(); ++i) {
      const double tolerance = precision == DType::kF32 ? 1e-5 : 2e-2;
      EXPECT_LE(RelativeNormError(gradients[1][i], gradients[0][i]), tolerance)
          << model->parameters()[i].name << " in " << tensor::Name(precision);
    }
  }
}

TEST_P(AdaptedModel, NeitherThreadsNorWhatIsKeptChangesABit) {
  const TrainBatch batch = SharedPair();
  const auto first = Gradients(*Adapted(pool_), batch, {});
  for (const int threads : {1, 3}) {
    ThreadPool pool(threads);
    EXPECT_EQ(Gradients(*Adapted(pool), batch, {}), first) << threads;
  }
  const auto model = Adapted(pool_);
  for (const int64_t bytes : {1, 40000}) {
    EXPECT_EQ(Gradients(*model, batch, {.activation_bytes = bytes}), first) << bytes;
  }
}

// Layers that are computed again hold one layer's activations and their inputs, whatever their
// adapters keep.
TEST_P(AdaptedModel, LayersComputedAgainShareTheirMemory) {
  TrainBatch batch{.offsets = {0}};
  Random random(7);
  for (int sequence = 0; sequence < 40; ++sequence) {
    for (int i = 0; i < 70; ++i) batch.tokens.push_back(static_cast<int32_t>(random.Below(2100)));
    batch.offsets.push_back(static_cast<int32_t>(batch.tokens.size()));
  }
  batch.predictions = {{.row = 2799, .token = 3}};
  const auto held = [&](int64_t limit) {
    const size_t before = BytesInUse();
    const auto model = Adapted(pool_);
    model->ForwardBackward(batch, {.activation_bytes = limit});
    return static_cast<int64_t>(BytesInUse()) - static_cast<int64_t>(before);
  };
  held(0);  // what threads keep for the next model
  const int64_t all = held(0), one = held(1);
  const size_t modules = GetParam().modules.size();
  if (all == 0 || modules < 4) GTEST_SKIP() << "no figures of memory, or adapters here and there";
  // Floats of a row: two hidden states, queries, keys and values, attention's results, gate and up;
  // where there is DoRA, the products' results. Less an input for each layer.
  const int64_t kept = 2 * 20 + 80 + 40 + 44 + (GetParam().dora ? 80 + 20 + 44 + 20 : 0);
  EXPECT_GE(all - one, batch.rows() * 4 * (2 * kept - 3 * 20));
}

// A mask of dropout is a sequence's own, and that of a head doesn't repeat from chunk to chunk.
TEST_P(AdaptedModel, SequencesAlikeHaveMasksOfTheirOwn) {
  if (GetParam().dora) GTEST_SKIP() << "no dropout with DoRA";
  adapter_.config.dropout = 0.5;
  const auto model = Adapted(pool_);
  constexpr int32_t kLength = 64, kSequences = 5;  // more rows than a chunk of the head
  TrainBatch batch{.offsets = {0}};
  for (int32_t row = 0; row < kLength * kSequences; ++row) {
    batch.tokens.push_back(7 * (row % kLength));
    if ((row + 1) % kLength == 0) batch.offsets.push_back(row + 1);
    batch.predictions.push_back({.row = row, .token = 5});
  }
  BatchFigures masked, plain;
  model->ForwardBackward(batch, {.dropout_seed = 11}, &masked);
  model->ForwardBackward(batch, {}, &plain);
  for (size_t row = kLength; row < masked.nll.size(); ++row) {
    EXPECT_EQ(plain.nll[row], plain.nll[row % kLength]) << row;
  }
  for (size_t sequence = 1; sequence < kSequences; ++sequence) {
    for (const size_t row : {size_t{3}, size_t{40}}) {
      EXPECT_NE(masked.nll[sequence * kLength + row], masked.nll[row]) << sequence << " " << row;
    }
  }
}

// A row without direction, of which DoRA takes the norm: vocabularies and heads that were cut have
// such rows.
TEST_P(AdaptedModel, RowsOfZerosAreTrainedPast) {
  for (Parameter& parameter : full_->parameters()) {
    const auto part = adapter_.parts.find(parameter.name.substr(0, parameter.name.rfind('.')));
    if (part == adapter_.parts.end() || parameter.shape.size() < 2) continue;
    const auto row = parameter.value.begin() + parameter.shape[1];
    std::fill(row, row + parameter.shape[1], 0.0f);
    std::fill_n(part->second.b.begin() + part->second.place.rank, part->second.place.rank, 0.0f);
  }
  SaveBase("/zeros");
  const auto model = Adapted(pool_);
  EXPECT_TRUE(std::isfinite(model->ForwardBackward(SharedPair(), {}).weighted_nll));
  for (const Parameter& parameter : model->parameters()) {
    for (const float g : parameter.gradient) ASSERT_TRUE(std::isfinite(g)) << parameter.name;
  }
}

TEST_P(AdaptedModel, WeightsMayComeAfterLikelihoods) {
  const auto model = Adapted(pool_);
  const TrainBatch batch = SharedPair();
  TrainBatch without = batch;
  for (Prediction& prediction : without.predictions) prediction.weight = 1;
  const auto weigh = [&](const BatchFigures& figures, std::span<float> weights) {
    ASSERT_EQ(figures.nll.size(), weights.size());
    for (size_t i = 0; i < weights.size(); ++i) weights[i] = batch.predictions[i].weight;
  };
  EXPECT_EQ(Gradients(*model, without, {.weigh = weigh}), Gradients(*model, batch, {}));
}

TEST_P(AdaptedModel, FiguresAreOfTheDistribution) {
  const auto model = Adapted(pool_);
  const TrainBatch batch = SharedPair();
  BatchFigures figures;
  model->Evaluate(batch, {.precision = DType::kF32, .figures = true}, &figures);
  std::vector<int32_t> ids(2100);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<int32_t>(i);
  for (size_t i = 0; i < batch.predictions.size(); i += 5) {
    const std::vector<int32_t> row = {batch.predictions[i].row};
    const auto logs = model->LogProbabilities(batch, row, ids, DType::kF32)[0];
    double entropy = 0, squares = 0, largest = -1e9;
    for (const float log : logs) {
      entropy -= std::exp(double{log}) * double{log};
      squares += std::exp(2 * double{log});
      largest = std::max(largest, double{log});
    }
    EXPECT_NEAR(figures.entropy[i], entropy, 1e-4);
    EXPECT_NEAR(figures.log_square_sum[i], std::log(squares), 1e-4);
    EXPECT_EQ(figures.likeliest[i] != 0, double{-figures.nll[i]} >= largest - 1e-7);
    EXPECT_NEAR(logs[static_cast<size_t>(batch.predictions[i].token)], -figures.nll[i], 1e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, AdaptedModel,
    testing::Values(
        AdaptedCase{Family::kLlama, false, false, {"q_proj", "v_proj"}},
        AdaptedCase{Family::kQwen2,
                    false,
                    true,
                    {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}},
        AdaptedCase{Family::kQwen3, true, true, {"q_proj", "o_proj", "up_proj", "down_proj"}},
        AdaptedCase{Family::kLlama, false, false, {"lm_head"}},
        AdaptedCase{Family::kLlama, false, false, {"layers.1.mlp.down_proj", "lm_head"}},
        AdaptedCase{Family::kQwen2, true, false, {"layers.2.self_attn.k_proj", "gate_proj"}}));

}  // namespace
}  // namespace mores::model
