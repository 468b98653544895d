// Opening language models that are asked by messages.
#ifndef MORES_APP_CHAT_H_
#define MORES_APP_CHAT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "app/model.h"
#include "app/run.h"
#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "chat/chat_model.h"

namespace mores::app {

struct ChatOptions {
  // A directory, http(s)://HOST:PORT/v1#NAME, or scripted:FILE; empty: NamedModel's, else found by
  // FindModel. Whoever has several models with the same other options sets it for each.
  std::string model;
  // Replies kept beside the output are dropped, unless the run before had another bound of replies:
  // then those that were cut off are asked for again, and the others are kept.
  bool fresh = false;
  Watch watch;              // of the run: its stop, and who is told what endpoints do
  std::string chat_format;  // of a directory: instead of its chat template

  // Of endpoints.
  int in_flight = 16;
  double timeout = 120, deadline = 300;  // seconds
  double rate = 0;                       // requests a minute, 0: no bound
  double price_in = 0, price_out = 0;    // a million tokens
  double max_cost = 0;                   // 0: no bound
  int64_t max_requests = 0;              // 0: no bound
  int64_t max_reply_tokens = 0;          // of a reply; 0: what each task says
  Json extra_body = Json::object();      // of chat::ParseExtraBody, put into each request
  std::string cache;                     // file, "none", or empty: OUTPUT.replies
};

// Opens `options.model`; of `local` everything but the model counts, for a directory. Replies of
// endpoints are kept in a file (chat/reply_cache.h), by default beside `output` and nowhere where
// that is a stream. Models of one run may share it.
Expected<std::unique_ptr<chat::ChatModel>> OpenChatModel(const ChatOptions& options,
                                                         ModelOptions local,
                                                         const std::string& output);

// Items in a batch: many, since the last replies of a batch, which may have to be asked for again
// and again, hold up the next; what was received is kept as it comes.
size_t BatchRequests(const ChatOptions& options);

// For a manifest: what `models`, which must outlive it, were asked as `role`.
std::function<Json()> UsageOf(const std::string& role,
                              std::span<const std::unique_ptr<chat::ChatModel>> models);

}  // namespace mores::app

#endif  // MORES_APP_CHAT_H_
