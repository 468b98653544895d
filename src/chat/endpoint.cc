#include "chat/endpoint.h"
namespace mores::chat {
Expected<std::unique_ptr<ChatModel>> OpenEndpoint(const EndpointOptions& options) {
  return MakeError(ErrorKind::kUnsupported, "{}: endpoints are not built yet",
                   options.address.base);
}
}  // namespace mores::chat
