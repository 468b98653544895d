// Addresses, and the proxies that the environment names for them, as libcurl takes them.
#ifndef MORES_NET_PROXY_H_
#define MORES_NET_PROXY_H_

#include <string>

namespace mores::net {

// Of this machine: localhost, *.localhost, 127.0.0.0/8, ::1.
bool IsLoopback(const std::string& url);

// "http://proxy.example:3128 (https_proxy)": the proxy that the environment names for an address,
// without user name and password; "" for none.
std::string ProxyOf(const std::string& url);

// An address as it may be shown: without user name, password, and what stands behind a '?', which
// may be a key.
std::string ShownUrl(const std::string& url);

}  // namespace mores::net

#endif  // MORES_NET_PROXY_H_
