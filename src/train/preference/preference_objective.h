// Training on preferences: losses of what two completions of one prompt are worth to the policy
// beside what they were to it at the start (train/preference/preference_loss.h).
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_OBJECTIVE_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_OBJECTIVE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "job/progress.h"
#include "tensor/dtype.h"
#include "train/objective.h"
#include "train/preference/preference_data.h"
#include "train/preference/preference_loss.h"
#include "train/preference/references.h"

namespace mores::train {

// Preferences with what was computed of them once.
struct ReferredSet {
  PreferenceSet set;
  std::vector<std::vector<float>> references;  // [completions]; empty where no loss needs them
  // For kKto: each example's prompt with another one's completion, the same throughout the run, and
  // its references.
  std::vector<PreferenceExample> mismatched;
  std::vector<std::vector<float>> mismatched_references;
};

// A fixed other completion for each prompt, by `seed`, cut where it has no room beside it. The only
// one of a set is its own.
std::vector<PreferenceExample> Mismatched(std::span<const PreferenceExample> examples,
                                          int64_t max_length, uint64_t seed);

// Figures of completions, as means in the making.
struct PreferenceSums {
  double loss = 0;
  MeanSum chosen_reward, rejected_reward, accuracy, margin;
  MeanSum chosen_logp, rejected_logp, chosen_logit, rejected_logit;
  MeanSum entropy, token_accuracy, kl;
  double largest_reward = 0;  // of any completion, by its absolute value
};

struct PreferenceObjectiveOptions {
  std::string train_path, valid_path;
  PreferenceLoss loss;
  tensor::DType precision = tensor::DType::kBf16;
  PackingOptions packing;     // made wide enough for the longest example
  int64_t eval_examples = 0;  // of an evaluation on the way; 0: all
};

class PreferenceObjective : public Objective {
 public:
  explicit PreferenceObjective(PreferenceObjectiveOptions options) : options_(std::move(options)) {}

  // Before the loop.
  void SetData(ReferredSet train, ReferredSet valid);

  const ReferredSet& train() const { return train_; }
  const ReferredSet& valid() const { return valid_; }
  // Over all validation examples, as an evaluation has it.
  Json EvaluateAll(Trainable& trainable) const;
  // Over the examples of the first step. kCancelled after a stop. REQUIRES: SetData.
  Expected<PreferenceSums> FirstStep(Trainable& trainable, const StopToken& stop,
                                     job::Progress& progress) const;

  Expected<Json> Fingerprint() const override;
  int64_t steps_per_epoch() const override { return StepsPerEpoch(rows_, packing_); }
  int64_t TokensOf(const MicroBatch& micro_batch) const override;
  std::vector<std::vector<MicroBatch>> PlanEpoch(int64_t epoch) const override {
    return train::PlanEpoch(rows_, packing_, epoch);
  }
  std::unique_ptr<ObjectiveStep> BeginStep(std::span<const MicroBatch> micro_batches,
                                           const StepContext& context) const override;
  const std::vector<Measure>& measures() const override;
  bool has_validation() const override { return !valid_.set.examples.empty(); }
  Validation Evaluate(Trainable& trainable) const override;

 private:
  // Before each micro-batch's pass `go_on` is told how many there were, and how many there will be.
  // Nullopt where it says no.
  using GoOn = std::function<bool(int64_t done, int64_t total)>;
  std::optional<PreferenceSums> EvaluateWhile(Trainable& trainable, const ReferredSet& data,
                                              const MicroBatch& examples, const GoOn& go_on) const;
  PreferenceSums EvaluateSome(Trainable& trainable, const ReferredSet& data,
                              const MicroBatch& examples) const {
    return *EvaluateWhile(trainable, data, examples, [](int64_t, int64_t) { return true; });
  }

  PreferenceObjectiveOptions options_;
  PackingOptions packing_;
  ReferredSet train_, valid_;
  std::vector<int32_t> rows_;  // of the training examples
  MicroBatch valid_sample_;
};

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_OBJECTIVE_H_
