// Addresses of endpoints (ParseEndpoint in chat/endpoint/endpoint.h).
#include "chat/endpoint/endpoint_address.h"

#include <curl/curl.h>

#include <memory>

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

}  // namespace

bool IsEndpoint(std::string_view model) {
  return model.starts_with("http://") || model.starts_with("https://");
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
  if (address.base.find('?') != std::string::npos) {
    return wrong("a query in it; keys come from MORES_API_KEY");
  }
  if (sign != std::string_view::npos) address.model = model.substr(sign + 1);
  if (address.model.empty()) return wrong("no model's name after '#'");
  if (!IsPlain(address.model)) {
    return wrong("a space or control character in the model's name");
  }
  while (address.base.ends_with('/')) address.base.pop_back();
  return address;
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
