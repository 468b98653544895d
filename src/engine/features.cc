#include <algorithm>

#include "engine/engine.h"
#include "engine/engine_impl.h"
#include "engine/item_checks.h"
#include "engine/item_groups.h"

namespace mores::engine {

std::vector<Expected<Features>> Engine::FindFeatures(std::span<const ScoreItem> items) {
  const size_t dim = static_cast<size_t>(impl_->config().hidden_dim);
  std::vector<Expected<Features>> results(items.size());
  std::vector<size_t> valid;
  for (size_t i = 0; i < items.size(); ++i) {
    constexpr int64_t kNone = 0;
    const Status status = CheckContinuation(impl_->config(), items[i], kNone);
    if (!status) {
      results[i] = tl::unexpected<Error>(status.error());
      continue;
    }
    results[i] = Features{std::vector<float>(dim), std::vector<float>(dim)};
    valid.push_back(i);
  }
  const auto length = [&](size_t i) {
    return static_cast<int64_t>(items[i].prompt.size() + items[i].continuation.size());
  };
  for (const std::vector<size_t>& group : GroupItems(items, valid, length, impl_->options())) {
    std::vector<Sequence> sequences;
    for (const size_t i : group) {
      const ScoreItem& item = items[i];
      Sequence sequence{.first_wanted = static_cast<int64_t>(item.prompt.size()),
                        .adapter = item.adapter};
      sequence.tokens.assign(item.prompt.begin(), item.prompt.end());
      sequence.tokens.insert(sequence.tokens.end(), item.continuation.begin(),
                             item.continuation.end());
      sequences.push_back(std::move(sequence));
    }
    impl_->Prepare(sequences, [](size_t) { return 0; });
    std::vector<std::vector<double>> sums(group.size(), std::vector<double>(dim));
    impl_->RunHidden(sequences, [&](size_t s, size_t token, std::span<const float> hidden) {
      for (size_t d = 0; d < dim; ++d) sums[s][d] += double{hidden[d]};
      if (static_cast<int64_t>(token) + 1 == length(group[s])) {
        std::copy(hidden.begin(), hidden.end(), results[group[s]]->last.begin());
      }
    });
    for (size_t s = 0; s < group.size(); ++s) {
      const double count = static_cast<double>(items[group[s]].continuation.size());
      for (size_t d = 0; d < dim; ++d) {
        results[group[s]]->mean[d] = static_cast<float>(sums[s][d] / count);
      }
      impl_->GiveBack(sequences[s].cache);
    }
  }
  for (const size_t i : valid) {
    if (AnyNaN(results[i]->mean)) results[i] = NotNumbers();
  }
  return results;
}

}  // namespace mores::engine
