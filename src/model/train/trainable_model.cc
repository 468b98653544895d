#include "model/train/trainable_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/files.h"
#include "base/random.h"
#include "model/train/adapted_linear.h"
#include "model/train/full_linear.h"
#include "model/train/shared_beginnings.h"
#include "model/train/train_block.h"
#include "model/train/train_head.h"
#include "model/weights.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Kernels;
using tensor::DType;

namespace {

constexpr uint64_t kEmbeddingDropoutStream = 1;

// The one table of rotary positions serves all layers.
Status RequireOneRotation(const ModelConfig& config, std::string_view where) {
  for (int layer = 1; layer < config.layers; ++layer) {
    if (config.layer(layer).rope == config.layer(0).rope) continue;
    return MakeError(ErrorKind::kUnsupported,
                     "{}: training with rotations that differ by layer is not supported", where);
  }
  return {};
}

// Whether a residual branch ends with this tensor.
bool EndsBranch(const std::string& name, const ModelConfig& config) {
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    if (name == names.output + ".weight" || name == names.down + ".weight") return true;
  }
  return false;
}

}  // namespace

LongestSequence LongestTrainable(const ModelConfig& config) {
  LongestSequence longest{.positions = config.context_length};
  for (int layer = 0; layer < config.layers; ++layer) {
    const RopeConfig& rope = config.layer(layer).rope;
    if (rope.Bound(longest.positions) > 0) {
      longest = {.positions = static_cast<int>(rope.scaling.trained_context),
                 .limit = "dynamic rotary scaling"};
    }
    const int window = config.layer(layer).window;
    if (window > 0 && window < longest.positions) {
      longest = {.positions = window, .limit = "sliding windows"};
    }
  }
  return longest;
}

// Where rows of the embedding come from.
struct TrainEmbedding {
  Parameter* parameter = nullptr;  // trained, or null
  tensor::TensorView view;         // else

  void Read(int64_t token, int64_t hidden, float* out) const {
    if (parameter != nullptr) {
      std::memcpy(out, parameter->value.data() + token * hidden, static_cast<size_t>(hidden) * 4);
    } else {
      view.Copy(token * hidden, hidden, out);
    }
  }
};

struct TrainableModel::Impl {
  Impl(const ModelConfig& model_config, ThreadPool& thread_pool)
      : config(model_config),
        pool(thread_pool),
        longest(LongestTrainable(config)),
        rope(ops::RopeFrequencies(config.head_dim, config.layer(0).rope.theta,
                                  config.layer(0).rope.scaling, longest.positions)) {
    rope.Grow(longest.positions);
  }

  // All that the model is made of, as parameters.
  void MakeFull();
  // Of `base`, kept, with the adapter's numbers as parameters.
  Status MakeAdapted(std::shared_ptr<const ModelSource> source, const Adapter& adapter);
  Expected<std::unique_ptr<TrainLinear>> AdaptedProduct(const std::vector<std::string>& modules,
                                                        const Adapter& adapter);
  Expected<TrainNorm> FrozenNorm(const std::string& name);
  void FindLowestTrained();

  // Makes products ready if values changed, or if they lack what is asked for.
  void Prepare(DType precision, TrainLinear::Use use) {
    const bool training = use == TrainLinear::Use::kTraining;
    if (prepared && prepared_precision == precision && (prepared_training || !training)) return;
    for (TrainBlock& block : blocks) block.Prepare(precision, use, pool);
    head->Prepare(precision, use, pool);
    prepared = true;
    prepared_precision = precision;
    prepared_training = training;
  }

  BlockContext Context(const TrainBatch& batch, const SegmentPlaces& places,
                       const TrainStepOptions& options) {
    return {.config = config,
            .rope = rope,
            .places = places,
            .rows = batch.rows(),
            .options = options,
            .pool = pool,
            .linear_scratch = linear_scratch};
  }

  uint32_t EmbeddingKey(const TrainStepOptions& options) const {
    return static_cast<uint32_t>(
        mores::Random(options.dropout_seed, kEmbeddingDropoutStream).At(0));
  }

  void Embed(const TrainBatch& batch, const TrainStepOptions& options);
  // Whether the backward pass has what it needs of a layer, or makes it again.
  bool Keeps(int64_t layer) const { return layer >= lowest_trained && layer < kept_until; }
  // The layer from which on a backward pass computes again what it needs, so that what is kept is
  // at most options.activation_bytes, if it can be; 0: no limit.
  int64_t KeptUntil(int64_t rows, const TrainStepOptions& options) const;
  // Hidden states [rows][hidden] before the final norm, in `x`.
  enum class Keep { kNothing, kForBackward };
  void Forward(const BlockContext& context, const TrainBatch& batch, Keep keep);
  // From `dx`, the gradient by the last block's output.
  void Backward(const BlockContext& context, const TrainBatch& batch);
  // The rows that predict something, and the predictions by their place among these.
  struct Asked {
    std::vector<int32_t> rows;
    std::vector<ops::HeadTarget> targets;
    int64_t count() const { return static_cast<int64_t>(rows.size()); }
  };
  static Asked AskedOf(const TrainBatch& batch);
  // Final norm of chosen rows of x into `chosen` (raw), `normed`, `rstd`.
  void NormRows(std::span<const int32_t> rows);
  void HeadBackward(std::span<const int32_t> rows, int64_t all_rows);
  LossSum ForwardBackward(const SharedBeginnings& shared, const TrainBatch& batch,
                          const TrainStepOptions& options, BatchFigures* figures);

  ModelConfig config;
  ThreadPool& pool;
  LongestSequence longest;
  ops::RopeTable rope;
  std::shared_ptr<const ModelSource> base;  // of Adapt
  Adapter adapter;                          // of Adapt: its shape; the numbers are `parameters`
  std::vector<Parameter> parameters;
  std::map<std::string, size_t> parameter_of;
  std::vector<std::unique_ptr<std::vector<float>>> frozen_norms;
  TrainEmbedding embedding;
  TrainNorm final_norm;
  std::vector<TrainBlock> blocks;
  std::unique_ptr<TrainHead> head;
  int64_t lowest_trained = 0;  // layer below which nothing is; 0 where the embedding is trained
  int64_t kept_until = 0;      // layers from here on are computed again in the backward pass
  bool prepared = false, prepared_training = false;
  DType prepared_precision = DType::kF32;

  std::vector<BlockActivations> kept;                // [layers]
  BlockActivations passing;                          // of layers that keep nothing
  std::vector<tensor::AlignedBuffer<float>> inputs;  // of layers that are computed again
  tensor::AlignedBuffer<float> x, dx, chosen, normed, rstd, dnormed, dchosen;
  BlockScratch scratch;
  LinearScratch linear_scratch;
};

void TrainableModel::Impl::MakeFull() {
  for (WeightShape& weight : WeightShapes(config)) {
    Parameter parameter;
    int64_t elements = 1;
    for (const int64_t dim : weight.shape) elements *= dim;
    parameter.decay = weight.shape.size() > 1;
    parameter.name = std::move(weight.name);
    parameter.shape = std::move(weight.shape);
    parameter.value.resize(static_cast<size_t>(elements));
    parameter.gradient.resize(static_cast<size_t>(elements));
    parameter_of[parameter.name] = parameters.size();
    parameters.push_back(std::move(parameter));
  }
  const auto find = [&](const std::string& name) -> Parameter* {
    const auto it = parameter_of.find(name);
    return it == parameter_of.end() ? nullptr : &parameters[it->second];
  };
  const auto product = [&](const std::vector<std::string>& stems) {
    std::vector<FullLinear::Part> parts;
    for (const std::string& stem : stems) {
      parts.push_back({find(stem + ".weight"), find(stem + ".bias")});
    }
    return std::make_unique<FullLinear>(std::move(parts));
  };
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    BlockParts parts{.attention_norm = TrainNorm::Of(find(names.attention_norm)),
                     .ffn_norm = TrainNorm::Of(find(names.ffn_norm)),
                     .query_norm = TrainNorm::Of(find(names.query_norm)),
                     .key_norm = TrainNorm::Of(find(names.key_norm)),
                     .qkv = product(names.qkv),
                     .output = product({names.output}),
                     .gate_up = product({names.gate, names.up}),
                     .down = product({names.down}),
                     .order = HeadPlaces::OrderOf(names)};
    blocks.emplace_back(std::move(parts), layer);
  }
  const ModelNames names = NamesOf(config);
  embedding.parameter = find(names.embedding);
  final_norm = TrainNorm::Of(find(names.final_norm));
  head = MakeTrainedHead(product({names.head}));
  kept.resize(blocks.size());
  inputs.resize(blocks.size());
}

Expected<TrainNorm> TrainableModel::Impl::FrozenNorm(const std::string& name) {
  const int64_t width = config.hidden_dim, head_width = config.head_dim;
  for (const WeightShape& weight : WeightShapes(config)) {
    if (weight.name != name) continue;
    MORES_CHECK(weight.shape[0] == width || weight.shape[0] == head_width);
    MORES_ASSIGN_OR_RETURN(std::vector<float> values, base->Read(weight));
    frozen_norms.push_back(std::make_unique<std::vector<float>>(std::move(values)));
    return TrainNorm{.value = frozen_norms.back().get()};
  }
  return TrainNorm{};
}

Expected<std::unique_ptr<TrainLinear>> TrainableModel::Impl::AdaptedProduct(
    const std::vector<std::string>& modules, const Adapter& adapter_of_base) {
  std::vector<AdaptedLinear::Part> parts;
  for (const std::string& module : modules) {
    AdaptedLinear::Part part;
    for (const WeightShape& weight : WeightShapes(config)) {
      if (weight.name == module + ".weight") {
        MORES_ASSIGN_OR_RETURN(part.weight, base->Find(weight));
      } else if (weight.name == module + ".bias") {
        MORES_ASSIGN_OR_RETURN(part.bias, base->Read(weight));
      }
    }
    if (const AdapterPart* found = adapter_of_base.Find(module)) {
      part.a = &parameters[parameter_of.at(module + ".lora_A.weight")];
      part.b = &parameters[parameter_of.at(module + ".lora_B.weight")];
      if (!found->magnitude.empty()) {
        part.magnitude = &parameters[parameter_of.at(module + ".lora_magnitude_vector")];
      }
      part.scale = static_cast<float>(found->place.scale);
    }
    parts.push_back(std::move(part));
  }
  return std::make_unique<AdaptedLinear>(std::move(parts),
                                         static_cast<float>(adapter_of_base.config.dropout),
                                         HashBytes(modules.front()));
}

Status TrainableModel::Impl::MakeAdapted(std::shared_ptr<const ModelSource> source,
                                         const Adapter& start) {
  base = std::move(source);
  adapter = start;
  if (start.config.dora && start.config.dropout > 0) {
    return MakeError(ErrorKind::kUnsupported, "an adapter with DoRA is trained without dropout");
  }
  const auto add = [&](const std::string& name, std::vector<int64_t> shape,
                       const std::vector<float>& values) {
    parameter_of[name] = parameters.size();
    const bool matrix = shape.size() > 1;
    parameters.push_back({.name = name,
                          .shape = std::move(shape),
                          .value = values,
                          .gradient = std::vector<float>(values.size()),
                          .decay = matrix});
  };
  for (const auto& [module, part] : start.parts) {
    const AdapterPlace& place = part.place;
    add(module + ".lora_A.weight", {place.rank, place.in}, part.a);
    add(module + ".lora_B.weight", {place.out, place.rank}, part.b);
    if (!part.magnitude.empty()) {
      add(module + ".lora_magnitude_vector", {place.out}, part.magnitude);
    }
  }
  for (int layer = 0; layer < config.layers; ++layer) {
    const LayerNames names = NamesOfLayer(config, layer);
    BlockParts parts;
    MORES_ASSIGN_OR_RETURN(parts.attention_norm, FrozenNorm(names.attention_norm));
    MORES_ASSIGN_OR_RETURN(parts.ffn_norm, FrozenNorm(names.ffn_norm));
    MORES_ASSIGN_OR_RETURN(parts.query_norm, FrozenNorm(names.query_norm));
    MORES_ASSIGN_OR_RETURN(parts.key_norm, FrozenNorm(names.key_norm));
    MORES_ASSIGN_OR_RETURN(parts.qkv, AdaptedProduct(names.qkv, start));
    MORES_ASSIGN_OR_RETURN(parts.output, AdaptedProduct({names.output}, start));
    MORES_ASSIGN_OR_RETURN(parts.gate_up, AdaptedProduct({names.gate, names.up}, start));
    MORES_ASSIGN_OR_RETURN(parts.down, AdaptedProduct({names.down}, start));
    parts.order = HeadPlaces::OrderOf(names);
    blocks.emplace_back(std::move(parts), layer);
  }
  const ModelNames names = NamesOf(config);
  const WeightShape rows{names.embedding, {config.vocab_size, config.hidden_dim}};
  MORES_ASSIGN_OR_RETURN(embedding.view, base->Find(rows));
  MORES_ASSIGN_OR_RETURN(final_norm, FrozenNorm(names.final_norm));
  if (start.Find(names.head) != nullptr) {
    MORES_ASSIGN_OR_RETURN(auto product, AdaptedProduct({names.head}, start));
    head = MakeTrainedHead(std::move(product));
  } else if (config.tied_head) {
    head = MakeFrozenHead(embedding.view);
  } else {
    MORES_ASSIGN_OR_RETURN(tensor::TensorView weight,
                           base->Find({names.head + ".weight", rows.shape}));
    head = MakeFrozenHead(std::move(weight));
  }
  kept.resize(blocks.size());
  inputs.resize(blocks.size());
  FindLowestTrained();
  return {};
}

void TrainableModel::Impl::FindLowestTrained() {
  lowest_trained = config.layers;
  for (size_t layer = blocks.size(); layer-- > 0;) {
    if (blocks[layer].trains()) lowest_trained = static_cast<int64_t>(layer);
  }
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

namespace {

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

TrainableModel::TrainableModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrainableModel::~TrainableModel() = default;

std::unique_ptr<TrainableModel> TrainableModel::Random(const ModelConfig& config, uint64_t seed,
                                                       ThreadPool& pool) {
  MORES_CHECK(RequireComputable(config, "the model"));
  MORES_CHECK(RequireOneRotation(config, "the model"));
  auto impl = std::make_unique<Impl>(config, pool);
  impl->MakeFull();
  uint64_t stream = 0;
  for (Parameter& parameter : impl->parameters) {
    ++stream;
    if (parameter.shape.size() == 1) {
      const bool norm = parameter.name.ends_with("norm.weight");
      std::fill(parameter.value.begin(), parameter.value.end(), norm ? 1.0f : 0.0f);
      continue;
    }
    const bool residual = EndsBranch(parameter.name, config);
    const double deviation = residual ? 0.02 / std::sqrt(2.0 * config.layers) : 0.02;
    mores::Random random(seed, stream);
    for (float& value : parameter.value) value = static_cast<float>(random.Normal() * deviation);
  }
  return std::unique_ptr<TrainableModel>(new TrainableModel(std::move(impl)));
}

Expected<std::unique_ptr<TrainableModel>> TrainableModel::Load(const ModelSource& source,
                                                               ThreadPool& pool) {
  const ModelConfig& config = source.config();
  MORES_RETURN_IF_ERROR(RequireComputable(config, source.path()));
  MORES_RETURN_IF_ERROR(RequireOneRotation(config, source.path()));
  auto impl = std::make_unique<Impl>(config, pool);
  impl->MakeFull();
  for (Parameter& parameter : impl->parameters) {
    MORES_ASSIGN_OR_RETURN(parameter.value, source.Read({parameter.name, parameter.shape}));
  }
  return std::unique_ptr<TrainableModel>(new TrainableModel(std::move(impl)));
}

Expected<std::unique_ptr<TrainableModel>> TrainableModel::Load(const std::string& path,
                                                               ThreadPool& pool) {
  MORES_ASSIGN_OR_RETURN(const auto source, OpenModel(path));
  return Load(*source, pool);
}

Expected<std::unique_ptr<TrainableModel>> TrainableModel::Adapt(
    std::shared_ptr<const ModelSource> base, const Adapter& adapter, ThreadPool& pool) {
  const ModelConfig& config = base->config();
  MORES_RETURN_IF_ERROR(RequireComputable(config, base->path()));
  MORES_RETURN_IF_ERROR(RequireOneRotation(config, base->path()));
  auto impl = std::make_unique<Impl>(config, pool);
  MORES_RETURN_IF_ERROR(impl->MakeAdapted(std::move(base), adapter));
  return std::unique_ptr<TrainableModel>(new TrainableModel(std::move(impl)));
}

const ModelConfig& TrainableModel::config() const { return impl_->config; }
const LongestSequence& TrainableModel::longest_sequence() const { return impl_->longest; }
std::vector<Parameter>& TrainableModel::parameters() { return impl_->parameters; }
void TrainableModel::ParametersChanged() { impl_->prepared = false; }

void TrainableModel::ZeroGradients() {
  impl_->pool.ParallelFor(static_cast<int64_t>(impl_->parameters.size()), [&](int64_t i) {
    std::vector<float>& gradient = impl_->parameters[static_cast<size_t>(i)].gradient;
    std::fill(gradient.begin(), gradient.end(), 0.0f);
  });
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

Adapter TrainableModel::CurrentAdapter() const {
  Adapter adapter = impl_->adapter;
  const auto value = [&](const std::string& name) {
    return impl_->parameters[impl_->parameter_of.at(name)].value;
  };
  for (auto& [module, part] : adapter.parts) {
    part.a = value(module + ".lora_A.weight");
    part.b = value(module + ".lora_B.weight");
    if (!part.magnitude.empty()) part.magnitude = value(module + ".lora_magnitude_vector");
  }
  return adapter;
}

Status TrainableModel::Save(const std::string& directory, DType dtype) const {
  MORES_CHECK(dtype == DType::kF32 || dtype == DType::kBf16);
  MORES_RETURN_IF_ERROR(MakeDirectories(directory));
  MORES_RETURN_IF_ERROR(RequireWritable(impl_->config, directory));
  const Json config = ToJson(impl_->config, TorchName(dtype));
  MORES_RETURN_IF_ERROR(WriteFileAtomically(directory + "/config.json", config.dump(2) + "\n"));
  std::vector<tensor::TensorToWrite> tensors;
  for (const Parameter& parameter : impl_->parameters) {
    tensors.push_back({parameter.name, parameter.shape, parameter.value.data(), dtype});
  }
  return tensor::WriteSafetensors(directory + "/model.safetensors", tensors);
}

}  // namespace mores::model
