// Addresses of endpoints (ParseEndpoint in chat/endpoint/endpoint.h).
#include "chat/endpoint/endpoint_address.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/ascii_lower.h"
#include "chat/endpoint/endpoint.h"

namespace mores::chat {
namespace {

// "" for a part that isn't there.
std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return copy;
}

bool IsPlain(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F) return false;
  }
  return true;
}

// NAME=VALUE&NAME=VALUE of plain words, none of which is called like a key.
bool IsSimpleQuery(std::string_view query) {
  constexpr size_t kLongestValue = 40;
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    const size_t equals = one.find('=');
    if (equals == 0 || equals == std::string_view::npos) return false;
    const std::string_view value = one.substr(equals + 1);
    if (value.size() > kLongestValue ||
        one.substr(0, equals).find_first_not_of(kPlain) != one.npos ||
        value.find_first_not_of(kPlain) != value.npos) {
      return false;
    }
    const std::string name = AsciiLower(one.substr(0, equals));
    for (const char* secret : {"key", "token", "secret", "pass", "pwd", "auth", "sig", "cred",
                               "code", "sas", "session"}) {
      if (name.find(secret) != std::string::npos) return false;
    }
  }
  return true;
}

// Takes slashes and the name of a service from the end of an address. What is wrong with it, where
// another interface is named.
std::optional<std::string_view> TakeService(std::string& base) {
  const auto slashes = [&] {
    while (base.ends_with('/')) base.pop_back();
  };
  slashes();
  for (const char* service : {"/chat/completions", "/embeddings", "/models"}) {
    if (!AsciiLower(base).ends_with(service)) continue;
    base.erase(base.size() - std::string_view(service).size());
    slashes();
    return std::nullopt;
  }
  const std::string lower = AsciiLower(base);
  if (lower.ends_with("/completions")) {
    return "is the interface of plain completions; asked is the one of chats, .../chat/completions";
  }
  for (const char* other : {"/responses", "/messages", "/api/chat", "/api/generate", "/generate"}) {
    if (lower.ends_with(other)) {
      return "is another interface than the OpenAI-compatible one of chats, .../chat/completions";
    }
  }
  return std::nullopt;
}

}  // namespace

bool IsEndpoint(std::string_view model) {
  const std::string begin = AsciiLower(model.substr(0, 8));
  return begin.starts_with("http://") || begin.starts_with("https://");
}

// Never says what the address is: a password may stand in it.
Expected<EndpointAddress> ParseEndpoint(std::string_view model) {
  const auto wrong = [](std::string_view problem) {
    return MakeError(ErrorKind::kUsage, "the endpoint: {} (http://HOST:PORT/v1#NAME)", problem);
  };
  if (!IsEndpoint(model)) return wrong("must begin with http:// or https://");
  const size_t sign = model.find('#');
  EndpointAddress address;
  address.base = model.substr(0, sign);
  if (!IsPlain(address.base)) return wrong("a space or control character in it");
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  // libcurl would take "http:///v1" for a host.
  if (address.base.find(":///") != std::string::npos ||
      curl_url_set(url.get(), CURLUPART_URL, address.base.c_str(), 0) != CURLUE_OK) {
    return wrong("is no address");
  }
  if (!Part(url.get(), CURLUPART_USER).empty() || !Part(url.get(), CURLUPART_PASSWORD).empty() ||
      address.base.find('@') != std::string::npos) {
    return wrong("a user name or password in it; keys come from MORES_API_KEY");
  }
  if (const size_t query = address.base.find('?'); query != std::string::npos) {
    address.query = address.base.substr(query + 1);
    if (!IsSimpleQuery(address.query)) {
      return wrong("a query that may hold a key; keys come from MORES_API_KEY");
    }
    address.base.erase(query);
  }
  if (sign != std::string_view::npos) address.model = model.substr(sign + 1);
  if (address.model.empty()) return wrong("no model's name after '#'");
  if (!IsPlain(address.model)) {
    return wrong("a space or control character in the model's name");
  }
  if (const auto problem = TakeService(address.base)) return wrong(*problem);
  return address;
}

std::string UrlOf(const EndpointAddress& address, const std::string& service) {
  const std::string url = address.base + service;
  return address.query.empty() ? url : url + "?" + address.query;
}

EndpointHost HostOf(const EndpointAddress& address) {
  EndpointHost host;
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url(curl_url(), &curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, address.base.c_str(), 0) != CURLUE_OK) return host;
  host.host = Part(url.get(), CURLUPART_HOST);
  host.port = Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  const std::string path = Part(url.get(), CURLUPART_PATH);
  if (path != "/v1" && path != "/") host.path = path;
  return host;
}

}  // namespace mores::chat
