// What a Hugging Face model directory says of its chat template: the text, and the special tokens
// that it may name. Rendering is templates/chat_template.h.
#ifndef MORES_TEXT_TOKENIZER_CHAT_TEMPLATE_TEXT_H_
#define MORES_TEXT_TOKENIZER_CHAT_TEMPLATE_TEXT_H_

#include <map>
#include <optional>
#include <string>

#include "base/error.h"

namespace mores::text {

// Of a template; a longer one is kUnsupported.
inline constexpr size_t kMaxChatTemplateBytes = size_t{1} << 20;
Status CheckChatTemplateSize(size_t bytes, const std::string& where);

struct ChatTemplateText {
  std::string source;
  std::string where;  // names it in errors
  // All of the file that holds it: what a prompt's hash covers.
  std::string file;
};

// The whole file is the template.
Expected<ChatTemplateText> ReadChatTemplate(const std::string& path);
// chat_template.jinja of the directory, else `chat_template` of its tokenizer_config.json, which is
// a string or a list of {name, template} of which "default" is taken. None if there is none.
Expected<std::optional<ChatTemplateText>> FindChatTemplate(const std::string& model_directory);
// The same of the bytes of a tokenizer_config.json, which `where` names.
Expected<std::optional<ChatTemplateText>> ParseChatTemplateConfig(const std::string& bytes,
                                                                  const std::string& where);

// Special tokens by the names that tokenizer_config.json and special_tokens_map.json give them:
// each member NAME_token, such as bos_token, and those of the object extra_special_tokens. A token
// is a string, or an object with `content`.
Expected<std::map<std::string, std::string>> ReadSpecialTokens(const std::string& model_directory);

}  // namespace mores::text

#endif  // MORES_TEXT_TOKENIZER_CHAT_TEMPLATE_TEXT_H_
