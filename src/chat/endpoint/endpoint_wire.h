// What is said to an OpenAI-compatible server and what it answers, as text: no network here.
#ifndef MORES_CHAT_ENDPOINT_ENDPOINT_WIRE_H_
#define MORES_CHAT_ENDPOINT_ENDPOINT_WIRE_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/chat_model.h"
#include "chat/endpoint/redactor.h"
#include "chat/endpoint/wire_json.h"

namespace mores::chat {

struct Completion {
  ChatReply reply;
  bool has_usage = false;
};
// The body of an answer. kInput says why it is no chat completion. What is one counts, whatever is
// odd about it: that is named among the reply's oddities.
//   surrogate_replaced     half of a surrogate pair in a text, now U+FFFD
//   bytes_replaced         bytes that are no UTF-8, now U+FFFD, or raw control characters
//   alternatives_left_out  log-probabilities of alternatives that are no numbers
//   logprobs_left_out      the same of tokens that were chosen: then there are none at all
//   content_no_text        the content is a value, taken as its JSON
//   several_choices        the first of them counts
//   tool_call              in place of a content
//   spent_on_thinking      nothing was answered after what was thought
Expected<Completion> ReadCompletion(const WireJson& body, const Redactor& redactor);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_ENDPOINT_WIRE_H_
