// The texts that belong to a model, beside its weights and its tokenizer: what shapes how it is
// asked. They lie in a directory or inside of a file (model/model_source.h).
#ifndef MORES_TEXT_MODEL_TEXTS_H_
#define MORES_TEXT_MODEL_TEXTS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "text/tokenizer/chat_template_text.h"

namespace mores::text {

struct NamedText {
  std::string text;
  std::string where;  // names it in errors
};

// What can't be read is an error to those alone who ask for it.
struct ModelTexts {
  std::string model;   // where the model lies: what errors name
  std::string folder;  // in which its prompt files lie
  // The same of the base, of a model with an adapter: what `folder` lacks.
  std::string base_folder = {};
  Expected<std::optional<ChatTemplateText>> chat_template = std::nullopt;
  // By their names in templates: {"bos_token", "<s>"}.
  Expected<std::map<std::string, std::string>> special_tokens =
      std::map<std::string, std::string>();
  // judge.json (format/profile/judge_profile.h).
  Expected<std::optional<NamedText>> judge = std::nullopt;
  // about.json: what a model says of itself that no verdict depends on.
  Expected<std::optional<NamedText>> about = std::nullopt;

  // Of a file that goes with the model: in the first folder that has it, else in `folder`.
  std::string PathOf(std::string_view name) const;
};

// Of a Hugging Face model directory, with or without weights.
ModelTexts ReadModelTexts(const std::string& model_directory);

constexpr const char* kJudgeFile = "judge.json";
constexpr const char* kAboutFile = "about.json";
// A file of a folder, if it is there.
Expected<std::optional<NamedText>> ReadTextIn(const std::string& folder, const std::string& name);

}  // namespace mores::text

#endif  // MORES_TEXT_MODEL_TEXTS_H_
