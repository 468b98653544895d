// Label-first decoding: the choices scored after the prompt, what stands after one of them, and the
// text after what was decided.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "engine/engine_impl.h"
#include "engine/item_checks.h"

namespace mores::engine {

namespace {

size_t LongestOf(std::span<const std::vector<int32_t>> choices) {
  size_t longest = 0;
  for (const std::vector<int32_t>& choice : choices) longest = std::max(longest, choice.size());
  return longest;
}

bool HasNext(const DecideItem& item) { return item.next.after >= 0; }

// The choice that something stands behind.
const std::vector<int32_t>& ChoiceBefore(const DecideItem& item) {
  return item.choices[static_cast<size_t>(item.next.after)];
}

// Tokens computed with the prompt: what stands before DecideItem::next.
int64_t TokensBeforeNext(const DecideItem& item) {
  if (!HasNext(item)) return 0;
  return static_cast<int64_t>(ChoiceBefore(item).size() + item.next.lead.size());
}

// Tokens of a choice and what may stand behind it.
int64_t LongestDecision(const DecideItem& item) {
  auto longest = static_cast<int64_t>(LongestOf(item.choices));
  if (!HasNext(item)) return longest;
  return std::max(longest,
                  TokensBeforeNext(item) + static_cast<int64_t>(LongestOf(item.next.choices)));
}

// Whether a choice is scored with the prompt alone, without a pass of its own.
bool ReadWithPrompt(const DecideItem& item, size_t choice) {
  return item.choices[choice].size() < 2 ||
         (HasNext(item) && static_cast<size_t>(item.next.after) == choice);
}

// Whether anything is computed once the prompts are.
bool GoesOn(const DecideItem& item) {
  if (item.sampling.max_new_tokens > 0) return true;
  for (size_t c = 0; c < item.choices.size(); ++c) {
    if (!ReadWithPrompt(item, c)) return true;
  }
  return HasNext(item) && LongestOf(item.next.choices) > 1;
}

// Tokens that may follow what is computed with the prompt.
int64_t FurtherTokens(const model::ModelConfig& config, const DecideItem& item) {
  int64_t asked = 0;
  if (GoesOn(item)) {
    asked = LongestDecision(item) + static_cast<int64_t>(item.separator.size()) +
            std::max(0, item.sampling.max_new_tokens);
  }
  const int64_t bound = std::max(asked, item.reply_bound);
  const auto prompt = static_cast<int64_t>(item.prompt.size());
  const int64_t all = config.RopeBound(prompt + bound) > 0 ? bound : asked;
  return std::max<int64_t>(0, all - TokensBeforeNext(item));
}

Status CheckChoices(const model::ModelConfig& config,
                    std::span<const std::vector<int32_t>> choices) {
  for (const std::vector<int32_t>& choice : choices) {
    if (choice.empty()) return MakeError(ErrorKind::kInput, "a choice has no tokens");
    MORES_RETURN_IF_ERROR(CheckIds(config, choice));
  }
  return {};
}

Status CheckItem(const model::ModelConfig& config, const DecideItem& item) {
  MORES_CHECK(item.next.after < static_cast<int>(item.choices.size()));
  MORES_RETURN_IF_ERROR(CheckPrompt(config, item.prompt, LongestDecision(item)));
  MORES_RETURN_IF_ERROR(CheckChoices(config, item.choices));
  if (!HasNext(item)) return {};
  MORES_RETURN_IF_ERROR(CheckIds(config, item.next.lead));
  return CheckChoices(config, item.next.choices);
}

double SumOf(std::span<const double> terms, double first) {
  return std::accumulate(terms.begin(), terms.end(), first);
}

}  // namespace

std::vector<Expected<Decided>> Engine::Decide(std::span<const DecideItem> items) {
  std::vector<Expected<Decided>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    const DecideItem& item = items[i];
    if (const Status status = CheckItem(impl_->config(), item); !status) {
      results[i] = tl::unexpected<Error>(status.error());
      continue;
    }
    results[i] = Decided{};
    results[i]->choice_logprobs.assign(item.choices.size(), 0.0);
    if (HasNext(item)) results[i]->next_logprobs.assign(item.next.choices.size(), 0.0);
    valid.push_back(i);
  }
  const auto length = [&](size_t i) {
    return static_cast<int64_t>(items[i].prompt.size()) + TokensBeforeNext(items[i]);
  };
  for (const std::vector<size_t>& group : GroupItems(items, valid, length, impl_->options())) {
    DecideGroup(items, group, results);
  }
  for (const size_t i : valid) {
    if (AnyNaN(results[i]->choice_logprobs) || AnyNaN(results[i]->next_logprobs) ||
        results[i]->text.broken) {
      results[i] = NotNumbers();
    }
  }
  return results;
}

void Engine::ScoreFirstTokens(std::span<const DecideItem> items, const std::vector<size_t>& group,
                              std::vector<Sequence>& sequences, DecideResults& results) {
  // Of the later tokens of the choice that something stands behind.
  std::vector<std::vector<double>> later(group.size());
  for (size_t s = 0; s < group.size(); ++s) {
    if (HasNext(items[group[s]])) later[s].resize(ChoiceBefore(items[group[s]]).size() - 1);
  }
  impl_->Run(sequences, [&](size_t s, size_t token, std::span<const float> logits) {
    const DecideItem& item = items[group[s]];
    Decided& decided = *results[group[s]];
    const size_t behind = token + 1 - item.prompt.size();  // tokens behind the prompt
    const double log_sum =
        double{ops::Kernels().log_sum_exp(logits.data(), static_cast<int64_t>(logits.size()))};
    const auto read = [&](int32_t id) { return double{logits[static_cast<size_t>(id)]} - log_sum; };
    if (behind == 0) {
      for (size_t c = 0; c < item.choices.size(); ++c) {
        decided.choice_logprobs[c] = read(item.choices[c][0]);
      }
    } else if (behind <= later[s].size()) {
      later[s][behind - 1] = double{Impl::LogProbability(logits, ChoiceBefore(item)[behind])};
    }
    if (behind > 0 && static_cast<int64_t>(behind) == TokensBeforeNext(item)) {
      for (size_t c = 0; c < item.next.choices.size(); ++c) {
        decided.next_logprobs[c] = read(item.next.choices[c][0]);
      }
    }
  });
  for (size_t s = 0; s < group.size(); ++s) {
    if (later[s].empty()) continue;
    double& sum =
        results[group[s]]->choice_logprobs[static_cast<size_t>(items[group[s]].next.after)];
    sum = SumOf(later[s], sum);
  }
}

void Engine::ScoreNext(std::span<const DecideItem> items, const std::vector<size_t>& group,
                       std::span<const Sequence> prompts, DecideResults& results) {
  struct Place {
    size_t item, choice, length;
  };
  std::vector<Sequence> sequences;
  std::vector<Place> places;
  int64_t positions = 0;
  const auto run = [&] {
    std::vector<std::vector<double>> terms(places.size());
    for (size_t i = 0; i < places.size(); ++i) terms[i].resize(sequences[i].tokens.size());
    impl_->Run(sequences, [&](size_t i, size_t token, std::span<const float> logits) {
      const std::vector<int32_t>& choice = items[places[i].item].next.choices[places[i].choice];
      const size_t at = token - places[i].length;
      terms[i][at] = double{Impl::LogProbability(logits, choice[at + 1])};
    });
    for (size_t i = 0; i < places.size(); ++i) {
      double& sum = results[places[i].item]->next_logprobs[places[i].choice];
      sum = SumOf(terms[i], sum);
      impl_->GiveBack(sequences[i].cache);
    }
    sequences.clear();
    places.clear();
    positions = 0;
  };
  for (size_t s = 0; s < group.size(); ++s) {
    const DecideItem& item = items[group[s]];
    for (size_t c = 0; HasNext(item) && c < item.next.choices.size(); ++c) {
      const std::vector<int32_t>& choice = item.next.choices[c];
      if (choice.size() < 2) continue;
      model::KvCache* const before = prompts[s].cache;
      if (positions > 0 &&
          positions + before->capacity() > kMostKept * impl_->options().batch_tokens)
        run();
      positions += before->capacity();
      sequences.push_back({.tokens = {choice.begin(), choice.end() - 1},
                           .cache = impl_->TakeCacheAs(*before),
                           .shared = before->length(),
                           .adapter = before->adapter(),
                           .begins_as = before});
      places.push_back({group[s], c, static_cast<size_t>(before->length())});
    }
  }
  if (!places.empty()) run();
  for (size_t s = 0; s < group.size(); ++s) {
    const DecideItem& item = items[group[s]];
    if (!HasNext(item)) continue;
    const std::vector<double>& logs = results[group[s]]->next_logprobs;
    results[group[s]]->next_chosen =
        static_cast<int>(std::max_element(logs.begin(), logs.end()) - logs.begin());
    prompts[s].cache->Truncate(static_cast<int64_t>(item.prompt.size()));
  }
}

void Engine::DecideGroup(std::span<const DecideItem> items, const std::vector<size_t>& group,
                         DecideResults& results) {
  std::vector<Sequence> sequences;
  for (const size_t i : group) {
    const DecideItem& item = items[i];
    Sequence sequence{.tokens = {item.prompt.begin(), item.prompt.end()},
                      .first_wanted = static_cast<int64_t>(item.prompt.size()) - 1,
                      .adapter = item.adapter};
    if (HasNext(item)) {
      const std::vector<int32_t>& choice = ChoiceBefore(item);
      sequence.tokens.insert(sequence.tokens.end(), choice.begin(), choice.end());
      sequence.tokens.insert(sequence.tokens.end(), item.next.lead.begin(), item.next.lead.end());
    }
    sequences.push_back(std::move(sequence));
  }
  impl_->Prepare(sequences,
                 [&](size_t s) { return FurtherTokens(impl_->config(), items[group[s]]); });
  ScoreFirstTokens(items, group, sequences, results);
  ScoreNext(items, group, sequences, results);
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
    if (decided.chosen == item.next.after) {
      const std::vector<int32_t>& named =
          item.next.choices[static_cast<size_t>(decided.next_chosen)];
      next.tokens.insert(next.tokens.end(), item.next.lead.begin(), item.next.lead.end());
      next.tokens.insert(next.tokens.end(), named.begin(), named.end());
    }
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
      if (c >= item.choices.size() || ReadWithPrompt(item, c)) continue;
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
      sum = SumOf(terms[s], sum);
      sequences[s].cache->Truncate(static_cast<int64_t>(items[group[owners[s]]].prompt.size()));
    }
  }
}

}  // namespace mores::engine
