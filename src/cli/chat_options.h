// The options of commands that ask language models by messages, and how they open one.
#ifndef MORES_CLI_CHAT_OPTIONS_H_
#define MORES_CLI_CHAT_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "chat/chat_model.h"
#include "cli/model_options.h"

namespace mores::cli {

struct ChatOptions {
  // A directory (empty: found by FindModel), http(s)://HOST:PORT/v1#NAME, or scripted:FILE. Set by
  // the command, which may have several models with the same other options.
  std::string model;
  bool fresh = false;       // set by the command: replies kept beside the output are dropped
  StopToken stop;           // set by the command
  std::string chat_format;  // of a directory: instead of its chat template

  // Of endpoints.
  int in_flight = 16;
  double timeout = 120, deadline = 300;  // seconds
  double rate = 0;                       // requests a minute, 0: no bound
  double price_in = 0, price_out = 0;    // a million tokens
  double max_cost = 0;                   // 0: no bound
  int64_t max_requests = 0;              // 0: no bound
  std::string cache;                     // file, "none", or empty: OUTPUT.replies
};

// All but --model.
void AddChatOptions(CLI::App* command, ChatOptions& options);

// --max-new-tokens, --temperature, --top-p and --seed, of which `seed_help` says what it seeds.
void AddSamplingOptions(CLI::App* command, chat::Sampling& sampling, const std::string& seed_help);

// Opens `options.model`; of `local` everything but the model counts, for a directory. Replies of
// endpoints are kept in a file (chat/reply_cache.h), by default beside `output` and nowhere where
// that is a stream. Models of one command may share it.
Expected<std::unique_ptr<chat::ChatModel>> OpenChatModel(const ChatOptions& options,
                                                         ModelOptions local,
                                                         const std::string& output);

// Items in a batch: many, since the last replies of a batch, which may have to be asked for again
// and again, hold up the next; what was received is kept as it comes.
size_t BatchRequests(const ChatOptions& options);

// "asked 20 times (3 of them again), 5 replies kept from before, 1 failed; 5120 tokens in, 640 out"
// and the cost, where there are prices.
std::string Describe(const chat::ChatTotals& totals);

}  // namespace mores::cli

#endif  // MORES_CLI_CHAT_OPTIONS_H_
