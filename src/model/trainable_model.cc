#include "model/trainable_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>

#include "base/check.h"
#include "base/files.h"
#include "base/random.h"
#include "model/model_source.h"
#include "model/train_block.h"
#include "model/weights.h"
#include "ops/kernels.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Kernels;
using tensor::DType;

namespace {

// Rows of logits held at once: few enough to stay in cache, whatever the vocabulary.
constexpr int64_t kLogitRows = 256;
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

struct TrainableModel::Impl {
  Impl(const ModelConfig& model_config, ThreadPool& thread_pool)
      : config(model_config),
        pool(thread_pool),
        longest(LongestTrainable(config)),
        rope(ops::RopeFrequencies(config.head_dim, config.layer(0).rope.theta,
                                  config.layer(0).rope.scaling, longest.positions)) {
    rope.Grow(longest.positions);
    for (WeightShape& weight : WeightShapes(config)) {
      Parameter parameter;
      int64_t elements = 1;
      for (const int64_t dim : weight.shape) elements *= dim;
      parameter.decay = weight.shape.size() > 1;
      parameter.name = std::move(weight.name);
      parameter.shape = std::move(weight.shape);
      parameter.value.resize(static_cast<size_t>(elements));
      parameter.gradient.resize(static_cast<size_t>(elements));
      parameters.push_back(std::move(parameter));
    }
    std::map<std::string, Parameter*> by_name;
    for (Parameter& parameter : parameters) by_name[parameter.name] = &parameter;
    const auto find = [&](const std::string& name) -> Parameter* {
      const auto it = by_name.find(name);
      return it == by_name.end() ? nullptr : it->second;
    };
    for (int layer = 0; layer < config.layers; ++layer) {
      blocks.emplace_back(NamesOfLayer(config, layer), layer, find);
    }
    const ModelNames names = NamesOf(config);
    embedding = by_name.at(names.embedding);
    final_norm = by_name.at(names.final_norm);
    head.emplace(std::vector<TrainableLinear::Part>{{by_name.at(names.head + ".weight"), nullptr}});
  }

  // Packs weights if they changed, or if the present packing lacks what is asked for.
  void Prepare(DType precision, TrainableLinear::Use use) {
    const bool training = use == TrainableLinear::Use::kTraining;
    if (packed && packed_precision == precision && (packed_training || !training)) return;
    for (TrainBlock& block : blocks) block.Pack(precision, use, pool);
    head->Pack(precision, use, pool);
    packed = true;
    packed_precision = precision;
    packed_training = training;
  }

  BlockContext Context(const TrainBatch& batch, const TrainStepOptions& options) {
    return {.config = config,
            .rope = rope,
            .offsets = batch.offsets,
            .rows = static_cast<int64_t>(batch.tokens.size()),
            .options = options,
            .pool = pool,
            .linear_scratch = linear_scratch};
  }

  uint32_t EmbeddingKey(const TrainStepOptions& options) const {
    return static_cast<uint32_t>(
        mores::Random(options.dropout_seed, kEmbeddingDropoutStream).At(0));
  }

  // Hidden states [tokens][hidden] before the final norm, in `x`.
  void Forward(const TrainBatch& batch, const TrainStepOptions& options) {
    const int64_t rows = static_cast<int64_t>(batch.tokens.size()), hidden = config.hidden_dim;
    for (size_t i = 0; i + 1 < batch.offsets.size(); ++i) {
      MORES_CHECK(batch.offsets[i + 1] - batch.offsets[i] <= longest.positions);
    }
    x.Resize(rows * hidden);
    const uint32_t key = EmbeddingKey(options);
    ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const float* row = embedding->value.data() + batch.tokens[static_cast<size_t>(r)] * hidden;
        float* out = x.data() + r * hidden;
        if (options.dropout > 0) {
          Kernels().dropout(row, out, hidden, options.dropout, key,
                            static_cast<uint32_t>(r * hidden));
        } else {
          std::memcpy(out, row, static_cast<size_t>(hidden) * 4);
        }
      }
    });
    const BlockContext context = Context(batch, options);
    for (TrainBlock& block : blocks) block.Forward(context, x.data());
  }

  void Backward(const TrainBatch& batch, const TrainStepOptions& options) {
    const int64_t rows = static_cast<int64_t>(batch.tokens.size()), hidden = config.hidden_dim;
    const BlockContext context = Context(batch, options);
    for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
      block->Backward(context, dx.data(), gradients);
    }
    if (options.dropout > 0) {
      const uint32_t key = EmbeddingKey(options);
      ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
        const int64_t first = begin * hidden;
        Kernels().dropout(dx.data() + first, dx.data() + first, (end - begin) * hidden,
                          options.dropout, key, static_cast<uint32_t>(first));
      });
    }
    // In order of rows, since tokens repeat.
    for (int64_t r = 0; r < rows; ++r) {
      Kernels().add(dx.data() + r * hidden,
                    embedding->gradient.data() + batch.tokens[static_cast<size_t>(r)] * hidden,
                    hidden);
    }
  }

  // Rows whose target counts.
  static std::vector<int32_t> CountedRows(const TrainBatch& batch) {
    std::vector<int32_t> rows;
    for (size_t i = 0; i < batch.target_weights.size(); ++i) {
      if (batch.target_weights[i] != 0) rows.push_back(static_cast<int32_t>(i));
    }
    return rows;
  }

  // Final norm of chosen rows of x into `chosen` (raw), `normed`, `rstd`.
  void NormRows(std::span<const int32_t> rows) {
    const int64_t count = static_cast<int64_t>(rows.size()), hidden = config.hidden_dim;
    chosen.Resize(count * hidden);
    ops::ParallelRows(pool, count, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        std::memcpy(chosen.data() + i * hidden, x.data() + rows[static_cast<size_t>(i)] * hidden,
                    static_cast<size_t>(hidden) * 4);
      }
    });
    ops::RmsNorm({count, hidden, config.final_norm.epsilon}, chosen.data(),
                 final_norm->value.data(), normed.Resize(count * hidden), rstd.Resize(count), pool);
  }

  // Cross-entropy over chunks of rows; with gradients, d(normed) goes to `dnormed` and the head's
  // weight gradient is added to.
  LossSum HeadLoss(const TrainBatch& batch, std::span<const int32_t> rows,
                   const TrainStepOptions& options, bool with_gradients, std::vector<float>* nll) {
    const int64_t count = static_cast<int64_t>(rows.size());
    const int64_t hidden = config.hidden_dim, vocab = config.vocab_size;
    if (with_gradients) dnormed.Resize(count * hidden);
    std::vector<float> losses(static_cast<size_t>(count));
    for (int64_t first = 0; first < count; first += kLogitRows) {
      const int64_t chunk = std::min(kLogitRows, count - first);
      const float* input = normed.data() + first * hidden;
      float* logit_rows = logits.Resize(kLogitRows * vocab);
      head->Forward(input, chunk, logit_rows, options.precision, linear_scratch, pool);
      pool.ParallelFor(chunk, [&](int64_t i) {
        const size_t row = static_cast<size_t>(rows[static_cast<size_t>(first + i)]);
        float* row_logits = logit_rows + i * vocab;
        const int32_t target = batch.targets[row];
        const float log_sum = Kernels().log_sum_exp(row_logits, vocab);
        losses[static_cast<size_t>(first + i)] = log_sum - row_logits[target];
        if (!with_gradients) return;
        const float scale = batch.target_weights[row] * options.loss_scale;
        Kernels().scaled_softmax(row_logits, vocab, log_sum, scale);
        row_logits[target] -= scale;
      });
      if (with_gradients) {
        head->Backward(input, logit_rows, chunk, dnormed.data() + first * hidden, options.precision,
                       linear_scratch, pool);
      }
    }
    LossSum sum;
    if (nll != nullptr) nll->assign(batch.tokens.size(), 0.0f);
    for (int64_t i = 0; i < count; ++i) {
      const size_t row = static_cast<size_t>(rows[static_cast<size_t>(i)]);
      const double weight = batch.target_weights[row];
      sum.weighted_nll += weight * losses[static_cast<size_t>(i)];
      sum.weight += weight;
      if (nll != nullptr) (*nll)[row] = losses[static_cast<size_t>(i)];
    }
    return sum;
  }

  ModelConfig config;
  ThreadPool& pool;
  LongestSequence longest;
  ops::RopeTable rope;
  std::vector<Parameter> parameters;
  Parameter* embedding = nullptr;
  Parameter* final_norm = nullptr;
  std::vector<TrainBlock> blocks;
  std::optional<TrainableLinear> head;
  bool packed = false, packed_training = false;
  DType packed_precision = DType::kF32;

  tensor::AlignedBuffer<float> x, dx, chosen, normed, rstd, dnormed, dchosen, logits;
  BlockGradients gradients;
  LinearScratch linear_scratch;
};

TrainableModel::TrainableModel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrainableModel::~TrainableModel() = default;

std::unique_ptr<TrainableModel> TrainableModel::Random(const ModelConfig& config, uint64_t seed,
                                                       ThreadPool& pool) {
  MORES_CHECK(RequireComputable(config, "the model"));
  MORES_CHECK(RequireOneRotation(config, "the model"));
  auto impl = std::make_unique<Impl>(config, pool);
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

const ModelConfig& TrainableModel::config() const { return impl_->config; }
const LongestSequence& TrainableModel::longest_sequence() const { return impl_->longest; }
std::vector<Parameter>& TrainableModel::parameters() { return impl_->parameters; }
void TrainableModel::ParametersChanged() { impl_->packed = false; }

void TrainableModel::ZeroGradients() {
  impl_->pool.ParallelFor(static_cast<int64_t>(impl_->parameters.size()), [&](int64_t i) {
    std::vector<float>& gradient = impl_->parameters[static_cast<size_t>(i)].gradient;
    std::fill(gradient.begin(), gradient.end(), 0.0f);
  });
}

LossSum TrainableModel::ForwardBackward(const TrainBatch& batch, const TrainStepOptions& options,
                                        std::vector<float>* nll) {
  Impl& m = *impl_;
  const std::vector<int32_t> rows = Impl::CountedRows(batch);
  if (nll != nullptr) nll->assign(batch.tokens.size(), 0.0f);
  if (rows.empty()) return {};
  m.Prepare(options.precision, TrainableLinear::Use::kTraining);
  m.Forward(batch, options);
  m.NormRows(rows);
  const LossSum loss = m.HeadLoss(batch, rows, options, /*with_gradients=*/true, nll);
  const int64_t count = static_cast<int64_t>(rows.size()), hidden = m.config.hidden_dim;
  m.dchosen.Resize(count * hidden);
  m.dchosen.FillZero();
  ops::RmsNormBackward({count, hidden, m.config.final_norm.epsilon}, m.chosen.data(),
                       m.final_norm->value.data(), m.dnormed.data(), m.rstd.data(),
                       m.dchosen.data(), m.final_norm->gradient.data(), m.pool);
  m.dx.Resize(static_cast<int64_t>(batch.tokens.size()) * hidden);
  m.dx.FillZero();
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(m.dx.data() + rows[static_cast<size_t>(i)] * hidden, m.dchosen.data() + i * hidden,
                static_cast<size_t>(hidden) * 4);
  }
  m.Backward(batch, options);
  return loss;
}

LossSum TrainableModel::Evaluate(const TrainBatch& batch, DType precision,
                                 std::vector<float>* nll) {
  Impl& m = *impl_;
  const TrainStepOptions options{.precision = precision};
  const std::vector<int32_t> rows = Impl::CountedRows(batch);
  m.Prepare(precision, TrainableLinear::Use::kForwardOnly);
  m.Forward(batch, options);
  m.NormRows(rows);
  return m.HeadLoss(batch, rows, options, /*with_gradients=*/false, nll);
}

std::vector<std::vector<float>> TrainableModel::LogProbabilities(const TrainBatch& batch,
                                                                 std::span<const int32_t> positions,
                                                                 std::span<const int32_t> token_ids,
                                                                 DType precision) {
  Impl& m = *impl_;
  m.Prepare(precision, TrainableLinear::Use::kForwardOnly);
  m.Forward(batch, {.precision = precision});
  m.NormRows(positions);
  std::vector<std::vector<float>> result(positions.size());
  const int64_t count = static_cast<int64_t>(positions.size()), vocab = m.config.vocab_size;
  for (int64_t first = 0; first < count; first += kLogitRows) {
    const int64_t chunk = std::min(kLogitRows, count - first);
    float* logit_rows = m.logits.Resize(kLogitRows * vocab);
    m.head->Forward(m.normed.data() + first * m.config.hidden_dim, chunk, logit_rows, precision,
                    m.linear_scratch, m.pool);
    for (int64_t i = 0; i < chunk; ++i) {
      const float* row = logit_rows + i * vocab;
      const float log_sum = Kernels().log_sum_exp(row, vocab);
      for (const int32_t id : token_ids) {
        result[static_cast<size_t>(first + i)].push_back(row[id] - log_sum);
      }
    }
  }
  return result;
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
