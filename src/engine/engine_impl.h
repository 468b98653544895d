// How the engine runs sequences: caches, what they share, passes over all of them, and decoding.
#ifndef MORES_ENGINE_ENGINE_IMPL_H_
#define MORES_ENGINE_ENGINE_IMPL_H_

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "engine/item_groups.h"
#include "engine/sampler.h"
#include "ops/kernels.h"

namespace mores::engine {

// One sequence in flight.
struct Engine::Sequence {
  std::vector<int32_t> tokens;  // those to compute next
  model::KvCache* cache = nullptr;
  int64_t first_wanted = 0;  // hidden states wanted from this one of `tokens` on
  // What it takes over from the sequence before it in the call, instead of its first tokens.
  int64_t shared = 0;
  const model::PackedAdapter* adapter = nullptr;  // its cache's, where that is given
  // Where it takes that over from instead: a cache of all layers, of an earlier call.
  model::KvCache* begins_as = nullptr;
};

class Engine::Impl {
 public:
  using Chunk = model::Chunk;
  using KvCache = model::KvCache;

  Impl(const model::Decoder& decoder, const EngineOptions& options, ThreadPool& pool)
      : decoder_(decoder), options_(options), pool_(pool) {}

  const model::ModelConfig& config() const { return decoder_.config(); }
  const EngineOptions& options() const { return options_; }

  // A free cache, emptied, for `positions`.
  KvCache* TakeCache(int64_t positions, KvCache::Keep keep, const model::PackedAdapter* adapter) {
    if (free_caches_.empty()) {
      caches_.push_back(std::make_unique<KvCache>(decoder_, positions, keep, adapter));
      return caches_.back().get();
    }
    KvCache* cache = free_caches_.back();
    free_caches_.pop_back();
    cache->Reset(decoder_, positions, keep, adapter);
    return cache;
  }
  // A free cache, emptied, for what another one is for.
  KvCache* TakeCacheAs(const KvCache& other) {
    return TakeCache(other.positions(), KvCache::Keep::kAllLayers, other.adapter());
  }
  void GiveBack(KvCache* cache) { free_caches_.push_back(cache); }

  // Tokens that may follow those of a sequence.
  using Further = std::function<int64_t(size_t sequence)>;

  // Positions that a sequence may come to use.
  int64_t Room(const Sequence& sequence, int64_t further) const {
    return std::min<int64_t>(
        sequence.shared + static_cast<int64_t>(sequence.tokens.size()) + further,
        config().context_length);
  }

  // Lets each sequence take over what it begins with from the one before, if they have one adapter
  // and their positions are rotated alike.
  void SharePrefixes(std::vector<Sequence>& sequences, const Further& further) const {
    const auto bound = [&](size_t i) { return config().RopeBound(Room(sequences[i], further(i))); };
    // From the last, so that the one before is still whole.
    for (size_t i = sequences.size(); i-- > 1;) {
      Sequence& sequence = sequences[i];
      const int64_t common =
          std::min(CommonPrefix(sequence.tokens, sequences[i - 1].tokens), sequence.first_wanted);
      if (common < kLeastShared || sequence.adapter != sequences[i - 1].adapter ||
          bound(i) != bound(i - 1)) {
        continue;
      }
      sequence.shared = common;
      sequence.tokens.erase(sequence.tokens.begin(), sequence.tokens.begin() + common);
      sequence.first_wanted -= common;
    }
  }

  // Gives each sequence a cache with room for what it takes over, its tokens, and further ones.
  // Where nothing further comes and one pass computes all, a layer at a time is enough.
  void GiveCaches(std::vector<Sequence>& sequences, const Further& further) {
    int64_t tokens = 0, most_further = 0;
    for (size_t i = 0; i < sequences.size(); ++i) {
      tokens += static_cast<int64_t>(sequences[i].tokens.size());
      most_further = std::max(most_further, further(i));
    }
    const bool one_pass = options_.chunk_tokens == 0 && tokens <= options_.batch_tokens;
    const KvCache::Keep keep =
        one_pass && most_further == 0 ? KvCache::Keep::kOneLayer : KvCache::Keep::kAllLayers;
    for (size_t i = 0; i < sequences.size(); ++i) {
      sequences[i].cache = TakeCache(Room(sequences[i], further(i)), keep, sequences[i].adapter);
    }
  }

  // What sequences share, with each other and with those of before, and their caches.
  void Prepare(std::vector<Sequence>& sequences, const Further& further) {
    if (sequences.empty()) return;
    Sequence& first = sequences.front();
    KeepBeginning(first);
    std::vector<int32_t> last = sequences.back().tokens;
    const model::PackedAdapter* const last_adapter = sequences.back().adapter;
    SharePrefixes(sequences, further);
    TakeKept(first, config().RopeBound(Room(first, further(0))));
    last_ = {.tokens = std::move(last), .adapter = last_adapter, .cache = nullptr};
    GiveCaches(sequences, further);
  }

  // Computes all sequences' tokens. Calls `visit(sequence, token index, logits)` for each wanted
  // token, in any order across sequences; an index counts what the sequence takes over.
  template <class Visit>
  void Run(std::vector<Sequence>& sequences, const Visit& visit) {
    RunPasses(sequences, [&](std::span<const WantedRow> rows, std::span<const float> hidden) {
      VisitLogits(rows, hidden, visit);
    });
  }
  // The same with the normed hidden state of each wanted token, in order for each sequence.
  template <class Visit>
  void RunHidden(std::vector<Sequence>& sequences, const Visit& visit) {
    const size_t dim = static_cast<size_t>(config().hidden_dim);
    RunPasses(sequences, [&](std::span<const WantedRow> rows, std::span<const float> hidden) {
      for (size_t i = 0; i < rows.size(); ++i) {
        visit(rows[i].sequence, rows[i].token, hidden.subspan(i * dim, dim));
      }
    });
  }

  // log-probability of `id` given logits.
  static float LogProbability(std::span<const float> logits, int32_t id) {
    return logits[static_cast<size_t>(id)] -
           ops::Kernels().log_sum_exp(logits.data(), static_cast<int64_t>(logits.size()));
  }

  // Continues each sequence, whose next logits are given, until it stops.
  struct Running {
    size_t item;
    std::string_view id;
    Sampling sampling;
    KvCache* cache;
    Generated* out;
  };
  void Decode(std::vector<Running> running, std::vector<std::vector<float>> logits) {
    for (int64_t step = 0; !running.empty(); ++step) {
      std::vector<Sequence> sequences;
      std::vector<Running> alive;
      for (size_t i = 0; i < running.size(); ++i) {
        Running& r = running[i];
        const int32_t token = NextToken(logits[i], r.sampling, r.id, step);
        if (std::isnan(logits[i][static_cast<size_t>(token)])) {
          r.out->broken = true;
          continue;
        }
        if (config().EndsReply(token)) {
          r.out->stopped = true;
          continue;
        }
        r.out->ids.push_back(token);
        const bool full = static_cast<int64_t>(r.out->ids.size()) >= r.sampling.max_new_tokens ||
                          r.cache->length() + 1 >= config().context_length ||
                          r.cache->length() + 1 >= r.cache->capacity();
        if (full) continue;
        sequences.push_back({.tokens = {token}, .cache = r.cache, .first_wanted = 0});
        alive.push_back(r);
      }
      running = std::move(alive);
      logits.assign(running.size(), {});
      Run(sequences, [&](size_t i, size_t, std::span<const float> row) {
        logits[i].assign(row.begin(), row.end());
      });
    }
  }

 private:
  // A beginning of prompts, and where it is in a cache of all layers.
  struct Beginning {
    std::vector<int32_t> tokens;
    const model::PackedAdapter* adapter = nullptr;
    std::unique_ptr<KvCache> cache;
  };

  int64_t CommonWith(const Beginning& beginning, const Sequence& sequence) const {
    if (beginning.adapter != sequence.adapter) return 0;
    return std::min(CommonPrefix(beginning.tokens, sequence.tokens), sequence.first_wanted);
  }

  // Computes and keeps what a sequence begins alike with as the one before it, of an earlier group
  // or call, where hardly as much is kept. The last used ones stay.
  void KeepBeginning(const Sequence& sequence) {
    constexpr size_t kMostBeginnings = 4;
    constexpr int64_t kWorthwhile = 32;
    const int64_t common = std::min(CommonWith(last_, sequence), options_.batch_tokens);
    int64_t most = 0;
    for (const Beginning& one : kept_) most = std::max(most, CommonWith(one, sequence));
    if (common < kLeastKept || most + kWorthwhile > common) return;
    Beginning made{.tokens = {sequence.tokens.begin(), sequence.tokens.begin() + common},
                   .adapter = sequence.adapter,
                   .cache = std::make_unique<KvCache>(decoder_, common, KvCache::Keep::kAllLayers,
                                                      sequence.adapter)};
    std::vector<Sequence> alone(1);
    alone[0] = {.tokens = made.tokens, .cache = made.cache.get(), .first_wanted = common};
    RunPasses(alone, [](std::span<const WantedRow>, std::span<const float>) {});
    if (kept_.size() == kMostBeginnings) kept_.erase(kept_.begin());
    kept_.push_back(std::move(made));
  }

  // Lets a sequence begin as what is kept. `bound`: of its rotary positions.
  void TakeKept(Sequence& sequence, int64_t bound) {
    const auto best =
        std::max_element(kept_.begin(), kept_.end(), [&](const auto& a, const auto& b) {
          return CommonWith(a, sequence) < CommonWith(b, sequence);
        });
    if (best == kept_.end()) return;
    const int64_t common = CommonWith(*best, sequence);
    if (common < kLeastShared || config().RopeBound(best->cache->positions()) != bound) return;
    sequence.begins_as = best->cache.get();
    sequence.shared = common;
    sequence.tokens.erase(sequence.tokens.begin(), sequence.tokens.begin() + common);
    sequence.first_wanted -= common;
    std::rotate(best, best + 1, kept_.end());
  }

  // The next tokens of sequences in order, as many as a pass takes.
  void NextChunks(const std::vector<Sequence>& sequences, const std::vector<size_t>& at,
                  std::vector<Chunk>& chunks, std::vector<size_t>& owners) const {
    const int64_t chunk_limit =
        options_.chunk_tokens > 0 ? options_.chunk_tokens : options_.batch_tokens;
    int64_t tokens = 0;
    int64_t before = 0;  // positions that the sequence before has after this pass
    for (size_t i = 0; i < sequences.size() && tokens < options_.batch_tokens; ++i) {
      const Sequence& sequence = sequences[i];
      const bool starts = at[i] == 0;
      const int64_t left = static_cast<int64_t>(sequence.tokens.size() - at[i]);
      int64_t count = std::min({left, chunk_limit, options_.batch_tokens - tokens});
      // What it takes over must be there.
      if (starts && sequence.begins_as == nullptr && before < sequence.shared) count = 0;
      const bool started = count > 0 || !starts;
      before = started ? sequence.shared + static_cast<int64_t>(at[i]) + count : 0;
      if (count <= 0) continue;
      Chunk chunk{.tokens = std::span(sequence.tokens).subspan(at[i], static_cast<size_t>(count)),
                  .cache = sequence.cache,
                  .first_wanted =
                      std::max<int64_t>(0, sequence.first_wanted - static_cast<int64_t>(at[i]))};
      if (starts && sequence.shared > 0) {
        chunk.shared_from =
            sequence.begins_as != nullptr ? sequence.begins_as : sequences[i - 1].cache;
        chunk.shared = sequence.shared;
      }
      chunks.push_back(chunk);
      owners.push_back(i);
      tokens += count;
    }
  }

  // A token whose hidden state is wanted.
  struct WantedRow {
    size_t sequence, token;
    const model::PackedAdapter* adapter;
  };

  // Calls `take` with the wanted rows of each pass and their hidden states.
  template <class Take>
  void RunPasses(std::vector<Sequence>& sequences, const Take& take) {
    std::vector<size_t> at(sequences.size(), 0);  // tokens computed so far
    while (true) {
      std::vector<Chunk> chunks;
      std::vector<size_t> owners;
      NextChunks(sequences, at, chunks, owners);
      if (chunks.empty()) return;
      const std::span<const float> hidden = decoder_.Forward(chunks, scratch_, pool_);
      std::vector<WantedRow> rows;
      for (size_t c = 0; c < chunks.size(); ++c) {
        const size_t owner = owners[c];
        const size_t before = static_cast<size_t>(sequences[owner].shared) + at[owner];
        for (size_t i = static_cast<size_t>(chunks[c].first_wanted); i < chunks[c].tokens.size();
             ++i) {
          rows.push_back({owner, before + i, chunks[c].cache->adapter()});
        }
      }
      take(std::span<const WantedRow>(rows), hidden);
      for (size_t c = 0; c < chunks.size(); ++c) at[owners[c]] += chunks[c].tokens.size();
    }
  }

  template <class Visit>
  void VisitLogits(std::span<const WantedRow> rows, std::span<const float> hidden,
                   const Visit& visit) {
    constexpr int64_t kLogitRows = 128;
    std::vector<const model::PackedAdapter*> adapters;
    for (const WantedRow& row : rows) adapters.push_back(row.adapter);
    const int64_t vocab = config().vocab_size, hidden_dim = config().hidden_dim;
    for (int64_t first = 0; first < static_cast<int64_t>(rows.size()); first += kLogitRows) {
      const int64_t count = std::min(kLogitRows, static_cast<int64_t>(rows.size()) - first);
      logits_.Resize(count * vocab);
      decoder_.Logits(
          hidden.data() + first * hidden_dim, count,
          std::span(adapters).subspan(static_cast<size_t>(first), static_cast<size_t>(count)),
          logits_.data(), scratch_, pool_);
      pool_.ParallelFor(count, [&](int64_t i) {
        const WantedRow& row = rows[static_cast<size_t>(first + i)];
        visit(row.sequence, row.token,
              std::span<const float>(logits_.data() + i * vocab, static_cast<size_t>(vocab)));
      });
    }
  }

  const model::Decoder& decoder_;
  EngineOptions options_;
  ThreadPool& pool_;
  model::DecoderScratch scratch_;
  tensor::AlignedBuffer<float> logits_;
  std::vector<std::unique_ptr<KvCache>> caches_;
  std::vector<KvCache*> free_caches_;
  std::vector<Beginning> kept_;  // from the longest unused on
  Beginning last_;               // the last sequence prepared, without a cache
};

}  // namespace mores::engine

#endif  // MORES_ENGINE_ENGINE_IMPL_H_
