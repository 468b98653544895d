// Built-in chat formats, for a model whose directory holds no template or one that we can't run.
#ifndef MORES_TEMPLATES_CHAT_FORMAT_H_
#define MORES_TEMPLATES_CHAT_FORMAT_H_

#include <string_view>
#include <vector>

#include "base/error.h"
#include "templates/chat_template.h"

namespace mores::templates {

struct ChatFormatName {
  std::string_view name;
  std::string_view help;  // a few words
};

// What --chat-format takes, in the order of its help.
std::vector<ChatFormatName> ChatFormats();

// kUsage, with the names that there are, for another name. Formats that begin with bos_token or
// end turns with eos_token need those in ChatTemplateInput::special_tokens.
Expected<ChatTemplate> FindChatFormat(std::string_view name);

}  // namespace mores::templates

#endif  // MORES_TEMPLATES_CHAT_FORMAT_H_
