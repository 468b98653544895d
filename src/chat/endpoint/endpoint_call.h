// One call of an endpoint's Chat, and what its calls share.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_CALL_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_CALL_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/random.h"
#include "chat/chat_model.h"
#include "chat/endpoint/endpoint.h"
#include "chat/endpoint/endpoint_features.h"
#include "chat/endpoint/endpoint_http.h"
#include "chat/endpoint/endpoint_service.h"
#include "chat/endpoint/endpoint_waiting.h"
#include "chat/endpoint/redactor.h"

namespace mores::chat {

// What lives as long as the model: totals, the rate, and what the server is known to take.
struct EndpointState {
  explicit EndpointState(const EndpointOptions& given)
      : options(given),
        extras{.max_reply_tokens = given.max_reply_tokens, .extra_body = given.extra_body},
        rate(given.requests_per_minute),
        jitter(given.jitter_seed != 0 ? given.jitter_seed : FreshSeed()),
        waiting(given.tell_seconds) {}

  EndpointOptions options;
  RequestExtras extras;
  std::string name;
  std::string key_source;
  std::string via;  // ", through the proxy ...", where there is one
  Redactor redactor{""};
  std::unique_ptr<HttpPool> http;
  RateBound rate;
  Random jitter;
  WaitTelling waiting;
  ChatTotals totals;
  int64_t answered = 0;  // attempts that came to a complete reply
  double slowest = 0;    // seconds of the slowest of them
  int odd_bodies = 0;    // answers in a row that were something else
  ServerSupport support;

  void Tell(const std::string& note) const {
    if (options.on_note) options.on_note(fmt::format("{}: {}", name, note));
  }
};

// As ChatModel::Chat.
Expected<std::vector<Expected<ChatReply>>> CallEndpoint(EndpointState& state,
                                                        std::span<const ChatRequest> requests,
                                                        const ChatModel::OnReply& on_reply);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_CALL_H_
