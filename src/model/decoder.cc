#include "model/decoder.h"

#include <cstring>
#include <optional>

#include "base/check.h"
#include "model/weights.h"
#include "ops/attention.h"
#include "ops/kernels.h"
#include "ops/matmul.h"
#include "ops/rope.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Kernels;
using tensor::DType;

KvCache::KvCache(const ModelConfig& config, int64_t positions) { Reset(config, positions); }

void KvCache::Reset(const ModelConfig& config, int64_t positions) {
  kv_heads_ = config.kv_heads;
  head_dim_ = config.head_dim;
  capacity_ = (positions + ops::kKeyPanel - 1) / ops::kKeyPanel * ops::kKeyPanel;
  length_ = 0;
  data_.Resize(int64_t{2} * config.layers * kv_heads_ * head_dim_ * capacity_);
}

float* KvCache::keys(int64_t layer, int64_t head) {
  return data_.data() + (2 * layer * kv_heads_ + head) * head_dim_ * capacity_;
}
float* KvCache::values(int64_t layer, int64_t head) {
  return data_.data() + ((2 * layer + 1) * kv_heads_ + head) * head_dim_ * capacity_;
}

namespace {

// y = x W^T + b, packed once.
struct PackedLinear {
  ops::RightOperand weight;
  std::vector<float> bias;

  int64_t out() const { return weight.columns(); }
  void Apply(const float* x, int64_t rows, float* y, DType precision, ops::LeftOperand& left,
             ThreadPool& pool) const {
    left.Pack({x, rows, weight.depth(), weight.depth()}, ops::Layout::kPlain, precision, pool);
    ops::MatMul(left, weight, y, out(), ops::Accumulate::kNo, pool);
    ops::AddBias(bias.empty() ? nullptr : bias.data(), y, rows, out(), pool);
  }
};

struct PackedBlock {
  std::vector<float> attention_norm, ffn_norm;
  PackedLinear qkv, output, gate_up, down;
};

// Reads tensors of a directory and packs those that share an input together.
class Loader {
 public:
  Loader(const WeightFiles& files, const ModelConfig& config, DType precision, ThreadPool& pool)
      : files_(files), precision_(precision), pool_(pool) {
    for (WeightShape& weight : WeightShapes(config)) shapes_[weight.name] = std::move(weight);
  }

  Status Vector(const std::string& name, std::vector<float>& out) {
    MORES_ASSIGN_OR_RETURN(out, files_.Read(shapes_.at(name)));
    return {};
  }

  // `stems` without ".weight", stacked along the output.
  Status Linear(const std::vector<std::string>& stems, PackedLinear& out) {
    std::vector<float> stacked;
    int64_t rows = 0, columns = 0;
    for (const std::string& stem : stems) {
      const WeightShape& shape = shapes_.at(stem + ".weight");
      MORES_ASSIGN_OR_RETURN(std::vector<float> values, files_.Read(shape));
      if (stacked.empty()) {
        stacked = std::move(values);
      } else {
        stacked.insert(stacked.end(), values.begin(), values.end());
      }
      rows += shape.shape[0];
      columns = shape.shape[1];
      if (const auto bias = shapes_.find(stem + ".bias"); bias != shapes_.end()) {
        MORES_ASSIGN_OR_RETURN(const std::vector<float> part, files_.Read(bias->second));
        out.bias.insert(out.bias.end(), part.begin(), part.end());
      }
    }
    out.weight.Pack({stacked.data(), rows, columns, columns}, ops::Layout::kTransposed, precision_,
                    pool_);
    return {};
  }

 private:
  const WeightFiles& files_;
  DType precision_;
  ThreadPool& pool_;
  std::map<std::string, WeightShape> shapes_;
};

}  // namespace

struct DecoderScratch::Buffers {
  ops::LeftOperand left;
  tensor::AlignedBuffer<float> x, normed, qkv, attended, out, gate_up, ffn, wanted;
};
DecoderScratch::DecoderScratch() : buffers(std::make_unique<Buffers>()) {}
DecoderScratch::~DecoderScratch() = default;

struct Decoder::Impl {
  ModelConfig config;
  DType precision = DType::kF32;
  std::vector<float> embedding;  // [vocab][hidden]
  std::vector<PackedBlock> blocks;
  std::vector<float> final_norm;
  PackedLinear lm_head;
  std::optional<ops::RopeTable> rope;

  Status Load(const WeightFiles& files, ThreadPool& pool) {
    Loader loader(files, config, precision, pool);
    MORES_RETURN_IF_ERROR(loader.Vector("model.embed_tokens.weight", embedding));
    blocks.resize(static_cast<size_t>(config.layers));
    for (int layer = 0; layer < config.layers; ++layer) {
      PackedBlock& block = blocks[static_cast<size_t>(layer)];
      const auto name = [&](const char* rest) { return LayerWeightName(layer, rest); };
      MORES_RETURN_IF_ERROR(loader.Vector(name("input_layernorm.weight"), block.attention_norm));
      MORES_RETURN_IF_ERROR(loader.Vector(name("post_attention_layernorm.weight"), block.ffn_norm));
      MORES_RETURN_IF_ERROR(loader.Linear(
          {name("self_attn.q_proj"), name("self_attn.k_proj"), name("self_attn.v_proj")},
          block.qkv));
      MORES_RETURN_IF_ERROR(loader.Linear({name("self_attn.o_proj")}, block.output));
      MORES_RETURN_IF_ERROR(
          loader.Linear({name("mlp.gate_proj"), name("mlp.up_proj")}, block.gate_up));
      MORES_RETURN_IF_ERROR(loader.Linear({name("mlp.down_proj")}, block.down));
    }
    MORES_RETURN_IF_ERROR(loader.Vector("model.norm.weight", final_norm));
    MORES_RETURN_IF_ERROR(
        loader.Linear({config.tied_head ? "model.embed_tokens" : "lm_head"}, lm_head));
    rope.emplace(config.context_length, config.head_dim, config.rope_theta);
    return {};
  }

  // Rotates queries and keys, and writes keys and values into the caches.
  void FillCaches(std::span<const Chunk> chunks, int64_t layer, float* qkv, int64_t width,
                  ThreadPool& pool) const;
  void Attend(std::span<const Chunk> chunks, int64_t layer, const float* qkv, int64_t width,
              float* attended, ThreadPool& pool) const;
  // Leaves x of all rows, or in the last layer of the wanted rows alone, which move to its front.
  void RunBlock(std::span<const Chunk> chunks, int64_t layer, int64_t rows,
                DecoderScratch::Buffers& s, ThreadPool& pool) const;
  // Moves the wanted rows of x and of the attention's result to the front; returns their number.
  int64_t KeepWantedRows(std::span<const Chunk> chunks, DecoderScratch::Buffers& s) const;
};

void Decoder::Impl::FillCaches(std::span<const Chunk> chunks, int64_t layer, float* qkv,
                               int64_t width, ThreadPool& pool) const {
  std::vector<int64_t> first_row(chunks.size() + 1, 0);
  for (size_t i = 0; i < chunks.size(); ++i) {
    first_row[i + 1] = first_row[i] + static_cast<int64_t>(chunks[i].tokens.size());
  }
  const int64_t head_dim = config.head_dim;
  pool.ParallelFor(static_cast<int64_t>(chunks.size()), [&](int64_t task) {
    const Chunk& chunk = chunks[static_cast<size_t>(task)];
    for (size_t i = 0; i < chunk.tokens.size(); ++i) {
      const int64_t position = chunk.cache->length_ + static_cast<int64_t>(i);
      float* row = qkv + (first_row[static_cast<size_t>(task)] + static_cast<int64_t>(i)) * width;
      for (int64_t head = 0; head < config.query_heads + config.kv_heads; ++head) {
        Kernels().rotate(row + head * head_dim, rope->cos(position), rope->sin(position), head_dim,
                         1.0f);
      }
      const float* key = row + config.query_dim();
      const float* value = key + config.kv_dim();
      for (int64_t head = 0; head < config.kv_heads; ++head) {
        float* panels = chunk.cache->keys(layer, head);
        if (position % ops::kKeyPanel == 0) {
          // A fresh panel: its unused positions must hold numbers.
          std::memset(panels + position * head_dim, 0,
                      static_cast<size_t>(ops::kKeyPanel * head_dim) * sizeof(float));
        }
        ops::StoreKey(key + head * head_dim, position, head_dim, panels);
        std::memcpy(chunk.cache->values(layer, head) + position * head_dim, value + head * head_dim,
                    static_cast<size_t>(head_dim) * sizeof(float));
      }
    }
  });
}

void Decoder::Impl::Attend(std::span<const Chunk> chunks, int64_t layer, const float* qkv,
                           int64_t width, float* attended, ThreadPool& pool) const {
  std::vector<int64_t> first_row(chunks.size() + 1, 0);
  for (size_t i = 0; i < chunks.size(); ++i) {
    first_row[i + 1] = first_row[i] + static_cast<int64_t>(chunks[i].tokens.size());
  }
  const int64_t kv_heads = config.kv_heads, head_dim = config.head_dim;
  const int64_t group = config.query_heads / kv_heads;
  pool.ParallelFor(static_cast<int64_t>(chunks.size()) * kv_heads, [&](int64_t task) {
    thread_local ops::AttentionScratch scratch;
    const size_t index = static_cast<size_t>(task / kv_heads);
    const int64_t kv_head = task % kv_heads;
    const Chunk& chunk = chunks[index];
    const int64_t rows = static_cast<int64_t>(chunk.tokens.size());
    const float* query = qkv + first_row[index] * width + kv_head * group * head_dim;
    float* out = attended + first_row[index] * config.query_dim() + kv_head * group * head_dim;
    ops::AttentionForward args{.query = query,
                               .query_row = width,
                               .rows = rows,
                               .first_position = chunk.cache->length_,
                               .key_panels = chunk.cache->keys(layer, kv_head),
                               .values = chunk.cache->values(layer, kv_head),
                               .value_row = head_dim,
                               .head_dim = head_dim,
                               .out = out,
                               .out_row = config.query_dim(),
                               .log_sums = nullptr,
                               .log_sum_step = 0};
    if (rows == 1) {
      // One position: all heads of the group at once, the same chains of operations.
      args.query_row = head_dim;
      args.rows = group;
      args.position_step = 0;
      args.out_row = head_dim;
      ops::Attend(args, scratch);
      return;
    }
    for (int64_t head = 0; head < group; ++head) {
      args.query = query + head * head_dim;
      args.out = out + head * head_dim;
      ops::Attend(args, scratch);
    }
  });
}

int64_t Decoder::Impl::KeepWantedRows(std::span<const Chunk> chunks,
                                      DecoderScratch::Buffers& s) const {
  const int64_t hidden = config.hidden_dim, query_dim = config.query_dim();
  int64_t row = 0, kept = 0;
  for (const Chunk& chunk : chunks) {
    const int64_t count = static_cast<int64_t>(chunk.tokens.size());
    for (int64_t i = std::min(count, chunk.first_wanted); i < count; ++i, ++kept) {
      std::memmove(s.x.data() + kept * hidden, s.x.data() + (row + i) * hidden,
                   static_cast<size_t>(hidden) * sizeof(float));
      std::memmove(s.attended.data() + kept * query_dim, s.attended.data() + (row + i) * query_dim,
                   static_cast<size_t>(query_dim) * sizeof(float));
    }
    row += count;
  }
  return kept;
}

void Decoder::Impl::RunBlock(std::span<const Chunk> chunks, int64_t layer, int64_t rows,
                             DecoderScratch::Buffers& s, ThreadPool& pool) const {
  const PackedBlock& block = blocks[static_cast<size_t>(layer)];
  const int64_t hidden = config.hidden_dim, ffn = config.ffn_dim;
  ops::RmsNormShape norm{rows, hidden, config.rms_norm_epsilon};
  const auto add_to_x = [&] {
    ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
      Kernels().add(s.out.data() + begin * hidden, s.x.data() + begin * hidden,
                    (end - begin) * hidden);
    });
  };
  ops::RmsNorm(norm, s.x.data(), block.attention_norm.data(), s.normed.data(), nullptr, pool);
  const int64_t width = block.qkv.out();
  block.qkv.Apply(s.normed.data(), rows, s.qkv.Resize(rows * width), precision, s.left, pool);
  FillCaches(chunks, layer, s.qkv.data(), width, pool);
  Attend(chunks, layer, s.qkv.data(), width, s.attended.Resize(rows * config.query_dim()), pool);
  // Past the last attention a row matters to nobody else.
  if (layer + 1 == config.layers) norm.rows = rows = KeepWantedRows(chunks, s);
  if (rows == 0) return;
  block.output.Apply(s.attended.data(), rows, s.out.Resize(rows * hidden), precision, s.left, pool);
  add_to_x();
  ops::RmsNorm(norm, s.x.data(), block.ffn_norm.data(), s.normed.data(), nullptr, pool);
  block.gate_up.Apply(s.normed.data(), rows, s.gate_up.Resize(rows * 2 * ffn), precision, s.left,
                      pool);
  s.ffn.Resize(rows * ffn);
  ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const float* gate = s.gate_up.data() + r * 2 * ffn;
      Kernels().swiglu(gate, gate + ffn, s.ffn.data() + r * ffn, ffn);
    }
  });
  block.down.Apply(s.ffn.data(), rows, s.out.data(), precision, s.left, pool);
  add_to_x();
}

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::~Decoder() = default;

const ModelConfig& Decoder::config() const { return impl_->config; }

Expected<std::unique_ptr<Decoder>> Decoder::Load(const std::string& model_directory,
                                                 DType precision, ThreadPool& pool) {
  MORES_CHECK(precision != DType::kF16);
  auto impl = std::make_unique<Impl>();
  impl->precision = precision;
  MORES_ASSIGN_OR_RETURN(impl->config, ReadModelConfig(model_directory));
  MORES_ASSIGN_OR_RETURN(const WeightFiles files, WeightFiles::Open(model_directory));
  MORES_RETURN_IF_ERROR(impl->Load(files, pool));
  return std::unique_ptr<Decoder>(new Decoder(std::move(impl)));
}

std::span<const float> Decoder::Forward(std::span<const Chunk> chunks, DecoderScratch& scratch,
                                        ThreadPool& pool) const {
  const ModelConfig& config = impl_->config;
  DecoderScratch::Buffers& s = *scratch.buffers;
  const int64_t hidden = config.hidden_dim;
  int64_t rows = 0, wanted = 0;
  for (const Chunk& chunk : chunks) {
    const int64_t count = static_cast<int64_t>(chunk.tokens.size());
    MORES_CHECK(chunk.cache->length_ + count <= chunk.cache->capacity_);
    MORES_CHECK(chunk.cache->length_ + count <= config.context_length);
    rows += count;
    wanted += std::max<int64_t>(0, count - chunk.first_wanted);
  }
  s.x.Resize(rows * hidden);
  s.normed.Resize(rows * hidden);
  int64_t row = 0;
  for (const Chunk& chunk : chunks) {
    for (const int32_t token : chunk.tokens) {
      MORES_CHECK(token >= 0 && token < config.vocab_size);
      std::memcpy(s.x.data() + row++ * hidden, impl_->embedding.data() + int64_t{token} * hidden,
                  static_cast<size_t>(hidden) * sizeof(float));
    }
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    impl_->RunBlock(chunks, layer, rows, s, pool);
  }
  s.wanted.Resize(std::max<int64_t>(1, wanted * hidden));
  ops::RmsNorm({wanted, hidden, config.rms_norm_epsilon}, s.x.data(), impl_->final_norm.data(),
               s.wanted.data(), nullptr, pool);
  for (const Chunk& chunk : chunks) {
    chunk.cache->length_ += static_cast<int64_t>(chunk.tokens.size());
  }
  return {s.wanted.data(), static_cast<size_t>(wanted * hidden)};
}

void Decoder::Logits(const float* hidden, int64_t rows, float* logits, DecoderScratch& scratch,
                     ThreadPool& pool) const {
  impl_->lm_head.Apply(hidden, rows, logits, impl_->precision, scratch.buffers->left, pool);
}

int64_t Decoder::WeightBytes() const {
  int64_t bytes = static_cast<int64_t>(impl_->embedding.size()) * 4 + impl_->lm_head.weight.bytes();
  for (const PackedBlock& block : impl_->blocks) {
    bytes += block.qkv.weight.bytes() + block.output.weight.bytes() + block.gate_up.weight.bytes() +
             block.down.weight.bytes();
  }
  return bytes;
}

}  // namespace mores::model
