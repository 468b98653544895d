// Chat templates of Hugging Face model directories, rendered as transformers' apply_chat_template
// renders them (docs/formats/chat-template.md). What a template takes from messages is marked, so
// that a later step reads special tokens in the template's own text only.
#ifndef MORES_TEMPLATES_CHAT_TEMPLATE_H_
#define MORES_TEMPLATES_CHAT_TEMPLATE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "text/model_texts.h"
#include "text/tokenizer/marked_text.h"

namespace mores::templates {

struct ChatTemplateInput {
  Json messages = Json::array();  // objects with `role` and `content`
  // By the names of tokenizer_config.json: {"bos_token", "<s>"}. Not marked.
  std::map<std::string, std::string> special_tokens;
  bool add_generation_prompt = false;
  // Further variables, such as enable_thinking or categories; `tools` and `documents` are None
  // unless they are here. Strings in them are marked like those of messages.
  Json variables = Json::object();
  Clock* clock = nullptr;  // of strftime_now; null is the system's
};

class ChatTemplate {
 public:
  // `where` names the source in errors, which are "WHERE: line N: ...": kCorrupt for broken
  // syntax, kUnsupported for what we can't do, by name.
  static Expected<ChatTemplate> Parse(std::string_view source, std::string_view where);
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;
  ~ChatTemplate();

  // Errors are kInput where the template refuses the messages (raise_exception) or can't deal with
  // them, kUnsupported for what we can't do and for limits. Thread-safe.
  Expected<text::MarkedText> Render(const ChatTemplateInput& input) const;

 private:
  struct Parsed;
  ChatTemplate(std::unique_ptr<const Parsed> parsed, std::string_view where);
  std::unique_ptr<const Parsed> parsed_;
  std::string where_;
};

// What a model says of its template, parsed; kMissing, with the model named, if that is nothing.
Expected<ChatTemplate> ReadChatTemplate(const text::ModelTexts& model);

}  // namespace mores::templates

#endif  // MORES_TEMPLATES_CHAT_TEMPLATE_H_
