#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_ADDRESS_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_ADDRESS_H_

#include <string>

#include "chat/endpoint/endpoint.h"

namespace mores::chat {

struct EndpointHost {
  std::string host, port;
  std::string path;  // "" for /v1, which is the usual one
};
EndpointHost HostOf(const EndpointAddress& address);
// Of a service below the base, such as "/chat/completions".
std::string UrlOf(const EndpointAddress& address, const std::string& service);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_ADDRESS_H_
