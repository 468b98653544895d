// Text that a model writes after prompts or dialogues.
#ifndef MORES_APP_GENERATE_H_
#define MORES_APP_GENERATE_H_

#include <string>

#include "app/chat.h"
#include "app/item_run.h"

namespace mores::app {

struct GenerateOptions {
  ItemOptions items;  // its model may be an endpoint or scripted:FILE
  chat::Sampling sampling;
  ChatOptions chat;      // its model is not looked at
  int top_logprobs = 0;  // alternatives wanted a token; of models that are asked by messages
  StartToken start_token = StartToken::kAdded;
};

struct GenerateResult {
  job::JobSummary run;
  std::string model;
  chat::ChatTotals totals;
};

Expected<GenerateResult> GenerateFile(const GenerateOptions& options, const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_GENERATE_H_
