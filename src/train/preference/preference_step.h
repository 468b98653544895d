// One optimizer step, or one evaluation, of preferences.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_STEP_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_STEP_H_

#include <cstdint>
#include <span>
#include <vector>

#include "train/objective.h"
#include "train/preference/preference_batch.h"
#include "train/preference/preference_loss.h"
#include "train/preference/preference_objective.h"

namespace mores::train {

// Of the completions of some examples, in order.
struct CompletionFigures {
  std::vector<std::vector<float>> logps;            // [completions][learned tokens]
  std::vector<std::vector<float>> log_square_sums;  // likewise, or empty
};

// All data must outlive it. `micro_batch_tokens` bounds what is computed at once where that isn't
// what `micro_batches` were packed by, but for single examples.
class PreferenceStep : public ObjectiveStep {
 public:
  PreferenceStep(const PreferenceLoss& loss, const ReferredSet& data,
                 std::span<const MicroBatch> micro_batches, tensor::DType precision,
                 int64_t micro_batch_tokens);

  bool looks() const override { return loss_.Coupled(); }
  void Look(Trainable& trainable, size_t micro_batch) override;
  void Add(Trainable& trainable, size_t micro_batch, model::TrainStepOptions options,
           StepSums& sums) override;

  // The same without gradients. REQUIRES: Look of all, where it looks.
  void Measure(Trainable& trainable, size_t micro_batch, PreferenceSums& sums);

 private:
  // What a micro-batch's predictions weigh, and its pairs' figures.
  struct Judged {
    std::vector<float> weights;  // [predictions]
    std::vector<PairFigures> pairs;
  };
  void LookAtMismatched(Trainable& trainable, const MicroBatch& examples);
  bool coupled_pairs() const { return loss_.Coupled() && !loss_.Unpaired(); }
  // By what the loss says of these completions alone, or of the whole step's.
  Judged Judge(const PreferenceBatch& batch, size_t micro_batch,
               const model::BatchFigures& figures);
  void JudgeStep();
  std::vector<PairFigures> LossOf(const MicroBatch& examples, const CompletionFigures& figures,
                                  std::vector<float>& gradients) const;
  void AddFigures(const PreferenceBatch& batch, size_t micro_batch,
                  const model::BatchFigures& figures, std::span<const PairFigures> pairs,
                  PreferenceSums& sums) const;

  const PreferenceLoss& loss_;
  const ReferredSet& data_;
  std::span<const MicroBatch> micro_batches_;
  tensor::DType precision_;
  int64_t micro_batch_tokens_;
  StepFigures step_;
  MeanSum kl_;
  // Of coupled losses of pairs: what was looked at, and what came of it.
  std::vector<CompletionFigures> looked_;
  std::vector<std::vector<PairFigures>> pairs_;  // [micro-batches]
  std::vector<std::vector<float>> gradients_;    // [micro-batches][learned tokens]
};

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_STEP_H_
