// Preferences as a pass of training takes them: each prompt once, then what follows it.
#ifndef MORES_TRAIN_PREFERENCE_PREFERENCE_BATCH_H_
#define MORES_TRAIN_PREFERENCE_PREFERENCE_BATCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "model/train/train_batch.h"
#include "train/packing.h"
#include "train/preference/preference_data.h"

namespace mores::train {

struct PreferenceBatch {
  model::TrainBatch batch;
  // Of each completion of each example, in order: where among the batch's predictions its learned
  // tokens are, in order.
  std::vector<std::vector<int32_t>> places;
};
// Weights of predictions are 1.
PreferenceBatch BuildPreferenceBatch(std::span<const PreferenceExample> examples,
                                     const MicroBatch& micro_batch);

// Values of predictions by completion.
std::vector<std::vector<float>> ByCompletion(const PreferenceBatch& batch,
                                             std::span<const float> values);
// Their negatives: log-probabilities, of negative log-likelihoods.
std::vector<std::vector<float>> LogpsByCompletion(const PreferenceBatch& batch,
                                                  std::span<const float> nll);

std::vector<int32_t> RowsOf(std::span<const PreferenceExample> examples);

}  // namespace mores::train

#endif  // MORES_TRAIN_PREFERENCE_PREFERENCE_BATCH_H_
