// What a server says in place of a chat completion, and what that means.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_ERRORS_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_ERRORS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "chat/endpoint/redactor.h"

namespace mores::chat {

// Of a refusal's body, or of an error inside an answer with status 200. Without the key.
struct ServerError {
  std::string message;            // whole, up to a few thousand bytes
  std::string code, type, param;  // as the server writes them; "" for none
  std::string Shown() const;      // on one short line; "no message" for none
};

// The error that a body holds beside or in place of a completion; none where it is no error.
std::optional<ServerError> FindServerError(const Json& body, const Redactor& redactor);
// What the body of a refusal says; empty where it holds no message.
ServerError ReadServerError(std::string_view body, const Redactor& redactor);

enum class Meaning {
  kAgain,    // may be over at another attempt
  kQuota,    // what was paid for is used up
  kKey,      // the key isn't accepted
  kService,  // an address or a model that isn't there, a redirect
  kFilter,   // the server won't have this content
  kItem,     // this request alone can't be served: it is too long
  kRequest,  // something in it is refused, perhaps something that can be left out
};
// `status` as of HTTP, or of 200 for an error inside of an answer, whose code then counts.
Meaning MeaningOf(int64_t status, const ServerError& error);

// Where a body isn't even a chat completion: what it is.
enum class BodyKind { kJson, kTornJson, kEmpty, kHtml, kEventStream, kCompressed, kText };
BodyKind KindOf(std::string_view body, std::string_view content_type);
// "an HTML page (text/html: "Sign in")".
std::string DescribeBody(std::string_view body, std::string_view content_type,
                         const Redactor& redactor);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_ERRORS_H_
