#include "net/proxy.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <utility>

#include "base/ascii_lower.h"

namespace mores::net {
namespace {

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string UrlPart(const Url& url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, 0) != CURLUE_OK) return "";
  std::string copy(text);
  curl_free(text);
  return AsciiLower(copy);
}

Url ParseUrl(const std::string& text, unsigned flags) {
  Url url(curl_url(), &curl_url_cleanup);
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK) url.reset();
  return url;
}

// The first of these variables that says something: its name and value.
std::pair<std::string, std::string> FirstSet(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return {name, value};
  }
  return {};
}

// By the list of no_proxy: hosts and ends of hosts, or * for all.
bool IsExcepted(const std::string& host) {
  const std::string list = FirstSet({"no_proxy", "NO_PROXY"}).second;
  constexpr std::string_view kBetween = " ,";
  for (size_t at = 0; at < list.size();) {
    const size_t begin = list.find_first_not_of(kBetween, at);
    if (begin == std::string::npos) return false;
    at = std::min(list.find_first_of(kBetween, begin), list.size());
    std::string name = list.substr(begin, at - begin);
    if (name == "*") return true;
    if (name.starts_with('.')) name.erase(0, 1);
    if (name.empty()) continue;
    if (host == name || host == "[" + name + "]") return true;
    if (host.size() > name.size() && host.ends_with("." + name)) return true;
  }
  return false;
}

}  // namespace

bool IsLoopback(const std::string& url) {
  const Url parsed = ParseUrl(url, 0);
  if (!parsed) return false;
  const std::string host = UrlPart(parsed, CURLUPART_HOST);
  const bool numbers = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
         host == "[::ffff:127.0.0.1]" || (numbers && host.starts_with("127."));
}

std::string ProxyOf(const std::string& url) {
  const Url parsed = ParseUrl(url, 0);
  if (!parsed || IsLoopback(url) || IsExcepted(UrlPart(parsed, CURLUPART_HOST))) return "";
  // HTTP_PROXY isn't looked at: what a web server runs may have it from a stranger's request.
  const auto [variable, value] =
      UrlPart(parsed, CURLUPART_SCHEME) == "https"
          ? FirstSet({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
          : FirstSet({"http_proxy", "all_proxy", "ALL_PROXY"});
  if (value.empty()) return "";
  const Url proxy = ParseUrl(value, CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME);
  const std::string host = proxy ? UrlPart(proxy, CURLUPART_HOST) : "";
  if (host.empty()) return fmt::format("one that is no address ({})", variable);
  const std::string port = UrlPart(proxy, CURLUPART_PORT);
  return fmt::format("{}://{}{} ({})", UrlPart(proxy, CURLUPART_SCHEME), host,
                     port.empty() ? "" : ":" + port, variable);
}

std::string ShownUrl(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url.substr(0, url.find_first_of("?#"));
  std::string_view rest = std::string_view(url).substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  // The last '@' ahead of the path: a password may hold one.
  const size_t user = rest.substr(0, rest.find('/')).rfind('@');
  if (user != std::string_view::npos) rest.remove_prefix(user + 1);
  return fmt::format("{}://{}", std::string_view(url).substr(0, scheme), rest);
}

}  // namespace mores::net
