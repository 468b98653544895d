#include "chat/endpoint/endpoint.h"

#include <utility>

#include "base/check.h"
#include "chat/endpoint/endpoint_address.h"
#include "chat/endpoint/endpoint_call.h"
#include "net/proxy.h"

namespace mores::chat {
namespace {

class Endpoint : public ChatModel {
 public:
  explicit Endpoint(std::unique_ptr<EndpointState> shared) : shared_(std::move(shared)) {}

  std::string name() const override { return shared_->name; }
  // Until the server is known to refuse them.
  bool has_logprobs() const override { return shared_->support.takes_logprobs(); }
  Json identity() const override {
    Json identity = Json::object();
    const EndpointOptions& options = shared_->options;
    if (!options.extra_body.empty()) identity["extra_body"] = MaskCredentials(options.extra_body);
    if (options.max_reply_tokens > 0) identity["max_reply_tokens"] = options.max_reply_tokens;
    return identity;
  }
  int64_t ReplyBound(const ChatRequest& request) const override {
    const int64_t bound = shared_->options.max_reply_tokens;
    return bound > 0 ? bound : request.sampling.max_new_tokens;
  }
  ChatTotals totals() const override { return shared_->totals; }

  Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                  const OnReply& on_reply) override {
    return CallEndpoint(*shared_, requests, on_reply);
  }

 private:
  std::unique_ptr<EndpointState> shared_;
};

}  // namespace

Expected<std::unique_ptr<ChatModel>> OpenEndpoint(const EndpointOptions& options) {
  MORES_CHECK(options.in_flight > 0 && options.attempt_seconds > 0 && options.deadline_seconds > 0);
  if (options.max_cost > 0 && options.price_in <= 0 && options.price_out <= 0) {
    return MakeError(ErrorKind::kUsage, "a bound on cost needs prices");
  }
  auto shared = std::make_unique<EndpointState>(options);
  shared->name = EndpointName(options.address);
  MORES_ASSIGN_OR_RETURN(ApiKey key, ReadApiKey(HostOf(options.address).host));
  shared->key_source = std::move(key.source);
  shared->redactor = Redactor(key.value);
  const std::string url = UrlOf(options.address, "/chat/completions");
  if (const std::string proxy = net::ProxyOf(url); !proxy.empty()) {
    shared->via = fmt::format(", through the proxy {}", proxy);
  }
  MORES_ASSIGN_OR_RETURN(
      shared->http,
      OpenHttpPool({.url = url, .key = std::move(key.value), .in_flight = options.in_flight}));
  return std::unique_ptr<ChatModel>(new Endpoint(std::move(shared)));
}

}  // namespace mores::chat
