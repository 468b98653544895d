#include "train/preference/preference_step.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mores::train {
namespace {

double SumOfLogps(std::span<const float> values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

size_t LearnedTokens(const PreferenceExample& example, size_t completion) {
  const std::vector<uint8_t>& learned = example.learned[completion];
  return static_cast<size_t>(std::count_if(learned.begin(), learned.end(),
                                           [](uint8_t of_token) { return of_token != 0; }));
}

size_t CompletionsOf(const ReferredSet& data) {
  return data.set.examples.empty() ? 2 : data.set.examples.front().completions.size();
}

// d(loss)/d(nll) of each prediction: gradients come by completion, and of log-probabilities.
std::vector<float> WeightsOf(const PreferenceBatch& batch, std::span<const float> gradients) {
  std::vector<float> weights(batch.batch.predictions.size(), 0.0f);
  size_t at = 0;
  for (const std::vector<int32_t>& places : batch.places) {
    for (const int32_t place : places) weights[static_cast<size_t>(place)] = -gradients[at++];
  }
  return weights;
}

// As the loss takes it; a NaN stays one.
double ZeroPointOf(const StepFigures& step) { return std::max(step.kl, 0.0); }

}  // namespace

PreferenceStep::PreferenceStep(const PreferenceLoss& loss, const ReferredSet& data,
                               std::span<const MicroBatch> micro_batches, tensor::DType precision,
                               int64_t micro_batch_tokens)
    : loss_(loss),
      data_(data),
      micro_batches_(micro_batches),
      precision_(precision),
      micro_batch_tokens_(micro_batch_tokens) {
  for (const MicroBatch& micro_batch : micro_batches) {
    for (const int32_t index : micro_batch) {
      const PreferenceExample& example = data.set.examples[static_cast<size_t>(index)];
      const auto weight = static_cast<double>(example.weight);
      step_.pairs += weight;
      step_.chosen_tokens += weight * static_cast<double>(LearnedTokens(example, 0));
    }
  }
  looked_.resize(micro_batches.size());
}

// Prompts with completions that aren't theirs have other lengths than the examples that the
// micro-batch was packed by.
void PreferenceStep::LookAtMismatched(Trainable& trainable, const MicroBatch& examples) {
  std::vector<int32_t> rows;
  for (const int32_t i : examples) {
    rows.push_back(data_.mismatched[static_cast<size_t>(i)].rows());
  }
  for (MicroBatch part : PackByLength(rows, micro_batch_tokens_)) {
    for (int32_t& i : part) i = examples[static_cast<size_t>(i)];
    const PreferenceBatch batch = BuildPreferenceBatch(data_.mismatched, part);
    model::BatchFigures figures;
    trainable.Evaluate(batch.batch, {.precision = precision_}, &figures);
    const auto logps = LogpsByCompletion(batch, figures.nll);
    for (size_t i = 0; i < part.size(); ++i) {
      const auto example = static_cast<size_t>(part[i]);
      kl_.Add(SumOfLogps(logps[i]) - SumOfLogps(data_.mismatched_references[example]),
              static_cast<double>(data_.set.examples[example].weight));
    }
  }
  step_.kl = kl_.mean().value_or(0);
}

void PreferenceStep::Look(Trainable& trainable, size_t index) {
  const MicroBatch& micro_batch = micro_batches_[index];
  if (loss_.Unpaired()) {
    LookAtMismatched(trainable, micro_batch);
    return;
  }
  model::BatchFigures figures;
  const PreferenceBatch batch = BuildPreferenceBatch(data_.set.examples, micro_batch);
  trainable.Evaluate(batch.batch, {.precision = precision_, .figures = loss_.weighted}, &figures);
  looked_[index].logps = LogpsByCompletion(batch, figures.nll);
  if (loss_.weighted) {
    looked_[index].log_square_sums = ByCompletion(batch, figures.log_square_sum);
  }
}

std::vector<PairFigures> PreferenceStep::LossOf(const MicroBatch& examples,
                                                const CompletionFigures& figures,
                                                std::vector<float>& gradients) const {
  std::vector<CompletionLogps> completions;
  size_t tokens = 0, at = 0;
  const size_t each = CompletionsOf(data_);
  for (const int32_t index : examples) {
    const auto i = static_cast<size_t>(index);
    const PreferenceExample& example = data_.set.examples[i];
    for (size_t c = 0; c < each; ++c, ++at) {
      CompletionLogps& logps = completions.emplace_back();
      logps.policy = figures.logps[at];
      if (!data_.references.empty()) logps.reference = data_.references[i * each + c];
      if (!figures.log_square_sums.empty()) logps.log_square_sums = figures.log_square_sums[at];
      logps.wanted = example.wanted;
      logps.weight = static_cast<double>(example.weight);
      tokens += figures.logps[at].size();
    }
  }
  gradients.assign(tokens, 0.0f);
  return PreferenceLossOf(loss_, step_, completions, gradients);
}

// All micro-batches in one call, and taken apart again.
void PreferenceStep::JudgeStep() {
  MicroBatch examples;
  CompletionFigures figures;
  std::vector<size_t> tokens;
  for (size_t m = 0; m < micro_batches_.size(); ++m) {
    examples.insert(examples.end(), micro_batches_[m].begin(), micro_batches_[m].end());
    CompletionFigures& looked = looked_[m];
    size_t& count = tokens.emplace_back(0);
    for (std::vector<float>& logps : looked.logps) {
      count += logps.size();
      figures.logps.push_back(std::move(logps));
    }
    for (std::vector<float>& sums : looked.log_square_sums) {
      figures.log_square_sums.push_back(std::move(sums));
    }
  }
  std::vector<float> gradients;
  const std::vector<PairFigures> pairs = LossOf(examples, figures, gradients);
  auto pair = pairs.begin();
  auto gradient = gradients.begin();
  for (size_t m = 0; m < micro_batches_.size(); ++m) {
    const auto pair_count = static_cast<std::ptrdiff_t>(micro_batches_[m].size());
    const auto token_count = static_cast<std::ptrdiff_t>(tokens[m]);
    pairs_.emplace_back(pair, pair + pair_count);
    gradients_.emplace_back(gradient, gradient + token_count);
    pair += pair_count;
    gradient += token_count;
  }
}

PreferenceStep::Judged PreferenceStep::Judge(const PreferenceBatch& batch, size_t index,
                                             const model::BatchFigures& figures) {
  if (coupled_pairs()) {
    if (pairs_.empty()) JudgeStep();
    return {.weights = WeightsOf(batch, gradients_[index]), .pairs = pairs_[index]};
  }
  CompletionFigures own{.logps = LogpsByCompletion(batch, figures.nll)};
  if (loss_.weighted) own.log_square_sums = ByCompletion(batch, figures.log_square_sum);
  std::vector<float> gradients;
  std::vector<PairFigures> pairs = LossOf(micro_batches_[index], own, gradients);
  return {.weights = WeightsOf(batch, gradients), .pairs = std::move(pairs)};
}

void PreferenceStep::AddFigures(const PreferenceBatch& batch, size_t index,
                                const model::BatchFigures& figures,
                                std::span<const PairFigures> pairs, PreferenceSums& sums) const {
  const MicroBatch& micro_batch = micro_batches_[index];
  const size_t each = CompletionsOf(data_);
  for (size_t i = 0; i < micro_batch.size(); ++i) {
    const PreferenceExample& example = data_.set.examples[static_cast<size_t>(micro_batch[i])];
    const PairFigures& pair = pairs[i];
    const bool paired = each == 2;
    const bool has_chosen = paired || example.wanted, has_rejected = paired || !example.wanted;
    sums.loss += pair.loss;
    if (has_chosen) {
      sums.chosen_reward.Add(pair.chosen_reward);
      sums.chosen_logp.Add(pair.chosen_logp);
    }
    if (has_rejected) {
      sums.rejected_reward.Add(pair.rejected_reward);
      sums.rejected_logp.Add(pair.rejected_logp);
    }
    if (paired) {
      sums.accuracy.Add(pair.chosen_reward > pair.rejected_reward ? 1 : 0);
      sums.margin.Add(pair.chosen_reward - pair.rejected_reward);
    }
    for (const double reward : {pair.chosen_reward, pair.rejected_reward}) {
      sums.largest_reward = std::max(sums.largest_reward, std::abs(reward));
    }
    for (size_t c = 0; c < each; ++c) {
      const bool chosen = paired ? c == 0 : example.wanted;
      MeanSum& logit = chosen ? sums.chosen_logit : sums.rejected_logit;
      for (const int32_t place : batch.places[i * each + c]) {
        const auto at = static_cast<size_t>(place);
        logit.Add(static_cast<double>(figures.mean_logit[at]));
        sums.entropy.Add(static_cast<double>(figures.entropy[at]));
        if (chosen) sums.token_accuracy.Add(static_cast<double>(figures.likeliest[at]));
      }
    }
  }
}

void PreferenceStep::Add(Trainable& trainable, size_t index, model::TrainStepOptions options,
                         StepSums& sums) {
  PreferenceBatch batch = BuildPreferenceBatch(data_.set.examples, micro_batches_[index]);
  std::vector<PairFigures> pairs;
  options.figures = true;
  if (coupled_pairs()) {
    Judged judged = Judge(batch, index, {});
    pairs = std::move(judged.pairs);
    for (size_t i = 0; i < judged.weights.size(); ++i) {
      batch.batch.predictions[i].weight = judged.weights[i];
    }
  } else {
    options.weigh = [&](const model::BatchFigures& figures, std::span<float> weights) {
      Judged judged = Judge(batch, index, figures);
      pairs = std::move(judged.pairs);
      std::copy(judged.weights.begin(), judged.weights.end(), weights.begin());
    };
  }
  model::BatchFigures figures;
  trainable.ForwardBackward(batch.batch, options, &figures);
  PreferenceSums own;
  AddFigures(batch, index, figures, pairs, own);
  sums.loss += own.loss;
  sums.tokens += batch.batch.rows();
  size_t at = 0;
  for (const MeanSum* figure :
       {&own.margin, &own.accuracy, &own.chosen_reward, &own.rejected_reward, &own.chosen_logp,
        &own.rejected_logp, &own.chosen_logit, &own.rejected_logit, &own.entropy,
        &own.token_accuracy}) {
    sums.others[at++].Add(*figure);
  }
  if (loss_.Unpaired()) sums.others[at].Add(ZeroPointOf(step_), index == 0 ? 1 : 0);
}

void PreferenceStep::Measure(Trainable& trainable, size_t index, PreferenceSums& sums) {
  const PreferenceBatch batch = BuildPreferenceBatch(data_.set.examples, micro_batches_[index]);
  model::BatchFigures figures;
  trainable.Evaluate(batch.batch, {.precision = precision_, .figures = true}, &figures);
  AddFigures(batch, index, figures, Judge(batch, index, figures).pairs, sums);
  if (loss_.Unpaired() && index == 0) sums.kl.Add(ZeroPointOf(step_));
}

}  // namespace mores::train
