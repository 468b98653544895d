// Dialogues as the caller gives them (docs/formats/dialogue.md).
#ifndef MORES_FORMAT_DIALOGUE_H_
#define MORES_FORMAT_DIALOGUE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
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

// kTool: what a tool gave back.
enum class Role { kSystem, kUser, kAssistant, kTool };
std::string_view Name(Role role);  // "system", "user", "assistant", "tool"

// A tool that an assistant's turn calls.
struct ToolCall {
  std::string name;
  std::string arguments;  // as they were written, JSON most of the time
  bool operator==(const ToolCall&) const = default;
};

struct Turn {
  Role role = Role::kUser;
  std::string content = {};          // UTF-8, valid, as the texts below
  std::vector<ToolCall> calls = {};  // of an assistant's turn, behind its content
  std::string name = {};             // of a tool, where it is known
};

// An array of messages, which may be empty. kInput names the field.
Expected<std::vector<Turn>> ParseTurns(const Json& messages, std::string_view where);
// The same, [{"role","content"}...], with "tool_calls" and "name" where there are any.
Json TurnsToJson(const std::vector<Turn>& turns);
// For prompts that know texts alone: calls and what tools gave back stand in the contents, marked
// "[tool call]" and "[tool result]"; where somebody wrote such a mark its brackets are rounded.
std::vector<Turn> WithMarkedTools(std::vector<Turn> turns);

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
  // What stood in the turns that is no text, and so isn't judged, by its type: "image_url".
  std::map<std::string, int64_t> left_out = {};
  // Why this dialogue can't be judged though its record is sound; its item fails with it. Empty: it
  // can.
  std::string unjudgeable = {};
};

// The language of the judged exchange: of the judged turn, and where that says kOther for want of
// letters, of the turn before it.
text::Language LanguageOf(const Dialogue& dialogue);

// The last user turn's content before the judged turn ("" if none), and the judged turn's.
std::string_view QueryOf(const Dialogue& dialogue);
std::string_view ResponseOf(const Dialogue& dialogue);

// Whether a record says a dialogue in one of the shapes that ParseDialogue reads, or a half of one.
bool HoldsDialogue(const Json& record);

// What is done about a dialogue that nobody can judge: it is kInput, or kept, saying why.
enum class Unjudgeable { kRefused, kKept };

// A record in any of the shapes of docs/formats/dialogue.md: {"id","messages","label"?,"place"?},
// {"query","response"}, a log, ShareGPT's. `where` is "FILE:LINE" for errors; `number` the line or
// index, from 1.
Expected<Dialogue> ParseDialogue(const Json& value, std::string_view where, int64_t number,
                                 Unjudgeable unjudgeable = Unjudgeable::kRefused);

// How lines of dialogues are read: a key that stands twice in a record or a turn is an error, and
// what a record carries keeps the digits of its numbers.
JsonOptions DialogueJson();

// A file of JSON lines, or one JSON array (SAFETY-J's form). Stops at the first bad record with a
// kInput error that names file, line (index for arrays) and field. Duplicate ids are an error. An
// empty file is an error. What nobody can judge is kept.
Expected<std::vector<Dialogue>> ReadDialogues(const std::string& path);  // "-": standard input

// What was left out of all of them, as a sentence for people; nullopt: nothing.
std::optional<std::string> NoteOnLeftOut(std::span<const Dialogue> dialogues);

}  // namespace mores::format

#endif  // MORES_FORMAT_DIALOGUE_H_
