// What all that is asked of a server shares: its key, what its refusals mean, and the wait before
// another attempt.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_SERVICE_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_SERVICE_H_

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/random.h"
#include "chat/endpoint/endpoint.h"

namespace mores::chat {

struct ApiKey {
  std::string value;   // empty: none is set
  std::string source;  // for people: where it is read from
};
// From MORES_API_KEY_HOST, else from MORES_API_KEY (chat/endpoint/endpoint.h).
Expected<ApiKey> ReadApiKey(const std::string& host);

// "m@host:8000", with the path where it isn't the usual one.
std::string EndpointName(const EndpointAddress& address);

// What no other attempt helps against and no single request is the cause of.
struct ServiceRefusal {
  int64_t status = 0;      // 200: of an error inside an answer
  std::string message;     // what the server says
  std::string key_source;  // of ApiKey
};
// A key that isn't accepted.
Error KeyError(const std::string& name, const ServiceRefusal& refusal);
// Redirects, an address or a model that isn't there. `address` says what the base is like.
Error ServiceError(const EndpointAddress& address, const ServiceRefusal& refusal);
Error QuotaError(const std::string& name, const ServiceRefusal& refusal);
// "429", or "an error inside the answer" for 200.
std::string StatusText(int64_t status);

// Full jitter: any part of a bound that begins with `first` seconds, doubles with each attempt
// (from 1) and ends at kMaxBackoffSeconds.
double BackoffSeconds(double first, int attempts, Random& jitter);
// A seed of another value each time.
uint64_t FreshSeed();

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_SERVICE_H_
