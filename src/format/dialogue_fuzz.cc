// Any file: ReadDialogues gives dialogues of valid text with unique ids, or one line that says why.
#include <set>

#include "base/check.h"
#include "format/dialogue.h"
#include "support/base/fuzz_input.h"
#include "text/unicode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const mores::FuzzFile file(mores::FuzzBytes(data, size));
  const auto dialogues = mores::format::ReadDialogues(file.path());
  if (!dialogues) {
    MORES_CHECK(dialogues.error().message.find('\n') == std::string::npos);
    return 0;
  }
  MORES_CHECK(!dialogues->empty());
  std::set<std::string> ids;
  for (const auto& dialogue : *dialogues) {
    MORES_CHECK(ids.insert(dialogue.id).second);
    MORES_CHECK(!dialogue.turns.empty());
    for (const auto& turn : dialogue.turns) MORES_CHECK(mores::text::IsValidUtf8(turn.content));
    (void)mores::format::LanguageOf(dialogue);
    (void)mores::format::QueryOf(dialogue);
    (void)mores::format::ResponseOf(dialogue);
  }
  return 0;
}
