// OpenAI-compatible endpoints through libcurl: many requests in flight from one thread, retries
// with jitter, bounds on rate and cost, usage. POST BASE/chat/completions.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"
#include "chat/chat_model.h"

namespace mores::chat {

// "http://host:port/v1#name".
struct EndpointAddress {
  std::string base;   // "http://host:port/v1", without a slash at the end
  std::string model;  // "name"
};
bool IsEndpoint(std::string_view model);  // begins with http:// or https://
// kUsage for user names, passwords or queries in it (keys come from the environment), for a missing
// model name, for another scheme.
Expected<EndpointAddress> ParseEndpoint(std::string_view model);

struct EndpointOptions {
  EndpointAddress address;
  int in_flight = 16;              // requests at once
  double requests_per_minute = 0;  // 0: no bound
  double attempt_seconds = 120;    // one attempt, from connecting to the last byte
  // A request is tried again until this long after its first attempt; the call fails when no
  // request at all was answered for this long.
  double deadline_seconds = 300;
  double price_in = 0, price_out = 0;  // a million tokens
  double max_cost = 0;                 // the call stops beyond it; 0: no bound
  int64_t max_requests = 0;            // attempts, retries included; 0: no bound
  // A retry waits a random part of this, doubled with each attempt up to kMaxBackoffSeconds, and
  // that on top of what a server asks for (Retry-After).
  double backoff_seconds = 0.5;
  uint64_t jitter_seed = 0;  // of the random parts; 0: another one each time
  StopToken stop;            // ends a call at once
  //
  // The key is read from MORES_API_KEY_HOST (the host in capitals, other characters as '_'), else
  // from MORES_API_KEY; none is sent where neither is set.
};

inline constexpr double kMaxBackoffSeconds = 8;

// A request that a server refuses because of its reply format or log-probabilities is asked again
// with less; what then works is remembered for the requests of its task. Errors of the call:
// kUsage for a key that isn't accepted and for bounds that are reached, kMissing for an address or
// a model that isn't there, kIo where nothing is answered.
Expected<std::unique_ptr<ChatModel>> OpenEndpoint(const EndpointOptions& options);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_H_
