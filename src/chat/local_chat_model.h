// How messages become the prompt of a model of ours.
#ifndef MORES_CHAT_LOCAL_CHAT_MODEL_H_
#define MORES_CHAT_LOCAL_CHAT_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "templates/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::chat {

// By the chat template of the model's directory or a built-in format, or, for a directory with a
// judge.json, as our own models are asked.
class ChatPrompt {
 public:
  // `chat_format`: of templates::ChatFormats(), instead of the directory's template; may be empty.
  // kMissing where there is no template.
  static Expected<ChatPrompt> Open(const std::string& directory, const std::string& chat_format);

  // `messages`: at least one {"role","content"}; a template may read further fields. The ids end
  // where the assistant speaks.
  Expected<std::vector<int32_t>> Encode(const Json& messages, std::string_view where,
                                        const text::Tokenizer& tokenizer) const;

 private:
  std::optional<templates::ChatTemplate> form_;  // none: our own
  std::map<std::string, std::string> special_tokens_;
};

}  // namespace mores::chat

#endif  // MORES_CHAT_LOCAL_CHAT_MODEL_H_
