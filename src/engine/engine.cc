#include "engine/engine.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/item_checks.h"
#include "engine/item_groups.h"
#include "engine/sampler.h"
#include "ops/kernels.h"

namespace mores::engine {

using model::Chunk;
using model::KvCache;

namespace {

constexpr int64_t kLogitRows = 128;

}  // namespace

// One sequence in flight.
struct Engine::Sequence {
  std::vector<int32_t> tokens;  // those to compute next
  KvCache* cache = nullptr;
  int64_t first_wanted = 0;  // hidden states wanted from this one of `tokens` on
  // What it takes over from the sequence before it in the call, instead of its first tokens.
  int64_t shared = 0;
  const model::PackedAdapter* adapter = nullptr;  // its cache's, where that is given
};

class Engine::Impl {
 public:
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

  // What sequences share, and their caches.
  void Prepare(std::vector<Sequence>& sequences, const Further& further) {
    SharePrefixes(sequences, further);
    GiveCaches(sequences, further);
  }

  // Computes all sequences' tokens. Calls `visit(sequence, token index, logits)` for each wanted
  // token, in any order across sequences; an index counts what the sequence takes over.
  template <class Visit>
  void Run(std::vector<Sequence>& sequences, const Visit& visit) {
    std::vector<size_t> at(sequences.size(), 0);  // tokens computed so far
    while (true) {
      std::vector<Chunk> chunks;
      std::vector<size_t> owners;
      NextChunks(sequences, at, chunks, owners);
      if (chunks.empty()) return;
      const std::span<const float> hidden = decoder_.Forward(chunks, scratch_, pool_);
      VisitLogits(sequences, chunks, owners, at, hidden, visit);
      for (size_t c = 0; c < chunks.size(); ++c) at[owners[c]] += chunks[c].tokens.size();
    }
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
      if (starts && before < sequence.shared) count = 0;
      const bool started = count > 0 || !starts;
      before = started ? sequence.shared + static_cast<int64_t>(at[i]) + count : 0;
      if (count <= 0) continue;
      Chunk chunk{.tokens = std::span(sequence.tokens).subspan(at[i], static_cast<size_t>(count)),
                  .cache = sequence.cache,
                  .first_wanted =
                      std::max<int64_t>(0, sequence.first_wanted - static_cast<int64_t>(at[i]))};
      if (starts && sequence.shared > 0) {
        chunk.shared_from = sequences[i - 1].cache;
        chunk.shared = sequence.shared;
      }
      chunks.push_back(chunk);
      owners.push_back(i);
      tokens += count;
    }
  }

  template <class Visit>
  void VisitLogits(const std::vector<Sequence>& sequences, const std::vector<Chunk>& chunks,
                   const std::vector<size_t>& owners, const std::vector<size_t>& at,
                   std::span<const float> hidden, const Visit& visit) {
    struct Row {
      size_t sequence, token;
    };
    std::vector<Row> rows;
    std::vector<const model::PackedAdapter*> adapters;
    for (size_t c = 0; c < chunks.size(); ++c) {
      for (size_t i = static_cast<size_t>(chunks[c].first_wanted); i < chunks[c].tokens.size();
           ++i) {
        const size_t shared = static_cast<size_t>(sequences[owners[c]].shared);
        rows.push_back({owners[c], shared + at[owners[c]] + i});
        adapters.push_back(chunks[c].cache->adapter());
      }
    }
    const int64_t vocab = config().vocab_size, hidden_dim = config().hidden_dim;
    for (int64_t first = 0; first < static_cast<int64_t>(rows.size()); first += kLogitRows) {
      const int64_t count = std::min(kLogitRows, static_cast<int64_t>(rows.size()) - first);
      logits_.Resize(count * vocab);
      decoder_.Logits(
          hidden.data() + first * hidden_dim, count,
          std::span(adapters).subspan(static_cast<size_t>(first), static_cast<size_t>(count)),
          logits_.data(), scratch_, pool_);
      pool_.ParallelFor(count, [&](int64_t i) {
        const Row& row = rows[static_cast<size_t>(first + i)];
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
};

Engine::Engine(const model::Decoder& decoder, const EngineOptions& options, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(decoder, options, pool)) {}
Engine::~Engine() = default;

std::vector<Expected<std::vector<float>>> Engine::Score(std::span<const ScoreItem> items) {
  std::vector<Expected<std::vector<float>>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    const ScoreItem& item = items[i];
    Status status = CheckPrompt(impl_->config(), item.prompt,
                                static_cast<int64_t>(item.continuation.size()) - 1);
    if (status) status = CheckIds(impl_->config(), item.continuation);
    if (status && item.continuation.empty()) {
      status = MakeError(ErrorKind::kInput, "the completion has no tokens");
    }
    if (!status) {
      results[i] = tl::unexpected<Error>(status.error());
      continue;
    }
    results[i] = std::vector<float>(item.continuation.size());
    valid.push_back(i);
  }
  const auto length = [&](size_t i) {
    return static_cast<int64_t>(items[i].prompt.size() + items[i].continuation.size()) - 1;
  };
  for (const std::vector<size_t>& group : GroupItems(items, valid, length, impl_->options())) {
    std::vector<Sequence> sequences;
    for (const size_t i : group) {
      const ScoreItem& item = items[i];
      Sequence sequence{.adapter = item.adapter};
      sequence.tokens.assign(item.prompt.begin(), item.prompt.end());
      sequence.tokens.insert(sequence.tokens.end(), item.continuation.begin(),
                             item.continuation.end() - 1);
      sequence.first_wanted = static_cast<int64_t>(item.prompt.size()) - 1;
      sequences.push_back(std::move(sequence));
    }
    // The last token isn't computed, but where positions depend on the request it is part of it.
    impl_->Prepare(sequences, [&](size_t s) {
      return impl_->config().RopeBound(length(group[s]) + 1) > 0 ? 1 : 0;
    });
    impl_->Run(sequences, [&](size_t s, size_t token, std::span<const float> logits) {
      const ScoreItem& item = items[group[s]];
      const size_t at = token + 1 - item.prompt.size();
      (*results[group[s]])[at] = Impl::LogProbability(logits, item.continuation[at]);
    });
    for (const Sequence& sequence : sequences) impl_->GiveBack(sequence.cache);
  }
  for (const size_t i : valid) {
    if (AnyNaN(*results[i])) results[i] = NotNumbers();
  }
  return results;
}

std::vector<Expected<Generated>> Engine::Generate(std::span<const GenerateItem> items) {
  std::vector<Expected<Generated>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    const Status status = CheckPrompt(impl_->config(), items[i].prompt, 1);
    if (!status) {
      results[i] = tl::unexpected<Error>(status.error());
    } else {
      results[i] = Generated{};
      if (items[i].sampling.max_new_tokens > 0) valid.push_back(i);
    }
  }
  const auto length = [&](size_t i) { return static_cast<int64_t>(items[i].prompt.size()); };
  for (const std::vector<size_t>& group : GroupItems(items, valid, length, impl_->options())) {
    std::vector<Sequence> sequences;
    std::vector<Impl::Running> running;
    for (const size_t i : group) {
      const GenerateItem& item = items[i];
      sequences.push_back({.tokens = {item.prompt.begin(), item.prompt.end()},
                           .first_wanted = length(i) - 1,
                           .adapter = item.adapter});
    }
    impl_->Prepare(sequences, [&](size_t s) { return items[group[s]].sampling.max_new_tokens; });
    for (size_t s = 0; s < group.size(); ++s) {
      const GenerateItem& item = items[group[s]];
      running.push_back(
          {group[s], item.id, item.sampling, sequences[s].cache, &*results[group[s]]});
    }
    std::vector<std::vector<float>> logits(sequences.size());
    impl_->Run(sequences, [&](size_t s, size_t, std::span<const float> row) {
      logits[s].assign(row.begin(), row.end());
    });
    impl_->Decode(std::move(running), std::move(logits));
    for (const Sequence& sequence : sequences) impl_->GiveBack(sequence.cache);
  }
  for (const size_t i : valid) {
    if (results[i]->broken) results[i] = NotNumbers();
  }
  return results;
}

namespace {

size_t LongestChoice(const DecideItem& item) {
  size_t longest = 0;
  for (const std::vector<int32_t>& choice : item.choices) {
    longest = std::max(longest, choice.size());
  }
  return longest;
}

}  // namespace

std::vector<Expected<Decided>> Engine::Decide(std::span<const DecideItem> items) {
  std::vector<Expected<Decided>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    const DecideItem& item = items[i];
    Status status =
        CheckPrompt(impl_->config(), item.prompt, static_cast<int64_t>(LongestChoice(item)));
    for (const std::vector<int32_t>& choice : item.choices) {
      if (status && choice.empty()) {
        status = MakeError(ErrorKind::kInput, "a choice has no tokens");
      } else if (status) {
        status = CheckIds(impl_->config(), choice);
      }
    }
    if (!status) {
      results[i] = tl::unexpected<Error>(status.error());
      continue;
    }
    results[i] = Decided{};
    results[i]->choice_logprobs.assign(item.choices.size(), 0.0);
    valid.push_back(i);
  }
  const auto length = [&](size_t i) { return static_cast<int64_t>(items[i].prompt.size()); };
  for (const std::vector<size_t>& group : GroupItems(items, valid, length, impl_->options())) {
    DecideGroup(items, group, results);
  }
  for (const size_t i : valid) {
    if (AnyNaN(results[i]->choice_logprobs) || results[i]->text.broken) results[i] = NotNumbers();
  }
  return results;
}

void Engine::DecideGroup(std::span<const DecideItem> items, const std::vector<size_t>& group,
                         DecideResults& results) {
  std::vector<Sequence> sequences;
  for (const size_t i : group) {
    sequences.push_back({.tokens = {items[i].prompt.begin(), items[i].prompt.end()},
                         .first_wanted = static_cast<int64_t>(items[i].prompt.size()) - 1,
                         .adapter = items[i].adapter});
  }
  impl_->Prepare(sequences, [&](size_t s) -> int64_t {
    const DecideItem& item = items[group[s]];
    const auto choice = static_cast<int64_t>(LongestChoice(item));
    int64_t asked = 0;
    if (item.sampling.max_new_tokens > 0 || choice > 1) {
      asked = choice + static_cast<int64_t>(item.separator.size()) +
              std::max(0, item.sampling.max_new_tokens);
    }
    const int64_t bound = std::max(asked, item.reply_bound);
    const auto prompt = static_cast<int64_t>(item.prompt.size());
    return impl_->config().RopeBound(prompt + bound) > 0 ? bound : asked;
  });
  // The first token of every choice, from the prompt's last logits.
  impl_->Run(sequences, [&](size_t s, size_t, std::span<const float> logits) {
    const DecideItem& item = items[group[s]];
    const float log_sum =
        ops::Kernels().log_sum_exp(logits.data(), static_cast<int64_t>(logits.size()));
    for (size_t c = 0; c < item.choices.size(); ++c) {
      results[group[s]]->choice_logprobs[c] =
          double{logits[static_cast<size_t>(item.choices[c][0])]} - double{log_sum};
    }
  });
  ScoreLongChoices(items, group, sequences, results);

  std::vector<Sequence> forced;
  std::vector<Impl::Running> running;
  for (size_t s = 0; s < group.size(); ++s) {
    const DecideItem& item = items[group[s]];
    Decided& decided = *results[group[s]];
    decided.chosen = item.decide(decided.choice_logprobs);
    if (decided.chosen < 0 || item.sampling.max_new_tokens <= 0) continue;
    Sequence next{.tokens = item.choices[static_cast<size_t>(decided.chosen)],
                  .cache = sequences[s].cache};
    next.tokens.insert(next.tokens.end(), item.separator.begin(), item.separator.end());
    next.first_wanted = static_cast<int64_t>(next.tokens.size()) - 1;
    if (next.cache->length() + static_cast<int64_t>(next.tokens.size()) >
        impl_->config().context_length) {
      continue;
    }
    running.push_back({group[s], item.id, item.sampling, next.cache, &decided.text});
    forced.push_back(std::move(next));
  }
  std::vector<std::vector<float>> logits(forced.size());
  impl_->Run(forced, [&](size_t s, size_t, std::span<const float> row) {
    logits[s].assign(row.begin(), row.end());
  });
  impl_->Decode(std::move(running), std::move(logits));
  for (const Sequence& sequence : sequences) impl_->GiveBack(sequence.cache);
}

void Engine::ScoreLongChoices(std::span<const DecideItem> items, const std::vector<size_t>& group,
                              std::span<const Sequence> prompts,
                              std::vector<Expected<Decided>>& results) {
  size_t most = 0;
  for (const size_t i : group) most = std::max(most, items[i].choices.size());
  for (size_t c = 0; c < most; ++c) {
    std::vector<Sequence> sequences;
    std::vector<size_t> owners;
    for (size_t s = 0; s < group.size(); ++s) {
      const DecideItem& item = items[group[s]];
      if (c >= item.choices.size() || item.choices[c].size() < 2) continue;
      sequences.push_back({.tokens = {item.choices[c].begin(), item.choices[c].end() - 1},
                           .cache = prompts[s].cache,
                           .first_wanted = 0});
      owners.push_back(s);
    }
    std::vector<std::vector<double>> terms(owners.size());
    for (size_t s = 0; s < owners.size(); ++s) terms[s].resize(sequences[s].tokens.size());
    impl_->Run(sequences, [&](size_t s, size_t token, std::span<const float> logits) {
      const DecideItem& item = items[group[owners[s]]];
      terms[s][token] = double{Impl::LogProbability(logits, item.choices[c][token + 1])};
    });
    for (size_t s = 0; s < owners.size(); ++s) {
      double& sum = results[group[owners[s]]]->choice_logprobs[c];
      sum = std::accumulate(terms[s].begin(), terms[s].end(), sum);
      sequences[s].cache->Truncate(static_cast<int64_t>(items[group[owners[s]]].prompt.size()));
    }
  }
}

}  // namespace mores::engine
