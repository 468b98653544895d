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
    // Shorter ones can't be told from ordinary text when they are taken out of replies.
    if (key.value.size() < 4) {
      return MakeError(ErrorKind::kUsage, "{}: is too short for a key", name);
    }
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

bool MayPass(int64_t status) {
  return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

Error ServiceError(const std::string& name, int64_t status, const std::string& message,
                   const std::string& key_source) {
  if (status == 401 || status == 403) {
    return {ErrorKind::kUsage,
            fmt::format("{}: the key is not accepted ({}); {}", name, status, key_source)};
  }
  if (status < 400) {
    return {ErrorKind::kMissing,
            fmt::format("{}: answers {}; redirects are not followed", name, status)};
  }
  return {ErrorKind::kMissing, fmt::format("{}: no such model or service ({}): {}", name, status,
                                           message.empty() ? "no message" : message)};
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
