// What is said to an OpenAI-compatible server and what it answers, as text: no network here.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_WIRE_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_WIRE_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/chat_model.h"

namespace mores::chat {

// Takes a key out of whatever a server says, so that one that repeats it puts it nowhere.
class Redactor {
 public:
  explicit Redactor(std::string key) : key_(std::move(key)) {}  // empty: nothing to hide
  bool Occurs(std::string_view text) const;
  std::string Redact(std::string_view text) const;  // "[redacted]" for each occurrence

 private:
  std::string key_;
};

// How a reply is held to its schema: `response_format`, which not every server knows.
enum class ReplyFormat { kSchema, kObject, kNone };

// What is asked of a server beside the messages.
struct Features {
  ReplyFormat format = ReplyFormat::kSchema;  // of requests with a task
  bool logprobs = true;                       // of requests that want them
  bool operator==(const Features&) const = default;
};

// The next less demanding features for a request that a server refused with `message`; false where
// there are none. Log-probabilities go last, or at once where the message speaks of them.
bool AskLess(const ChatRequest& request, std::string_view message, Features& features);

// The bound on what is written is `max_tokens`, or `max_completion_tokens` for servers that want it
// so.
enum class BoundName { kMaxTokens, kMaxCompletionTokens };

// The JSON of POST chat/completions. Seeds are sent where draws are random alone, and depend on the
// request's id, so that equal requests of other ids draw anew.
std::string RequestBody(const std::string& model, const ChatRequest& request,
                        const Features& features, BoundName bound);

struct Completion {
  ChatReply reply;
  bool has_usage = false;
};
// The body of an answer. kInput says why it is no chat completion.
Expected<Completion> ParseCompletion(std::string_view body, const Redactor& redactor);

// What the body of a refusal says, on one short line; "" where it holds no message.
std::string ServerMessage(std::string_view body, const Redactor& redactor);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_WIRE_H_
