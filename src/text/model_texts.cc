#include "text/model_texts.h"

#include <utility>

#include "base/files.h"

namespace mores::text {

std::string ModelTexts::PathOf(std::string_view name) const {
  std::string path = fmt::format("{}/{}", folder, name);
  if (base_folder.empty() || FileExists(path)) return path;
  std::string other = fmt::format("{}/{}", base_folder, name);
  return FileExists(other) ? other : path;
}

ModelTexts ReadModelTexts(const std::string& model_directory) {
  return {.model = model_directory,
          .folder = model_directory,
          .chat_template = FindChatTemplate(model_directory),
          .special_tokens = ReadSpecialTokens(model_directory),
          .judge = ReadTextIn(model_directory, kJudgeFile),
          .about = ReadTextIn(model_directory, kAboutFile)};
}

Expected<std::optional<NamedText>> ReadTextIn(const std::string& folder, const std::string& name) {
  std::string file = folder + "/" + name;
  if (!FileExists(file)) return std::nullopt;
  MORES_ASSIGN_OR_RETURN(std::string text, ReadFile(file));
  return NamedText{std::move(text), std::move(file)};
}

}  // namespace mores::text
