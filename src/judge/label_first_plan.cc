// How our engine goes through a set of dialogues: all prompts are read first, and kept while there
// is room for them.
#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>

#include "base/threads.h"
#include "judge/label_first_judge.h"

namespace mores::judge {
namespace {

// Prompts are kept between planning and judging up to this many tokens in all (256 MiB), and made
// again beyond.
constexpr int64_t kKeptTokens = int64_t{64} << 20;

// In the order of their turns' texts.
bool BeginsBefore(const format::Dialogue& a, const format::Dialogue& b) {
  return std::lexicographical_compare(
      a.turns.begin(), a.turns.end(), b.turns.begin(), b.turns.end(),
      [](const format::Turn& x, const format::Turn& y) {
        return std::tie(x.role, x.content) < std::tie(y.role, y.content);
      });
}

class LabelFirstPlan : public JudgePlan {
 public:
  LabelFirstPlan(LabelFirstJudge& judge, const std::vector<format::Dialogue>& dialogues)
      : judge_(judge), dialogues_(dialogues) {
    order.resize(dialogues.size());
    std::iota(order.begin(), order.end(), size_t{0});
    // Dialogues that begin alike are neighbours: the engine computes what they share once.
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return BeginsBefore(dialogues[a], dialogues[b]); });
    // With critiques a batch takes long; smaller ones lose less to a kill.
    batch_items = judge.options().reply == Reply::kLabelOnly ? 256 : 32;
  }

  Status ReadPrompts(const PlanOptions& options) {
    constexpr size_t kSlice = 4096;
    ThreadPool pool(options.threads);
    std::vector<std::optional<Expected<format::PromptTokens>>> slice(kSlice);
    for (size_t begin = 0; begin < dialogues_.size(); begin += kSlice) {
      const size_t count = std::min(kSlice, dialogues_.size() - begin);
      MORES_RETURN_IF_ERROR(options.stop.Check());
      pool.ParallelFor(static_cast<int64_t>(count), [&](int64_t i) {
        const auto at = static_cast<size_t>(i);
        slice[at] = judge_.Prompt(dialogues_[begin + at]);
      });
      for (size_t i = 0; i < count; ++i) Keep(std::move(*slice[i]));
    }
    return {};
  }

  Expected<std::vector<Expected<format::Verdict>>> JudgeItems(std::span<const size_t> items,
                                                              const OnReceived&) override {
    std::vector<const format::Dialogue*> batch;
    std::vector<format::PromptTokens> prompts;
    std::vector<Expected<format::Verdict>> verdicts(items.size());
    std::vector<size_t> asked;  // indices of verdicts
    for (size_t i = 0; i < items.size(); ++i) {
      Expected<format::PromptTokens> prompt = PromptOf(items[i]);
      if (!prompt) {
        verdicts[i] = tl::unexpected<Error>(std::move(prompt.error()));
        continue;
      }
      batch.push_back(&dialogues_[items[i]]);
      prompts.push_back(std::move(*prompt));
      asked.push_back(i);
    }
    if (asked.empty()) return verdicts;
    MORES_ASSIGN_OR_RETURN(auto judged, judge_.JudgePrompts(batch, prompts));
    for (size_t i = 0; i < asked.size(); ++i) verdicts[asked[i]] = std::move(judged[i]);
    return verdicts;
  }

 private:
  Expected<format::PromptTokens> PromptOf(size_t item) const {
    if (!kept_.empty()) return kept_[item];
    return judge_.Prompt(dialogues_[item]);
  }

  // A dialogue that the profile can't ask about is an item that fails.
  void Keep(Expected<format::PromptTokens> prompt) {
    costs.push_back(prompt ? static_cast<int64_t>(prompt->ids.size()) : 1);
    total_ += costs.back();
    if (total_ > kKeptTokens) {
      kept_.clear();
      kept_.shrink_to_fit();
    } else {
      kept_.push_back(std::move(prompt));
    }
  }

  LabelFirstJudge& judge_;
  const std::vector<format::Dialogue>& dialogues_;
  std::vector<Expected<format::PromptTokens>> kept_;
  int64_t total_ = 0;
};

}  // namespace

Expected<std::unique_ptr<JudgePlan>> LabelFirstJudge::Plan(
    const std::vector<format::Dialogue>& dialogues, const PlanOptions& options) {
  auto plan = std::make_unique<LabelFirstPlan>(*this, dialogues);
  MORES_RETURN_IF_ERROR(plan->ReadPrompts(options));
  return plan;
}

}  // namespace mores::judge
