#include "chat/endpoint/endpoint_service.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "chat/endpoint/endpoint_address.h"

namespace mores::chat {

Expected<ApiKey> ReadApiKey(const std::string& host) {
  std::string own = "MORES_API_KEY_";
  for (const char c : host) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    own += letter ? static_cast<char>(c & ~0x20) : digit ? c : '_';
  }
  for (const std::string& name : {own, std::string("MORES_API_KEY")}) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr || *value == '\0') continue;
    ApiKey key{value, "the key is read from " + name};
    for (const char c : key.value) {
      if (c > 0x20 && c < 0x7F) continue;
      return MakeError(ErrorKind::kUsage, "{}: has a space or a special character in it", name);
    }
    return key;
  }
  return ApiKey{"", fmt::format("no key is set in {} or MORES_API_KEY", own)};
}

std::string EndpointName(const EndpointAddress& address) {
  const EndpointHost host = HostOf(address);
  return fmt::format("{}@{}:{}{}", address.model, host.host, host.port, host.path);
}

std::string StatusText(int64_t status) {
  return status >= 200 && status < 300 ? "an error inside the answer" : fmt::format("{}", status);
}

Error KeyError(const std::string& name, const ServiceRefusal& refusal) {
  return {ErrorKind::kUsage, fmt::format("{}: the key is not accepted ({}); {}", name,
                                         StatusText(refusal.status), refusal.key_source)};
}

Error ServiceError(const EndpointAddress& address, const ServiceRefusal& refusal) {
  const std::string name = EndpointName(address);
  if (refusal.status >= 300 && refusal.status < 400) {
    return {ErrorKind::kMissing,
            fmt::format("{}: answers {}; redirects are not followed", name, refusal.status)};
  }
  std::string message = fmt::format("{}: no such model or service ({}): {}", name,
                                    StatusText(refusal.status), refusal.message);
  const bool bare = address.base.find('/', address.base.find("://") + 3) == std::string::npos;
  if (bare && refusal.status == 404) message += "; most addresses end in /v1, and this has no path";
  return {ErrorKind::kMissing, std::move(message)};
}

Error QuotaError(const std::string& name, const ServiceRefusal& refusal) {
  return {ErrorKind::kMissing, fmt::format("{}: the quota or credit is used up ({}): {}", name,
                                           StatusText(refusal.status), refusal.message)};
}

double BackoffSeconds(double first, int attempts, Random& jitter) {
  const double bound =
      std::min(kMaxBackoffSeconds,
               first * static_cast<double>(int64_t{1} << std::clamp(attempts - 1, 0, 30)));
  return bound * jitter.Uniform();
}

uint64_t FreshSeed() {
  return MixBits(static_cast<uint64_t>(getpid()) ^
                 MixBits(std::chrono::steady_clock::now().time_since_epoch().count()));
}

}  // namespace mores::chat
