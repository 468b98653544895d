// A judge profile from a file: published judge models, asked in their own way.
#ifndef MORES_FORMAT_PROFILE_ASKED_PROFILE_H_
#define MORES_FORMAT_PROFILE_ASKED_PROFILE_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "format/profile/judge_profile.h"
#include "format/profile/profile_spec.h"
#include "format/profile/prompt_files.h"
#include "text/model_texts.h"

namespace mores::format {

// How a model takes its prompt: as tokens, from our engine, or as messages, at an endpoint, which
// has the chat template.
enum class Asks { kTokens, kMessages };

struct AskedProfileOptions {
  text::ModelTexts model;        // its chat template, special tokens and prompt files
  std::string prompt_directory;  // where prompt files are looked for first; may be empty
  std::string chat_format;       // of ChatFormats(), instead of the model's template; may be empty
  Asks asks = Asks::kTokens;     // kMessages: the model may be empty

  PromptFolders prompt_folders() const {
    return {prompt_directory, model.folder, model.base_folder};
  }
};

// kMissing names the prompt file or the template that is not there.
Expected<std::unique_ptr<JudgeProfile>> MakeAskedProfile(ProfileSpec spec,
                                                         const AskedProfileOptions& options);

// The name of a profile's file in the directory of a model that was trained with it.
inline constexpr std::string_view kModelProfileFile = "judge-profile.json";

// What the directory of a model that is asked by this profile needs, bytes by file name: the
// profile's file unless it is a shipped one, and its prompt files. `name` as OpenJudgeProfile takes
// it.
Expected<std::map<std::string, std::string>> ProfileFiles(const std::string& name,
                                                          const AskedProfileOptions& options);

// `name`: our own profile, a shipped one, or the path of a file (one with a '/' or ending in
// .json, beside which its prompt files are looked for).
Expected<std::unique_ptr<JudgeProfile>> OpenJudgeProfile(const std::string& name,
                                                         const AskedProfileOptions& options);

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_ASKED_PROFILE_H_
