#include "engine/engine.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/engine_impl.h"
#include "engine/item_checks.h"
#include "engine/item_groups.h"

namespace mores::engine {

Engine::Engine(const model::Decoder& decoder, const EngineOptions& options, ThreadPool& pool)
    : impl_(std::make_unique<Impl>(decoder, options, pool)) {}
Engine::~Engine() = default;

std::vector<Expected<std::vector<float>>> Engine::Score(std::span<const ScoreItem> items) {
  std::vector<Expected<std::vector<float>>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    const Status status = CheckContinuation(impl_->config(), items[i]);
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
