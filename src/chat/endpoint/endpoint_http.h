// Many HTTP requests at once from one thread, through libcurl.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_HTTP_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_HTTP_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"

namespace mores::chat {

struct HttpOptions {
  std::string url;
  std::string key;  // sent as "Authorization: Bearer KEY"; empty: none
  int in_flight = 1;
};

struct HttpResult {
  size_t ticket = 0;
  int64_t status = 0;   // 0: no complete answer came
  std::string problem;  // why not; without anything that the server said
  std::string body, content_type;
  bool too_large = false;     // the answer was longer than kMaxBody
  bool bad_encoding = false;  // the body isn't compressed as its header says
  double retry_after = 0;     // seconds, from now, that the server asks to wait
};

// Posts JSON to one address over kept connections. Redirects aren't followed, since a key must not
// travel elsewhere; certificates are checked; compressed bodies are unpacked; proxies are those of
// the environment, but never for an address of this machine.
class HttpPool {
 public:
  static constexpr size_t kMaxBody = size_t{64} << 20;

  virtual ~HttpPool() = default;
  virtual int idle() const = 0;  // requests that may still be posted
  virtual int running() const = 0;
  // Whether anything in flight has a connection that it was sent on.
  virtual bool connected() const = 0;
  // REQUIRES: idle() > 0.
  virtual Status Post(size_t ticket, std::string body, double seconds) = 0;
  // Waits until something is over, at most `seconds`, and returns what is.
  virtual Expected<std::vector<HttpResult>> Wait(double seconds) = 0;
  virtual void Cancel(size_t ticket) = 0;  // one that is in flight
  virtual void Abort() = 0;                // everything in flight
};

Expected<std::unique_ptr<HttpPool>> OpenHttpPool(const HttpOptions& options);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_HTTP_H_
