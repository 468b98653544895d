// Proxies of the environment, as libcurl takes them.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_PROXY_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_PROXY_H_

#include <string>

namespace mores::chat {

// Of this machine: localhost, *.localhost, 127.0.0.0/8, ::1.
bool IsLoopback(const std::string& url);

// "http://proxy.example:3128 (https_proxy)": the proxy that the environment names for an address,
// without user name and password; "" for none.
std::string ProxyOf(const std::string& url);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_PROXY_H_
