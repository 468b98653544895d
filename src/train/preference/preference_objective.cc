#include "train/preference/preference_objective.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/figure_text.h"
#include "base/hash.h"
#include "base/random.h"
#include "train/preference/preference_batch.h"
#include "train/preference/preference_step.h"

namespace mores::train {
namespace {

MicroBatch AllOf(size_t count) {
  MicroBatch all(count);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

MicroBatch SampleOf(size_t count, int64_t limit) {
  MicroBatch sample = AllOf(count);
  if (limit <= 0 || static_cast<size_t>(limit) >= count) return sample;
  Random random(1, HashBytes("validation sample"));
  random.Shuffle(sample);
  sample.resize(static_cast<size_t>(limit));
  return sample;
}

Json PreferenceSummary(const PreferenceSums& sums, size_t examples) {
  Json json = {{"loss", sums.loss}, {"examples", examples}};
  for (const auto& [name, figure] : {std::pair{"rewards/chosen", &sums.chosen_reward},
                                     {"rewards/rejected", &sums.rejected_reward},
                                     {"rewards/accuracies", &sums.accuracy},
                                     {"rewards/margins", &sums.margin},
                                     {"logps/chosen", &sums.chosen_logp},
                                     {"logps/rejected", &sums.rejected_logp},
                                     {"logits/chosen", &sums.chosen_logit},
                                     {"logits/rejected", &sums.rejected_logit},
                                     {"entropy", &sums.entropy},
                                     {"mean_token_accuracy", &sums.token_accuracy},
                                     {"kl", &sums.kl}}) {
    if (const std::optional<double> mean = figure->mean()) json[name] = *mean;
  }
  return json;
}

}  // namespace

std::vector<PreferenceExample> Mismatched(std::span<const PreferenceExample> examples,
                                          int64_t max_length, uint64_t seed) {
  std::vector<size_t> order(examples.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(seed, HashBytes("mismatched"));
  random.Shuffle(order);
  std::vector<PreferenceExample> mismatched(examples.size());
  for (size_t i = 0; i < order.size(); ++i) {
    // A cycle through all, so that nobody is its own unless alone.
    const PreferenceExample& prompt = examples[order[i]];
    const PreferenceExample& other = examples[order[(i + 1) % order.size()]];
    PreferenceExample& made = mismatched[order[i]];
    made.id = prompt.id;
    made.prompt = prompt.prompt;
    made.completions = {other.completions.front()};
    made.learned = {other.learned.front()};
    made.weight = prompt.weight;
    const auto room = static_cast<size_t>(
        std::max<int64_t>(1, max_length - static_cast<int64_t>(prompt.prompt.size())));
    if (made.completions[0].size() > room) {
      made.completions[0].resize(room);
      made.learned[0].resize(room);
      if (std::find(made.learned[0].begin(), made.learned[0].end(), 1) == made.learned[0].end()) {
        made.learned[0].front() = 1;
      }
    }
  }
  return mismatched;
}

void PreferenceObjective::SetData(ReferredSet train, ReferredSet valid) {
  train_ = std::move(train);
  valid_ = std::move(valid);
  rows_ = RowsOf(train_.set.examples);
  packing_ = options_.packing;
  // A pair is never torn apart.
  const int64_t longest = rows_.empty() ? 1 : *std::max_element(rows_.begin(), rows_.end());
  packing_.micro_batch_tokens = std::max(packing_.micro_batch_tokens, longest);
  packing_.tokens_per_step = std::max(packing_.tokens_per_step, packing_.micro_batch_tokens);
  valid_sample_ = SampleOf(valid_.set.examples.size(), options_.eval_examples);
}

std::optional<PreferenceSums> PreferenceObjective::EvaluateWhile(Trainable& trainable,
                                                                 const ReferredSet& data,
                                                                 const MicroBatch& examples,
                                                                 const GoOn& go_on) const {
  std::vector<int32_t> rows;
  for (const int32_t i : examples) {
    rows.push_back(data.set.examples[static_cast<size_t>(i)].rows());
  }
  std::vector<MicroBatch> micro_batches = PackByLength(rows, packing_.micro_batch_tokens);
  for (MicroBatch& micro_batch : micro_batches) {
    for (int32_t& i : micro_batch) i = examples[static_cast<size_t>(i)];
  }
  PreferenceStep step(options_.loss, data, micro_batches, options_.precision,
                      packing_.micro_batch_tokens);
  const auto count = std::ssize(micro_batches);
  const int64_t looks = step.looks() ? count : 0, total = looks + count;
  for (int64_t i = 0; i < looks; ++i) {
    if (!go_on(i, total)) return std::nullopt;
    step.Look(trainable, static_cast<size_t>(i));
  }
  PreferenceSums sums;
  for (int64_t i = 0; i < count; ++i) {
    if (!go_on(looks + i, total)) return std::nullopt;
    step.Measure(trainable, static_cast<size_t>(i), sums);
  }
  return sums;
}

Json PreferenceObjective::EvaluateAll(Trainable& trainable) const {
  const size_t count = valid_.set.examples.size();
  return PreferenceSummary(EvaluateSome(trainable, valid_, AllOf(count)), count);
}

Expected<PreferenceSums> PreferenceObjective::FirstStep(Trainable& trainable, const StopToken& stop,
                                                        job::Progress& progress) const {
  MicroBatch examples;
  const std::vector<std::vector<MicroBatch>> plan = PlanEpoch(0);
  for (const MicroBatch& micro_batch : plan.front()) {
    examples.insert(examples.end(), micro_batch.begin(), micro_batch.end());
  }
  const auto go_on = [&](int64_t done, int64_t total) {
    if (done == 0) progress.Start("checking the start", "micro-batches", total, done);
    progress.Update(done, "");
    return !stop.requested();
  };
  const std::optional<PreferenceSums> sums = EvaluateWhile(trainable, train_, examples, go_on);
  progress.Finish("");
  if (sums) return *sums;
  return MakeError(ErrorKind::kCancelled,
                   "stopped before the first step; the same command goes on from there");
}

Expected<Json> PreferenceObjective::Fingerprint() const {
  MORES_ASSIGN_OR_RETURN(const std::string train, Sha256HexOfFile(options_.train_path));
  Json json = {{"train_sha256", train}};
  if (!options_.valid_path.empty()) {
    MORES_ASSIGN_OR_RETURN(json["valid_sha256"], Sha256HexOfFile(options_.valid_path));
  }
  return json;
}

int64_t PreferenceObjective::TokensOf(const MicroBatch& micro_batch) const {
  int64_t tokens = 0;
  for (const int32_t i : micro_batch) tokens += rows_[static_cast<size_t>(i)];
  return tokens;
}

std::unique_ptr<ObjectiveStep> PreferenceObjective::BeginStep(
    std::span<const MicroBatch> micro_batches, const StepContext& context) const {
  return std::make_unique<PreferenceStep>(options_.loss, train_, micro_batches, context.precision,
                                          packing_.micro_batch_tokens);
}

// In the order of PreferenceStep::Add.
const std::vector<Measure>& PreferenceObjective::measures() const {
  static const std::vector<Measure> paired = {{.field = "rewards/margins", .label = "margin"},
                                              {.field = "rewards/accuracies", .label = "accuracy"},
                                              {.field = "rewards/chosen"},
                                              {.field = "rewards/rejected"},
                                              {.field = "logps/chosen"},
                                              {.field = "logps/rejected"},
                                              {.field = "logits/chosen"},
                                              {.field = "logits/rejected"},
                                              {.field = "entropy"},
                                              {.field = "mean_token_accuracy"}};
  static const std::vector<Measure> unpaired = [] {
    std::vector<Measure> all = paired;
    all.push_back({.field = "kl", .label = "kl"});
    return all;
  }();
  return options_.loss.Unpaired() ? unpaired : paired;
}

Objective::Validation PreferenceObjective::Evaluate(Trainable& trainable) const {
  const PreferenceSums sums = EvaluateSome(trainable, valid_, valid_sample_);
  std::string shown = fmt::format("loss {:.3f}", sums.loss);
  if (const auto accuracy = sums.accuracy.mean()) {
    shown += fmt::format(", accuracy {:.1f} %", 100 * *accuracy);
  }
  return {.fields = PreferenceSummary(sums, valid_sample_.size()), .shown = std::move(shown)};
}

}  // namespace mores::train
