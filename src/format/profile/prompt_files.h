// Questions that a profile names by their files, since their texts are other projects'.
#ifndef MORES_FORMAT_PROFILE_PROMPT_FILES_H_
#define MORES_FORMAT_PROFILE_PROMPT_FILES_H_

#include <string>

#include "base/error.h"
#include "format/profile/profile_spec.h"

namespace mores::format {

// Where they are looked for, the first one first; any may be empty. `base` is that of a model with
// an adapter.
struct PromptFolders {
  std::string prompts, model, base = {};
};

// Empty where it is in none of them.
std::string PathOfPromptFile(const std::string& file, const PromptFolders& folders);

// Puts their texts into the profile's turns. kMissing names what is not there; kCorrupt where one
// isn't text, or where a question of the profile doesn't show what is judged.
Status ReadPromptFiles(ProfileSpec& spec, const PromptFolders& folders);

}  // namespace mores::format

#endif  // MORES_FORMAT_PROFILE_PROMPT_FILES_H_
