// Our engine, asked by messages: how they become its prompt, and the model itself.
#ifndef MORES_CHAT_LOCAL_CHAT_MODEL_H_
#define MORES_CHAT_LOCAL_CHAT_MODEL_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "chat/chat_model.h"
#include "chat/language_model.h"
#include "templates/chat_template.h"
#include "text/tokenizer/tokenizer.h"

namespace mores::chat {

// By the model's chat template or a built-in format, or, for a model with a judge.json, as our own
// models are asked.
class ChatPrompt {
 public:
  // `chat_format`: of templates::ChatFormats(), instead of the model's template; may be empty.
  // kMissing where there is no template.
  static Expected<ChatPrompt> Open(const text::ModelTexts& texts, const std::string& chat_format);

  // `messages`: at least one {"role","content"}; a template may read further fields. The ids end
  // where the assistant speaks.
  Expected<std::vector<int32_t>> Encode(const Json& messages, std::string_view where,
                                        const text::Tokenizer& tokenizer) const;

 private:
  std::optional<templates::ChatTemplate> form_;  // none: our own
  std::map<std::string, std::string> special_tokens_;
};

// `model`, which needs a tokenizer, behind the prompt that ChatPrompt::Open makes of `texts` and
// `chat_format`. Draws are keyed by the request's id.
Expected<std::unique_ptr<ChatModel>> MakeLocalChatModel(std::unique_ptr<LanguageModel> model,
                                                        const text::ModelTexts& texts,
                                                        const std::string& chat_format,
                                                        StopToken stop = {});

}  // namespace mores::chat

#endif  // MORES_CHAT_LOCAL_CHAT_MODEL_H_
