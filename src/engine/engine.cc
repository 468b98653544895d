#include "engine/engine.h"

#include "engine/engine_impl.h"
#include "engine/item_checks.h"

namespace mores::engine {

Engine::Engine(const model::Decoder& decoder, const EngineOptions& options, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(decoder, options, pool)) {}
Engine::~Engine() = default;

std::vector<Expected<std::vector<float>>> Engine::Score(std::span<const ScoreItem> items) {
  std::vector<Expected<std::vector<float>>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    constexpr int64_t kLastToken = 1;
    const Status status = CheckContinuation(impl_->config(), items[i], kLastToken);
    if (!status) {
      results[i] = tl::unexpected<Error>(status.error());
      continue;
    }
    results[i] = std::vector<float>(items[i].continuation.size());
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

}  // namespace mores::engine
