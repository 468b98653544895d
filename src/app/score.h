// The log-probabilities that a model gives to the tokens of given completions, and what it makes of
// them inside.
#ifndef MORES_APP_SCORE_H_
#define MORES_APP_SCORE_H_

#include "app/item_run.h"

namespace mores::app {

struct ScoreOptions {
  ItemOptions items;
  StartToken start_token = StartToken::kAdded;
};

Expected<job::JobSummary> ScoreFile(const ScoreOptions& options, const Watch& watch);

struct FeatureOptions {
  ScoreOptions score;
  int blocks = 0;  // of the model, from the first; 0: all
};

// Hidden states of the same items: of the completion's last token, and their mean over it.
Expected<job::JobSummary> FeaturesFile(const FeatureOptions& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_SCORE_H_
