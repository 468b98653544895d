// OpenAI-compatible endpoints through libcurl: many requests in flight from one thread, retries
// with jitter, bounds on rate and cost, usage. POST BASE/chat/completions.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "chat/chat_model.h"

namespace mores::chat {

// "http://host:port/v1#name".
struct EndpointAddress {
  std::string base;   // "http://host:port/v1", without a slash at the end
  std::string model;  // "name"
  std::string query;  // "api-version=2024-06-01", as some servers want it; never written anywhere
};
bool IsEndpoint(std::string_view model);  // begins with http:// or https://
// A whole address of a service (.../v1/chat/completions) is taken as its base. kUsage for user
// names and passwords in it and for queries that may hold a key (keys come from the environment),
// for a missing model name, for another scheme, for an interface that isn't the one of chats.
Expected<EndpointAddress> ParseEndpoint(std::string_view model);

// Members that are put into each request: a JSON object. kUsage for what is none, and for one that
// sets what isn't its own: messages, model, n, stream.
Expected<Json> ParseExtraBody(const std::string& text);
// The same without values that look like keys, for a fingerprint.
Json MaskCredentials(const Json& extra_body);

struct EndpointOptions {
  EndpointAddress address;
  int in_flight = 16;              // requests at once
  double requests_per_minute = 0;  // 0: no bound
  double attempt_seconds = 120;    // one attempt, from connecting to the last byte
  // A request is tried again until this long after its first attempt; the call fails when no
  // request at all was answered for this long.
  double deadline_seconds = 300;
  double price_in = 0, price_out = 0;  // a million tokens
  int64_t max_reply_tokens = 0;        // of a reply, in place of what each request says; 0: that
  Json extra_body = Json::object();    // of ParseExtraBody
  double max_cost = 0;                 // the call stops beyond it; 0: no bound
  int64_t max_requests = 0;            // attempts, retries included; 0: no bound
  // A retry waits a random part of this, doubled with each attempt up to kMaxBackoffSeconds, and
  // that on top of what a server asks for (Retry-After).
  double backoff_seconds = 0.5;
  uint64_t jitter_seed = 0;  // of the random parts; 0: another one each time
  StopToken stop;            // ends a call at once
  // Told once what a server turns out not to take, and now and then what is waited for while
  // nothing is answered: a line for people.
  std::function<void(const std::string& note)> on_note;
  double tell_seconds = 2;  // of silence after a failure, before it is told
  //
  // The key is read from MORES_API_KEY_HOST (the host in capitals, other characters as '_'), else
  // from MORES_API_KEY; none is sent where neither is set.
};

inline constexpr double kMaxBackoffSeconds = 8;

// A request that a server refuses because of something beside its messages (temperature, reply
// format, log-probabilities) is asked again with less; what is found out is remembered, told and
// among the notes of the totals. Errors of the call: kUsage for a key that isn't accepted and for
// bounds that are reached, kMissing for an address or a model that isn't there, for a quota that is
// used up and for a server that answers something else than chat completions, kIo where nothing is
// answered.
Expected<std::unique_ptr<ChatModel>> OpenEndpoint(const EndpointOptions& options);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_H_
