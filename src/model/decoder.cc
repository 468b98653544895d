#include "model/decoder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/cpu.h"
#include "model/adapter/packed_adapter.h"
#include "model/model_source.h"
#include "model/packed_weights.h"
#include "ops/amx_attention.h"
#include "ops/attention.h"
#include "ops/kernels.h"
#include "ops/matmul.h"
#include "ops/rope.h"
#include "ops/rows.h"

namespace mores::model {

using ops::Kernels;
using tensor::DType;

namespace {

// Rows [begin, end) of a batch, which go together through the row-wise part of a block.
struct RowGroup {
  int64_t begin, end;
  int64_t rows() const { return end - begin; }
};
struct RowScratch {
  LinearInput input;
  std::vector<ChangedRows> changed;  // of the group, in the layer at work
  LinearChangeScratch change;
  tensor::AlignedBuffer<float> normed, qkv, out;
  FeedForwardScratch feed_forward;
};

// Rotary positions for each of the decoder's rotations (Decoder::Impl::rotations).
using Rotations = std::vector<const ops::RopeTable*>;

// Where a row of a batch comes from.
struct RowOrigin {
  const Chunk* chunk;
  int64_t token;  // of the chunk
  const Rotations* rotations;
};

}  // namespace

struct DecoderScratch::Buffers {
  LinearInput head_input;
  LinearChangeScratch head_change;
  std::vector<RowOrigin> origins;     // of each row
  std::vector<AdapterRows> adapters;  // of the rows
  tensor::AlignedBuffer<float> x, query, attended, wanted;
  // By the rotation and the bound that it has for a request; and each chunk's.
  std::map<std::pair<size_t, int64_t>, ops::RopeTable> ropes;
  std::vector<Rotations> rotations;

  // Requests beyond the trained context differ in their bounds: of theirs, few are kept.
  void DropOldRopes(size_t rotation_count) {
    constexpr size_t kMostKept = 4;
    if (ropes.size() > kMostKept * rotation_count) ropes.clear();
  }
};
DecoderScratch::DecoderScratch() : buffers(std::make_unique<Buffers>()) {}
DecoderScratch::~DecoderScratch() = default;

struct Decoder::Impl {
  ModelConfig config;
  DType precision = DType::kF32;
  bool attends_on_tiles = false;
  PackedWeights weights;
  // The different ways in which layers rotate, and each layer's among them.
  std::vector<RopeConfig> rotations;
  std::vector<size_t> rotation_of_layer;
  // The first block's products of queries, keys and values depend on the token alone: for a small
  // vocabulary they are computed once, [vocab][qkv_row()]; else empty. (Graef 2024,
  // arXiv:2402.13388.)
  tensor::AlignedBuffer<float> first_qkv;

  Status Load(const ModelSource& source, int blocks, BlockProducts products, ThreadPool& pool) {
    config = source.config();
    if (blocks < 0 || blocks > config.layers) {
      return MakeError(ErrorKind::kUsage, "{} layers are asked for; {} has {}", blocks,
                       source.path(), config.layers);
    }
    if (blocks > 0) config.layers = blocks;
    MORES_RETURN_IF_ERROR(RequireComputable(config, source.path()));
    MORES_ASSIGN_OR_RETURN(weights, LoadPacked(source, config.layers, precision, products, pool));
    attends_on_tiles = precision == DType::kBf16 && CurrentIsaLevel() == IsaLevel::kAmx &&
                       ops::amx::CanAttend(config.head_dim);
    CollectRotations();
    FillFirstQkv(pool);
    return {};
  }
  void CollectRotations();
  void FillFirstQkv(ThreadPool& pool);

  // Floats from one row to the next.
  int64_t qkv_row() const { return ops::UnalignedRow(weights.blocks[0].qkv->out()); }
  int64_t query_row() const { return ops::UnalignedRow(config.query_dim()); }

  // Calls f(rows, scratch, pool) for groups of rows. A group's activations stay in a processor's
  // cache from one product to the next where the weights of a block about fit there too; else all
  // rows go together, and each weight is read once.
  template <class F>
  void ForRowGroups(int64_t rows, ThreadPool& pool, const F& f) const;
  // The rotary positions of a request, room made for `positions` of them. `bound`: the most that
  // the request may come to use, where a layer depends on it, else 0.
  Rotations RotationsFor(int64_t bound, int64_t positions, DecoderScratch::Buffers& s) const;
  // Norm and products of rows of x to [rows][qkv_row()], with what r.changed changes, and the norms
  // of queries and keys.
  void QkvProducts(int64_t layer, const float* x, int64_t rows, float* qkv, RowScratch& r,
                   ThreadPool& pool) const;
  // x to rotated queries, and rotated keys and values in the caches.
  void ToQkv(int64_t layer, RowGroup group, DecoderScratch::Buffers& s, RowScratch& r,
             ThreadPool& pool) const;
  // The second half of it, for `count` tokens of a chunk from `origin` on, whose products are at
  // qkv.
  void RotateAndStore(const RowOrigin& origin, int64_t count, int64_t layer, float* qkv,
                      float* query) const;
  // What sequences take over from those before them.
  void CopyShared(std::span<const Chunk> chunks, int64_t layer, ThreadPool& pool) const;
  // In the last layer, queries of the wanted tokens alone.
  void Attend(std::span<const Chunk> chunks, int64_t layer, DecoderScratch::Buffers& s,
              ThreadPool& pool) const;
  void AttendOne(const Chunk& chunk, int64_t layer, int64_t kv_head, const float* queries,
                 float* attended) const;
  // Adds the attention's result to x, and then the feed-forward part's.
  void FromAttention(int64_t layer, RowGroup group, DecoderScratch::Buffers& s, RowScratch& r,
                     ThreadPool& pool) const;
  // Moves the wanted rows of x and of the attention's result to the front, and their adapters;
  // returns their number.
  int64_t KeepWantedRows(std::span<const Chunk> chunks, DecoderScratch::Buffers& s) const;

  mutable ThreadPool alone{1};  // of one thread, and so of all at once
};

// Each thread's, kept for its next group.
RowScratch& ScratchOfThisThread() {
  thread_local RowScratch scratch;
  return scratch;
}

template <class F>
void Decoder::Impl::ForRowGroups(int64_t rows, ThreadPool& pool, const F& f) const {
  constexpr int64_t kGroup = 64, kSmallGroup = 32, kWeightCacheBytes = int64_t{4} << 20;
  if (rows == 0) return;
  if (rows < kGroup * pool.threads() || weights.blocks[0].bytes() > kWeightCacheBytes) {
    f(RowGroup{0, rows}, ScratchOfThisThread(), pool);
    return;
  }
  // The last groups are smaller, so that threads end at about the same time.
  const int64_t groups = rows / kGroup - pool.threads();
  const int64_t first_small = groups * kGroup;
  pool.ParallelFor(groups + ops::CeilDiv(rows - first_small, kSmallGroup), [&](int64_t i) {
    const int64_t begin = i < groups ? i * kGroup : first_small + (i - groups) * kSmallGroup;
    const int64_t end = std::min(rows, begin + (i < groups ? kGroup : kSmallGroup));
    f(RowGroup{begin, end}, ScratchOfThisThread(), alone);
  });
}

void Decoder::Impl::CollectRotations() {
  for (int layer = 0; layer < config.layers; ++layer) {
    const RopeConfig& rope = config.layer(layer).rope;
    const auto known = std::find(rotations.begin(), rotations.end(), rope);
    rotation_of_layer.push_back(static_cast<size_t>(known - rotations.begin()));
    if (known == rotations.end()) rotations.push_back(rope);
  }
}

Rotations Decoder::Impl::RotationsFor(int64_t bound, int64_t positions,
                                      DecoderScratch::Buffers& s) const {
  Rotations tables;
  for (size_t i = 0; i < rotations.size(); ++i) {
    const RopeConfig& rope = rotations[i];
    const int64_t own_bound = rope.Bound(bound);
    auto at = s.ropes.find({i, own_bound});
    if (at == s.ropes.end()) {
      std::vector<float> frequencies =
          ops::RopeFrequencies(config.head_dim, rope.theta, rope.scaling, own_bound);
      at = s.ropes.emplace(std::pair(i, own_bound), ops::RopeTable(std::move(frequencies))).first;
      at->second.Grow(own_bound);  // all that the request will use
    }
    if (at->second.positions() < positions) {
      at->second.Grow(std::min<int64_t>(config.context_length,
                                        std::bit_ceil(static_cast<uint64_t>(positions))));
    }
    tables.push_back(&at->second);
  }
  return tables;
}

void Decoder::Impl::RotateAndStore(const RowOrigin& origin, int64_t count, int64_t layer,
                                   float* qkv, float* query) const {
  const int64_t head_dim = config.head_dim, row = qkv_row();
  const Chunk& chunk = *origin.chunk;
  const int64_t first = chunk.cache->length_ + origin.token;
  const ops::VectorKernels& kernels = Kernels();
  const ops::RopeTable& rope = *(*origin.rotations)[rotation_of_layer[static_cast<size_t>(layer)]];
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t head = 0; head < config.query_heads + config.kv_heads; ++head) {
      kernels.rotate(qkv + i * row + head * head_dim, rope.cos(first + i), rope.sin(first + i),
                     head_dim, 1.0f);
    }
    std::memcpy(query + i * query_row(), qkv + i * row,
                static_cast<size_t>(config.query_dim()) * sizeof(float));
  }
  const int64_t chunk_end = chunk.cache->length_ + static_cast<int64_t>(chunk.tokens.size());
  // A block that an earlier chunk began has its unused part cleared.
  const int64_t known = chunk.shared_from == nullptr ? chunk.cache->length_ : 0;
  const bool clear =
      first + count == chunk_end && chunk_end / KvCache::kBlock * KvCache::kBlock >= known;
  for (int64_t head = 0; head < config.kv_heads; ++head) {
    const float* key = qkv + config.query_dim() + head * head_dim;
    chunk.cache->Store(key, key + config.kv_dim(), row, first, count, layer, head);
    if (clear) chunk.cache->Clear(chunk_end, layer, head);
  }
}

void Decoder::Impl::CopyShared(std::span<const Chunk> chunks, int64_t layer,
                               ThreadPool& pool) const {
  const bool any =
      std::any_of(chunks.begin(), chunks.end(), [](const Chunk& c) { return c.shared > 0; });
  if (!any) return;
  pool.ParallelFor(config.kv_heads, [&](int64_t head) {
    // In order: what is taken over may have been taken over.
    for (const Chunk& chunk : chunks) {
      if (chunk.shared > 0) chunk.cache->Copy(*chunk.shared_from, chunk.shared, layer, head);
    }
  });
}

void Decoder::Impl::AttendOne(const Chunk& chunk, int64_t layer, int64_t kv_head,
                              const float* queries, float* attended) const {
  const int64_t head_dim = config.head_dim, row = query_row();
  const int64_t group = config.query_heads / config.kv_heads;
  const int64_t tokens = static_cast<int64_t>(chunk.tokens.size());
  const int64_t skipped = layer + 1 == config.layers ? std::min(tokens, chunk.first_wanted) : 0;
  const int64_t rows = tokens - skipped;
  if (rows == 0) return;
  const float* query = queries + skipped * row + kv_head * group * head_dim;
  float* out = attended + skipped * config.query_dim() + kv_head * group * head_dim;
  ops::AttentionForward args{.query = query,
                             .query_row = row,
                             .rows = rows,
                             .first_position = chunk.cache->length_ + skipped,
                             .key_panels = nullptr,
                             .values = nullptr,
                             .value_row = head_dim,
                             .head_dim = head_dim,
                             .out = out,
                             .out_row = config.query_dim(),
                             .log_sums = nullptr,
                             .log_sum_step = 0,
                             .window = config.layer(layer).window};
  if (rows == 1) {
    // One position: all heads of the group at once, the same chains of operations.
    args.query_row = head_dim;
    args.rows = group;
    args.position_step = 0;
    args.out_row = head_dim;
    chunk.cache->Attend(args, layer, kv_head);
    return;
  }
  for (int64_t head = 0; head < group; ++head) {
    args.query = query + head * head_dim;
    args.out = out + head * head_dim;
    chunk.cache->Attend(args, layer, kv_head);
  }
}

void Decoder::Impl::Attend(std::span<const Chunk> chunks, int64_t layer, DecoderScratch::Buffers& s,
                           ThreadPool& pool) const {
  std::vector<int64_t> first_row(chunks.size() + 1, 0);
  for (size_t i = 0; i < chunks.size(); ++i) {
    first_row[i + 1] = first_row[i] + static_cast<int64_t>(chunks[i].tokens.size());
  }
  pool.ParallelFor(static_cast<int64_t>(chunks.size()) * config.kv_heads, [&](int64_t task) {
    const size_t index = static_cast<size_t>(task / config.kv_heads);
    AttendOne(chunks[index], layer, task % config.kv_heads,
              s.query.data() + first_row[index] * query_row(),
              s.attended.data() + first_row[index] * config.query_dim());
  });
}

int64_t Decoder::Impl::KeepWantedRows(std::span<const Chunk> chunks,
                                      DecoderScratch::Buffers& s) const {
  const int64_t hidden = config.hidden_dim, query_dim = config.query_dim();
  int64_t row = 0, kept = 0;
  s.adapters.clear();
  for (const Chunk& chunk : chunks) {
    const int64_t count = static_cast<int64_t>(chunk.tokens.size());
    AppendRows(chunk.cache->adapter(), kept, count - chunk.first_wanted, s.adapters);
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

void Decoder::Impl::QkvProducts(int64_t layer, const float* x, int64_t rows, float* qkv,
                                RowScratch& r, ThreadPool& pool) const {
  const PackedBlock& block = weights.blocks[static_cast<size_t>(layer)];
  const int64_t hidden = config.hidden_dim;
  const float epsilon = config.layer(layer).norm.epsilon;
  ops::RmsNorm({rows, hidden, epsilon}, x, block.attention_norm.data(),
               r.normed.Resize(rows * hidden), nullptr, pool);
  r.input.Set(r.normed.data(), rows, hidden);
  block.qkv->Apply(r.input, qkv, qkv_row(), pool);
  ApplyChanges(r.changed, &LayerChange::qkv, r.input, qkv, qkv_row(), r.change, pool);
  if (block.query_norm.empty()) return;
  const int64_t head_dim = config.head_dim;
  ops::ParallelRows(pool, rows, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      float* head = qkv + at * qkv_row();
      for (int64_t h = 0; h < config.query_heads + config.kv_heads; ++h, head += head_dim) {
        const std::vector<float>& norm = h < config.query_heads ? block.query_norm : block.key_norm;
        Kernels().rms_norm(head, norm.data(), head, head_dim, epsilon);
      }
    }
  });
}

void Decoder::Impl::FillFirstQkv(ThreadPool& pool) {
  constexpr int64_t kMostBytes = int64_t{64} << 20, kSlice = 1024;
  const int64_t row_bytes = qkv_row() * static_cast<int64_t>(sizeof(float));
  if (config.vocab_size * row_bytes > kMostBytes) return;
  first_qkv.Resize(config.vocab_size * qkv_row());
  RowScratch scratch;
  tensor::AlignedBuffer<float> x(kSlice * config.hidden_dim);
  for (int64_t token = 0; token < config.vocab_size; token += kSlice) {
    const int64_t count = std::min(kSlice, config.vocab_size - token);
    weights.embedding.Read(token, count, x.data());
    QkvProducts(0, x.data(), count, first_qkv.data() + token * qkv_row(), scratch, pool);
  }
}

void Decoder::Impl::ToQkv(int64_t layer, RowGroup group, DecoderScratch::Buffers& s, RowScratch& r,
                          ThreadPool& pool) const {
  const int64_t rows = group.rows();
  ChangedRowsIn(s.adapters, layer, group.begin, group.end, r.changed);
  const bool known = layer == 0 && first_qkv.size() > 0 && !AnyChange(r.changed, &LayerChange::qkv);
  r.qkv.Resize(rows * qkv_row());
  if (!known) {
    QkvProducts(layer, s.x.data() + group.begin * config.hidden_dim, rows, r.qkv.data(), r, pool);
  }
  ops::ParallelRows(pool, rows, [&](int64_t first, int64_t last) {
    while (first < last) {
      const RowOrigin& origin = s.origins[static_cast<size_t>(group.begin + first)];
      const int64_t left = static_cast<int64_t>(origin.chunk->tokens.size()) - origin.token;
      const int64_t count = std::min(last - first, left);
      for (int64_t i = 0; known && i < count; ++i) {
        const int64_t token = origin.chunk->tokens[static_cast<size_t>(origin.token + i)];
        std::memcpy(r.qkv.data() + (first + i) * qkv_row(), first_qkv.data() + token * qkv_row(),
                    static_cast<size_t>(qkv_row()) * sizeof(float));
      }
      RotateAndStore(origin, count, layer, r.qkv.data() + first * qkv_row(),
                     s.query.data() + (group.begin + first) * query_row());
      first += count;
    }
  });
}

void Decoder::Impl::FromAttention(int64_t layer, RowGroup group, DecoderScratch::Buffers& s,
                                  RowScratch& r, ThreadPool& pool) const {
  const PackedBlock& block = weights.blocks[static_cast<size_t>(layer)];
  const int64_t hidden = config.hidden_dim, query_dim = config.query_dim(), rows = group.rows();
  float* x = s.x.data() + group.begin * hidden;
  float* out = r.out.Resize(rows * hidden);
  ChangedRowsIn(s.adapters, layer, group.begin, group.end, r.changed);
  r.input.Set(s.attended.data() + group.begin * query_dim, rows, query_dim);
  block.output->Apply(r.input, out, hidden, pool);
  ApplyChanges(r.changed, &LayerChange::output, r.input, out, hidden, r.change, pool);
  ops::AddRows(out, x, rows, hidden, pool);
  ops::RmsNorm({rows, hidden, config.layer(layer).norm.epsilon}, x, block.ffn_norm.data(),
               r.normed.Resize(rows * hidden), nullptr, pool);
  r.input.Set(r.normed.data(), rows, hidden);
  block.feed_forward->Apply(r.input, r.changed, out, r.feed_forward, pool);
  ops::AddRows(out, x, rows, hidden, pool);
}

Decoder::Decoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Decoder::~Decoder() = default;

const ModelConfig& Decoder::config() const { return impl_->config; }
bool Decoder::attends_on_tiles() const { return impl_->attends_on_tiles; }

Expected<std::unique_ptr<Decoder>> Decoder::Load(const ModelSource& source, DType precision,
                                                 ThreadPool& pool, int blocks,
                                                 BlockProducts products) {
  MORES_CHECK(precision == DType::kF32 || precision == DType::kBf16);
  auto impl = std::make_unique<Impl>();
  impl->precision = precision;
  MORES_RETURN_IF_ERROR(impl->Load(source, blocks, products, pool));
  return std::unique_ptr<Decoder>(new Decoder(std::move(impl)));
}

Expected<std::unique_ptr<Decoder>> Decoder::Load(const std::string& path, DType precision,
                                                 ThreadPool& pool) {
  MORES_ASSIGN_OR_RETURN(const auto source, OpenModel(path));
  return Load(*source, precision, pool);
}

std::span<const float> Decoder::Forward(std::span<const Chunk> chunks, DecoderScratch& scratch,
                                        ThreadPool& pool) const {
  const ModelConfig& config = impl_->config;
  DecoderScratch::Buffers& s = *scratch.buffers;
  const int64_t hidden = config.hidden_dim;
  int64_t rows = 0, wanted = 0;
  for (const Chunk& chunk : chunks) {
    const int64_t count = static_cast<int64_t>(chunk.tokens.size());
    if (chunk.shared > 0) {
      MORES_CHECK(chunk.shared_from != nullptr && chunk.cache->length_ == 0);
      // What is taken over must be there: computed before, or by an earlier chunk of this call.
      const auto earlier = std::find_if(chunks.data(), &chunk, [&](const Chunk& other) {
        return other.cache == chunk.shared_from;
      });
      const int64_t computed = earlier == &chunk ? 0 : static_cast<int64_t>(earlier->tokens.size());
      MORES_CHECK(chunk.shared <= chunk.shared_from->length_ + computed);
      MORES_CHECK(chunk.shared_from->layers_held_ == config.layers || earlier != &chunk);
      MORES_CHECK(chunk.cache->rope_bound_ == chunk.shared_from->rope_bound_);
      MORES_CHECK(chunk.cache->adapter() == chunk.shared_from->adapter());
      chunk.cache->length_ = chunk.shared;
    }
    MORES_CHECK(chunk.cache->layers_held_ == config.layers || chunk.cache->length_ == chunk.shared);
    MORES_CHECK(chunk.cache->length_ + count <= chunk.cache->capacity_);
    MORES_CHECK(chunk.cache->length_ + count <= config.context_length);
    rows += count;
    wanted += std::max<int64_t>(0, count - chunk.first_wanted);
  }
  s.x.Resize(rows * hidden);
  s.query.Resize(rows * impl_->query_row());
  s.attended.Resize(rows * config.query_dim());
  s.origins.clear();
  s.adapters.clear();
  s.DropOldRopes(impl_->rotations.size());
  s.rotations.clear();
  for (const Chunk& chunk : chunks) {
    const int64_t end = chunk.cache->length_ + static_cast<int64_t>(chunk.tokens.size());
    s.rotations.push_back(impl_->RotationsFor(chunk.cache->rope_bound_, end, s));
  }
  for (const Chunk& chunk : chunks) {
    const Rotations* rotations = &s.rotations[static_cast<size_t>(&chunk - chunks.data())];
    AppendRows(chunk.cache->adapter(), static_cast<int64_t>(s.origins.size()),
               static_cast<int64_t>(chunk.tokens.size()), s.adapters);
    for (size_t i = 0; i < chunk.tokens.size(); ++i) {
      const int64_t token = chunk.tokens[i];
      MORES_CHECK(token >= 0 && token < config.vocab_size);
      impl_->weights.embedding.Read(token, 1,
                                    s.x.data() + static_cast<int64_t>(s.origins.size()) * hidden);
      s.origins.push_back({&chunk, static_cast<int64_t>(i), rotations});
    }
  }
  const auto for_groups = [&](const auto& f) { impl_->ForRowGroups(rows, pool, f); };
  for_groups([&](RowGroup g, RowScratch& r, ThreadPool& p) { impl_->ToQkv(0, g, s, r, p); });
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    const bool last = layer + 1 == config.layers;
    impl_->CopyShared(chunks, layer, pool);
    impl_->Attend(chunks, layer, s, pool);
    // Past the last attention a row matters to nobody else.
    if (last) rows = impl_->KeepWantedRows(chunks, s);
    for_groups([&](RowGroup g, RowScratch& r, ThreadPool& p) {
      impl_->FromAttention(layer, g, s, r, p);
      if (!last) impl_->ToQkv(layer + 1, g, s, r, p);
    });
  }
  s.wanted.Resize(std::max<int64_t>(1, wanted * hidden));
  ops::RmsNorm({wanted, hidden, config.final_norm.epsilon}, s.x.data(),
               impl_->weights.final_norm.data(), s.wanted.data(), nullptr, pool);
  for (const Chunk& chunk : chunks) {
    chunk.cache->length_ += static_cast<int64_t>(chunk.tokens.size());
  }
  return {s.wanted.data(), static_cast<size_t>(wanted * hidden)};
}

void Decoder::Logits(const float* hidden, int64_t rows,
                     std::span<const PackedAdapter* const> adapters, float* logits,
                     DecoderScratch& scratch, ThreadPool& pool) const {
  const int64_t vocab = config().vocab_size;
  DecoderScratch::Buffers& s = *scratch.buffers;
  s.head_input.Set(hidden, rows, config().hidden_dim);
  impl_->weights.lm_head->Apply(s.head_input, logits, vocab, pool);
  std::vector<AdapterRows> runs;
  for (size_t i = 0; i < adapters.size(); ++i) {
    AppendRows(adapters[i], static_cast<int64_t>(i), 1, runs);
  }
  for (const AdapterRows& run : runs) {
    run.adapter->head().Apply(run.begin, run.end, s.head_input, logits, vocab, s.head_change, pool);
  }
}

}  // namespace mores::model
