// Conversations to learn from, as people write them: messages as a chat template takes them, from
// the fields of a record.
#ifndef MORES_TRAIN_MESSAGES_H_
#define MORES_TRAIN_MESSAGES_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/json_fields.h"

namespace mores::train {

// A list of messages, {"role","content"} or ShareGPT's {"from","value"}, as {"role","content"} and
// what else a message holds: lists of texts become one text, arguments of calls that are written as
// a text become the object that it spells. kInput, with the field, for what is no message, and for
// parts that are no text.
Expected<Json> TemplateMessages(const Json& list, const std::string& field, std::string_view where);
// One message as a list.
Expected<Json> TemplateMessage(const Json& message, const std::string& field,
                               std::string_view where);

std::string RoleIn(const Json& messages, size_t i);
// The text of a message; "" where it has none.
std::string_view ContentOf(const Json& message);

// The prompt of Alpaca's fields as LLaMA-Factory reads them: system, history ([question, answer]
// pairs), then instruction and input, a line each, as one user turn.
Expected<Json> AlpacaPrompt(const JsonFields& fields);
// The messages of "messages" or "conversations", whichever is there, behind a `system` beside them.
Expected<Json> ConversationOf(const JsonFields& fields, const char* name);

// `tools` (a list, or a text that spells one) and `chat_template_kwargs` of a record, as variables
// of the template. {} where there are none.
Expected<Json> TemplateVariables(const JsonFields& fields);
// Refuses them, by name, where what is learned is no messages.
Status RefuseTemplateVariables(const JsonFields& fields, std::string_view kind);

// `weight`: above 0, at most 1000; 1 where absent.
Expected<double> RecordWeight(const JsonFields& fields);

}  // namespace mores::train

#endif  // MORES_TRAIN_MESSAGES_H_
