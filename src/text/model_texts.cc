#include "text/model_texts.h"

#include <utility>

#include "base/files.h"

namespace mores::text {

ModelTexts ReadModelTexts(const std::string& model_directory) {
  return {.model = model_directory,
          .folder = model_directory,
          .chat_template = FindChatTemplate(model_directory),
          .special_tokens = ReadSpecialTokens(model_directory),
          .judge = ReadJudgeText(model_directory)};
}

Expected<std::optional<NamedText>> ReadJudgeText(const std::string& folder) {
  std::string file = folder + "/judge.json";
  if (!FileExists(file)) return std::nullopt;
  MORES_ASSIGN_OR_RETURN(std::string text, ReadFile(file));
  return NamedText{std::move(text), std::move(file)};
}

}  // namespace mores::text
