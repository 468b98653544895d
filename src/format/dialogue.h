// Dialogues as the caller gives them (docs/formats/dialogue.md).
#ifndef MORES_FORMAT_DIALOGUE_H_
#define MORES_FORMAT_DIALOGUE_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "text/language.h"

namespace mores::format {

enum class Label { kSafe, kUnsafe, kUnparsed };

std::string_view Name(Label label);  // "safe", "unsafe", "unparsed"
// Safe/Unsafe in any case, 安全/不安全; nullopt for anything else.
std::optional<Label> ParseLabel(std::string_view text);

enum class Role { kSystem, kUser, kAssistant };
std::string_view Name(Role role);  // "system", "user", "assistant"

struct Turn {
  Role role;
  std::string content;  // UTF-8, valid
};

// An array of {"role","content"}, which may be empty. kInput names the field.
Expected<std::vector<Turn>> ParseTurns(const Json& messages, std::string_view where);
// The same, [{"role","content"}...].
Json TurnsToJson(const std::vector<Turn>& turns);

// Index of the last turn of `role` before `end`, or `end`.
size_t LastTurn(const std::vector<Turn>& turns, Role role, size_t end);

struct Dialogue {
  std::string id;           // the caller's, else "LINE-HASH8" (line number and content hash)
  std::vector<Turn> turns;  // at least one; the judged turn is the last assistant turn
  std::optional<Label> expected;
  std::vector<std::string> places;
  std::vector<std::string> rules;  // what the judge must follow for this one; see format/rules.h
  // A norm or law of the place where the answer lands, to be judged by; never read from a caller's
  // record, only set by a judge that knows the place, and in training data. Empty: none.
  std::string guideline;
  Json input;  // what the caller sent beside what is read above; null when nothing
};

// The language of the judged exchange: of the judged turn, and where that says kOther for want of
// letters, of the turn before it.
text::Language LanguageOf(const Dialogue& dialogue);

// The last user turn's content before the judged turn ("" if none), and the judged turn's.
std::string_view QueryOf(const Dialogue& dialogue);
std::string_view ResponseOf(const Dialogue& dialogue);

// One JSON value of either shape: {"id","messages","label"?,"place"?} or {"query","response",
// "label"?}. `where` is "FILE:LINE" for errors; `number` the line or index, from 1.
Expected<Dialogue> ParseDialogue(const Json& value, std::string_view where, int64_t number);

// A file of JSON lines, or one JSON array (SAFETY-J's form). Stops at the first bad record with a
// kInput error that names file, line (index for arrays) and field. Duplicate ids are an error. An
// empty file is an error.
Expected<std::vector<Dialogue>> ReadDialogues(const std::string& path);  // "-": standard input

}  // namespace mores::format

#endif  // MORES_FORMAT_DIALOGUE_H_
