#include "format/profile/prompt_files.h"

#include <algorithm>

#include "base/files.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

// A question that doesn't show what is judged would give every dialogue the same verdict.
Status CheckShowsResponse(const ProfileSpec& spec) {
  for (const auto& [language, turns] : spec.turns) {
    const bool shown = std::any_of(turns.begin(), turns.end(), [](const AskedTurn& turn) {
      return turn.content.find("{response}") != std::string::npos ||
             turn.content.find("{dialogue}") != std::string::npos;
    });
    if (shown) continue;
    return MakeError(ErrorKind::kCorrupt,
                     "profile '{}': the question in '{}' has neither {{response}} nor {{dialogue}} "
                     "in it{}",
                     spec.name, text::Name(language),
                     turns[0].file.empty() ? "" : ", read from '" + turns[0].file + "'");
  }
  return {};
}

}  // namespace

std::string PathOfPromptFile(const std::string& file, const PromptFolders& folders) {
  for (const std::string& folder : {folders.prompts, folders.model, folders.base}) {
    if (!folder.empty() && FileExists(folder + "/" + file)) return folder + "/" + file;
  }
  return "";
}

Status ReadPromptFiles(ProfileSpec& spec, const PromptFolders& folders) {
  for (auto& [_, turns] : spec.turns) {
    for (AskedTurn& turn : turns) {
      if (turn.file.empty()) continue;
      const std::string path = PathOfPromptFile(turn.file, folders);
      if (path.empty()) {
        return MakeError(
            ErrorKind::kMissing,
            "profile '{}' asks with the text of '{}', which is another project's: put it, with "
            "{{query}} and {{response}} in their places, into {} or name its folder with "
            "--prompt-dir ({})",
            spec.name, turn.file, folders.model.empty() ? "a folder" : folders.model, spec.source);
      }
      MORES_ASSIGN_OR_RETURN(turn.content, ReadFile(path));
      if (!text::IsValidUtf8(turn.content) || turn.content.empty()) {
        return MakeError(ErrorKind::kCorrupt, "{}: must be UTF-8, and not empty", path);
      }
    }
  }
  return CheckShowsResponse(spec);
}

}  // namespace mores::format
