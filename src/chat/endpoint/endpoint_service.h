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

// 408, 409, 425, 429 and 5xx, which may be over at another attempt.
bool MayPass(int64_t status);
// What no other attempt helps against and no single request is the cause of: a key that isn't
// accepted, redirects, an address or a model that isn't there. `message` is what the server says.
Error ServiceError(const std::string& name, int64_t status, const std::string& message,
                   const std::string& key_source);

// Full jitter: any part of a bound that begins with `first` seconds, doubles with each attempt
// (from 1) and ends at kMaxBackoffSeconds.
double BackoffSeconds(double first, int attempts, Random& jitter);
// A seed of another value each time.
uint64_t FreshSeed();

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_SERVICE_H_
