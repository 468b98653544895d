// A model's passes in training, forward and backward.
#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "model/train/trainable_impl.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Kernels;
using tensor::DType;

namespace {

constexpr uint64_t kEmbeddingDropoutStream = 1;

LossSum SumOf(std::span<const float> nll, std::span<const float> weights) {
  LossSum sum;
  for (size_t i = 0; i < nll.size(); ++i) {
    sum.weighted_nll += double{weights[i]} * double{nll[i]};
    sum.weight += double{weights[i]};
  }
  return sum;
}

std::vector<float> WeightsOf(const TrainBatch& batch) {
  std::vector<float> weights;
  for (const Prediction& prediction : batch.predictions) weights.push_back(prediction.weight);
  return weights;
}

}  // namespace

uint32_t TrainableModel::Impl::EmbeddingKey(const TrainStepOptions& options) const {
  return static_cast<uint32_t>(mores::Random(options.dropout_seed, kEmbeddingDropoutStream).At(0));
}

void TrainableModel::Impl::Embed(const TrainBatch& batch, const TrainStepOptions& options) {
  const int64_t rows = batch.rows(), hidden = config.hidden_dim;
  x.Resize(rows * hidden);
  const uint32_t key = EmbeddingKey(options);
  ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* out = x.data() + r * hidden;
      embedding.Read(batch.tokens[static_cast<size_t>(r)], hidden, out);
      if (options.dropout > 0) {
        Kernels().dropout(out, out, hidden, options.dropout, key,
                          static_cast<uint32_t>(r * hidden));
      }
    }
  });
}

int64_t TrainableModel::Impl::KeptUntil(int64_t rows, const TrainStepOptions& options) const {
  const int64_t limit = options.activation_bytes;
  if (limit == 0) return config.layers;
  int64_t all = 0, largest = 0;
  for (int64_t layer = lowest_trained; layer < config.layers; ++layer) {
    const int64_t bytes =
        rows * blocks[static_cast<size_t>(layer)].KeptBytesPerRow(config, options.precision);
    all += bytes;
    largest = std::max(largest, bytes);
  }
  if (all <= limit) return config.layers;
  // Each layer that is computed again keeps its input; they take turns in `passing`.
  const int64_t input = rows * config.hidden_dim * int64_t{sizeof(float)};
  int64_t used = largest + (config.layers - lowest_trained) * input, layer = lowest_trained;
  while (layer < config.layers) {
    used += rows * blocks[static_cast<size_t>(layer)].KeptBytesPerRow(config, options.precision) -
            input;
    if (used > limit) break;
    ++layer;
  }
  return layer;
}

void TrainableModel::Impl::Forward(const BlockContext& context, const TrainBatch& batch,
                                   Keep keep) {
  MORES_CHECK(context.places.longest() <= longest.positions);
  Embed(batch, context.options);
  const int64_t size = context.rows * config.hidden_dim;
  kept_until =
      keep == Keep::kForBackward ? KeptUntil(context.rows, context.options) : lowest_trained;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const auto at = static_cast<size_t>(layer);
    const bool backward = keep == Keep::kForBackward && layer >= lowest_trained;
    if (backward && !Keeps(layer)) {
      std::memcpy(inputs[at].Resize(size), x.data(), static_cast<size_t>(size) * 4);
    }
    blocks[at].Forward(context, x.data(), backward && Keeps(layer) ? kept[at] : passing, scratch);
  }
}

void TrainableModel::Impl::Backward(const BlockContext& context, const TrainBatch& batch) {
  const int64_t rows = context.rows, hidden = config.hidden_dim;
  const bool to_embedding = embedding.parameter != nullptr;
  for (int64_t layer = config.layers; layer-- > lowest_trained;) {
    const auto at = static_cast<size_t>(layer);
    if (!Keeps(layer)) blocks[at].Forward(context, inputs[at].data(), passing, scratch);
    const bool wanted = to_embedding || layer > lowest_trained;
    blocks[at].Backward(
        context, dx.data(), Keeps(layer) ? kept[at] : passing, scratch,
        wanted ? TrainBlock::InputGradient::kWanted : TrainBlock::InputGradient::kNotWanted);
  }
  if (!to_embedding) return;
  const TrainStepOptions& options = context.options;
  if (options.dropout > 0) {
    const uint32_t key = EmbeddingKey(options);
    ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * hidden;
      Kernels().dropout(dx.data() + first, dx.data() + first, (end - begin) * hidden,
                        options.dropout, key, static_cast<uint32_t>(first));
    });
  }
  // In order of rows, since tokens repeat.
  float* gradient = embedding.parameter->gradient.data();
  for (int64_t r = 0; r < rows; ++r) {
    Kernels().add(dx.data() + r * hidden, gradient + batch.tokens[static_cast<size_t>(r)] * hidden,
                  hidden);
  }
}

TrainableModel::Impl::Asked TrainableModel::Impl::AskedOf(const TrainBatch& batch) {
  Asked asked;
  for (const Prediction& prediction : batch.predictions) {
    if (asked.rows.empty() || asked.rows.back() != prediction.row) {
      asked.rows.push_back(prediction.row);
    }
    asked.targets.push_back({static_cast<int32_t>(asked.rows.size()) - 1, prediction.token});
  }
  return asked;
}

void TrainableModel::Impl::NormRows(std::span<const int32_t> rows) {
  const int64_t count = static_cast<int64_t>(rows.size()), hidden = config.hidden_dim;
  chosen.Resize(count * hidden);
  ops::ParallelRows(pool, count, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::memcpy(chosen.data() + i * hidden, x.data() + rows[static_cast<size_t>(i)] * hidden,
                  static_cast<size_t>(hidden) * 4);
    }
  });
  ops::RmsNorm({count, hidden, config.final_norm.epsilon}, chosen.data(), final_norm.value->data(),
               normed.Resize(count * hidden), rstd.Resize(count), pool);
}

void TrainableModel::Impl::HeadBackward(std::span<const int32_t> rows, int64_t all_rows) {
  const int64_t count = static_cast<int64_t>(rows.size()), hidden = config.hidden_dim;
  dchosen.Resize(count * hidden);
  dchosen.FillZero();
  ops::RmsNormBackward({count, hidden, config.final_norm.epsilon}, chosen.data(),
                       final_norm.value->data(), dnormed.data(), rstd.data(), dchosen.data(),
                       final_norm.trains() ? final_norm.gradient->data() : nullptr, pool);
  dx.Resize(all_rows * hidden);
  dx.FillZero();
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(dx.data() + rows[static_cast<size_t>(i)] * hidden, dchosen.data() + i * hidden,
                static_cast<size_t>(hidden) * 4);
  }
}

// `batch` is what `shared` was made of.
LossSum TrainableModel::Impl::ForwardBackward(const SharedBeginnings& shared,
                                              const TrainBatch& batch,
                                              const TrainStepOptions& options,
                                              BatchFigures* figures) {
  const Asked asked = AskedOf(shared.batch());
  const SegmentPlaces places(shared.batch());
  const BlockContext context = Context(shared.batch(), places, options);
  Prepare(options.precision, TrainLinear::Use::kTraining);
  Forward(context, shared.batch(), Keep::kForBackward);
  NormRows(asked.rows);
  std::vector<float> weights = WeightsOf(batch), summed(asked.targets.size());
  const auto weigh = [&](const BatchFigures& known) {
    if (options.weigh) options.weigh(shared.Spread(known), weights);
    shared.AddUp(weights, summed);
    for (float& weight : summed) weight *= options.loss_scale;
  };
  BatchFigures found;
  if (!options.weigh) weigh(found);
  HeadPass pass{.normed = normed.data(),
                .rows = asked.count(),
                .targets = asked.targets,
                .figures = options.figures,
                .gradient = dnormed.Resize(asked.count() * config.hidden_dim),
                .weights = summed};
  if (options.weigh) pass.weigh = weigh;
  head->Run(pass, found, context.Linear());
  HeadBackward(asked.rows, shared.batch().rows());
  Backward(context, shared.batch());
  found = shared.Spread(std::move(found));
  const LossSum sum = SumOf(found.nll, weights);
  if (figures != nullptr) *figures = std::move(found);
  return sum;
}

LossSum TrainableModel::ForwardBackward(const TrainBatch& batch, const TrainStepOptions& options,
                                        BatchFigures* figures) {
  if (batch.predictions.empty()) {
    if (figures != nullptr) *figures = {};
    return {};
  }
  Impl& m = *impl_;
  // A mask of dropout is a sequence's own.
  const bool masks =
      options.dropout > 0 || (m.adapter.config.dropout > 0 && options.dropout_seed != 0);
  return m.ForwardBackward(masks ? SharedBeginnings::None(batch) : SharedBeginnings(batch), batch,
                           options, figures);
}

LossSum TrainableModel::Evaluate(const TrainBatch& batch, const TrainStepOptions& options,
                                 BatchFigures* figures) {
  if (batch.predictions.empty()) {
    if (figures != nullptr) *figures = {};
    return {};
  }
  Impl& m = *impl_;
  const TrainStepOptions forward{.precision = options.precision, .figures = options.figures};
  const SharedBeginnings shared(batch);
  const Impl::Asked asked = Impl::AskedOf(shared.batch());
  const SegmentPlaces places(shared.batch());
  const BlockContext context = m.Context(shared.batch(), places, forward);
  m.Prepare(options.precision, TrainLinear::Use::kForwardOnly);
  m.Forward(context, shared.batch(), Impl::Keep::kNothing);
  m.NormRows(asked.rows);
  BatchFigures found;
  m.head->Run({.normed = m.normed.data(),
               .rows = asked.count(),
               .targets = asked.targets,
               .figures = options.figures},
              found, context.Linear());
  found = shared.Spread(std::move(found));
  const LossSum sum = SumOf(found.nll, WeightsOf(batch));
  if (figures != nullptr) *figures = std::move(found);
  return sum;
}

std::vector<std::vector<float>> TrainableModel::LogProbabilities(const TrainBatch& batch,
                                                                 std::span<const int32_t> positions,
                                                                 std::span<const int32_t> token_ids,
                                                                 DType precision) {
  Impl& m = *impl_;
  const SharedBeginnings shared(batch);
  const SegmentPlaces places(shared.batch());
  const BlockContext context = m.Context(shared.batch(), places, {.precision = precision});
  m.Prepare(precision, TrainLinear::Use::kForwardOnly);
  m.Forward(context, shared.batch(), Impl::Keep::kNothing);
  std::vector<int32_t> rows;
  for (const int32_t position : positions) rows.push_back(shared.row(position));
  m.NormRows(rows);
  std::vector<ops::HeadTarget> targets;
  for (size_t i = 0; i < positions.size(); ++i) {
    for (const int32_t id : token_ids) targets.push_back({static_cast<int32_t>(i), id});
  }
  BatchFigures figures;
  m.head->Run({.normed = m.normed.data(),
               .rows = static_cast<int64_t>(positions.size()),
               .targets = targets},
              figures, context.Linear());
  std::vector<std::vector<float>> result;
  for (size_t i = 0; i < positions.size(); ++i) {
    std::vector<float>& row = result.emplace_back();
    for (size_t j = 0; j < token_ids.size(); ++j) {
      row.push_back(-figures.nll[i * token_ids.size() + j]);
    }
  }
  return result;
}

}  // namespace mores::model
