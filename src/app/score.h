// The log-probabilities that a model gives to the tokens of given completions.
#ifndef MORES_APP_SCORE_H_
#define MORES_APP_SCORE_H_

#include "app/item_run.h"

namespace mores::app {

struct ScoreOptions {
  ItemOptions items;
  StartToken start_token = StartToken::kAdded;
};

Expected<job::JobSummary> ScoreFile(const ScoreOptions& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_SCORE_H_
