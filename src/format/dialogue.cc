#include "format/dialogue.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "format/dialogue_shapes.h"
#include "format/rules.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

// A hostile string inside a one-line message: quoted, escaped, and short.
std::string Quoted(std::string_view utf8) {
  return DumpJson(Json(text::FitColumns(text::ReplaceInvalidUtf8(utf8.substr(0, 400)), 40)));
}

bool IsBlank(std::string_view utf8) {
  return utf8.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

bool HasLetters(std::string_view utf8) {
  const std::string normalized = text::NormalizeForMatch(utf8);
  return std::any_of(normalized.begin(), normalized.end(),
                     [](char c) { return c != ' ' && (c < '0' || c > '9'); });
}

Expected<std::string> Utf8Field(const Json& value, const std::string& field,
                                std::string_view where) {
  if (!value.is_string()) return FieldError(where, field, WrongType("a string", value));
  const std::string& content = value.get_ref<const std::string&>();
  if (const size_t bad = text::FirstInvalidUtf8(content); bad != std::string_view::npos) {
    return FieldError(where, field, fmt::format("invalid UTF-8 at byte {}", bad));
  }
  return content;
}

const Json* Find(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

// An optional field: absent and null are the same.
const Json* FindOptional(const Json& object, const char* name) {
  const Json* value = Find(object, name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

Expected<std::vector<std::string>> ParsePlaces(const Json& value, std::string_view where) {
  std::vector<std::string> places;
  const auto add = [&](const Json& place, const std::string& field) -> Status {
    MORES_ASSIGN_OR_RETURN(std::string code, Utf8Field(place, field, where));
    if (!IsBlank(code)) places.push_back(std::move(code));  // an empty column is none
    return {};
  };
  if (!value.is_array()) {
    if (!value.is_string()) {
      return FieldError(where, "place", WrongType("a string or an array of strings", value));
    }
    MORES_RETURN_IF_ERROR(add(value, "place"));
    return places;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    MORES_RETURN_IF_ERROR(add(value[i], fmt::format("place[{}]", i)));
  }
  return places;
}

std::string ContentId(const std::vector<Turn>& turns, int64_t number) {
  std::string content;
  for (const Turn& turn : turns) {
    content += static_cast<char>('0' + static_cast<int>(turn.role));
    content += turn.content;
    content += '\0';
    for (const ToolCall& call : turn.calls) {
      content += call.name + '\0' + call.arguments + '\0';
    }
  }
  return fmt::format("{}-{}", number, Sha256Hex(content).substr(0, 8));
}

// Members of a record whose keys must not stand twice: all that turns are read from.
constexpr std::string_view kTurnFields[] = {"messages", "conversations", "conversation", "request",
                                            "response", "choices",       "body",         "output"};

constexpr std::string_view kCallMark = "[tool call]";
constexpr std::string_view kResultMark = "[tool result]";

// With round brackets where a mark stands, in whatever case.
std::string WithoutMarks(std::string text) {
  if (text.find('[') == std::string::npos) return text;
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const std::string_view mark : {kCallMark, kResultMark}) {
    for (size_t at = 0; (at = lower.find(mark, at)) != std::string::npos; at += mark.size()) {
      text[at] = '(';
      text[at + mark.size() - 1] = ')';
    }
  }
  return text;
}

// Texts of what is only carried, without halves of surrogate pairs.
void CleanTexts(Json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<std::string&>();
    if (!text::IsValidUtf8(text)) text = WithoutLoneSurrogates(text);
  } else if (value.is_structured()) {
    for (Json& member : value) CleanTexts(member);
  }
}

size_t JudgedTurn(const Dialogue& dialogue) {
  return LastTurn(dialogue.turns, Role::kAssistant, dialogue.turns.size());
}

}  // namespace

std::string_view Name(Role role) {
  switch (role) {
    case Role::kSystem:
      return "system";
    case Role::kUser:
      return "user";
    case Role::kTool:
      return "tool";
    case Role::kAssistant:
      break;
  }
  return "assistant";
}

size_t LastTurn(const std::vector<Turn>& turns, Role role, size_t end) {
  for (size_t i = end; i > 0; --i) {
    if (turns[i - 1].role == role) return i - 1;
  }
  return end;
}

std::string_view Name(Label label) {
  switch (label) {
    case Label::kSafe:
      return "safe";
    case Label::kUnsafe:
      return "unsafe";
    case Label::kUnparsed:
      break;
  }
  return "unparsed";
}

std::optional<Label> ParseLabel(std::string_view text) {
  if (text == "安全") return Label::kSafe;
  if (text == "不安全") return Label::kUnsafe;
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower == "safe") return Label::kSafe;
  if (lower == "unsafe") return Label::kUnsafe;
  return std::nullopt;
}

Expected<std::vector<Turn>> ParseTurns(const Json& messages, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(FoundTurns found, ReadMessages(messages, "messages", where));
  if (!found.unjudgeable.empty()) {
    return MakeError(ErrorKind::kInput, "{}: {}", where, found.unjudgeable);
  }
  return std::move(found.turns);
}

Json TurnsToJson(const std::vector<Turn>& turns) {
  Json json = Json::array();
  for (const Turn& turn : turns) {
    json.push_back({{"role", Name(turn.role)}, {"content", turn.content}});
    if (!turn.name.empty()) json.back()["name"] = turn.name;
    for (const ToolCall& call : turn.calls) {
      json.back()["tool_calls"].push_back(
          {{"type", "function"},
           {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
    }
  }
  return json;
}

std::vector<Turn> WithMarkedTools(std::vector<Turn> turns) {
  for (Turn& turn : turns) {
    turn.content = WithoutMarks(std::move(turn.content));
    if (turn.role == Role::kTool) {
      const std::string name = turn.name.empty() ? "" : WithoutMarks(turn.name) + ": ";
      turn.content = fmt::format("{} {}{}", kResultMark, name, turn.content);
    }
    for (const ToolCall& call : turn.calls) {
      if (!turn.content.empty()) turn.content += '\n';
      turn.content += fmt::format("{} {}({})", kCallMark, WithoutMarks(call.name),
                                  WithoutMarks(call.arguments));
    }
    turn.calls.clear();
    turn.name.clear();
  }
  return turns;
}

text::Language LanguageOf(const Dialogue& dialogue) {
  const size_t judged = JudgedTurn(dialogue);
  if (judged == dialogue.turns.size()) return text::Language::kOther;
  const std::string& response = dialogue.turns[judged].content;
  if (judged == 0 || HasLetters(response)) return text::DetectLanguage(response);
  return text::DetectLanguage(dialogue.turns[judged - 1].content);
}

std::string_view QueryOf(const Dialogue& dialogue) {
  const size_t judged = JudgedTurn(dialogue);
  const size_t query = LastTurn(dialogue.turns, Role::kUser, judged);
  return query == judged ? std::string_view() : dialogue.turns[query].content;
}

std::string_view ResponseOf(const Dialogue& dialogue) {
  const size_t judged = JudgedTurn(dialogue);
  if (judged == dialogue.turns.size()) return {};
  return dialogue.turns[judged].content;
}

Expected<Dialogue> ParseDialogue(const Json& value, std::string_view where, int64_t number,
                                 Unjudgeable unjudgeable) {
  if (!value.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: a dialogue must be an object, not {}", where,
                     TypeName(value));
  }
  MORES_ASSIGN_OR_RETURN(FoundTurns found, FindTurns(value, where));
  if (!found.unjudgeable.empty() && unjudgeable == Unjudgeable::kRefused) {
    return MakeError(ErrorKind::kInput, "{}: {}", where, found.unjudgeable);
  }
  Dialogue dialogue;
  dialogue.turns = std::move(found.turns);
  dialogue.left_out = std::move(found.left_out);
  dialogue.unjudgeable = std::move(found.unjudgeable);
  if (const Json* id = FindOptional(value, "id")) {
    MORES_ASSIGN_OR_RETURN(dialogue.id, TextOfId(*id, where));
    dialogue.id = WithoutLoneSurrogates(dialogue.id);
  } else {
    dialogue.id = ContentId(dialogue.turns, number);
  }
  if (const Json* label = FindOptional(value, "label")) {
    MORES_ASSIGN_OR_RETURN(const std::string name, Utf8Field(*label, "label", where));
    dialogue.expected = ParseLabel(name);
    if (!dialogue.expected) {
      return FieldError(where, "label",
                        fmt::format("must be Safe, Unsafe, 安全 or 不安全, not {}", Quoted(name)));
    }
  }
  if (const Json* place = FindOptional(value, "place")) {
    MORES_ASSIGN_OR_RETURN(dialogue.places, ParsePlaces(*place, where));
  }
  if (const Json* rules = FindOptional(value, "rules")) {
    MORES_ASSIGN_OR_RETURN(dialogue.rules, ParseRules(*rules, where));
  }
  for (auto& [key, member] : found.rest.items()) {
    if (key == "id" || key == "label" || key == "place" || key == "rules") continue;
    CleanTexts(member);
    dialogue.input[key] = std::move(member);
  }
  return dialogue;
}

JsonOptions DialogueJson() {
  return {.lone_surrogates = JsonOptions::LoneSurrogates::kKept,
          .numbers = JsonOptions::Numbers::kAsWritten,
          .once = true,
          .once_in = kTurnFields};
}

Expected<std::vector<Dialogue>> ReadDialogues(const std::string& path) {
  std::vector<Dialogue> dialogues;
  IdLines ids;
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead,
                                 .json = DialogueJson(),
                                 .when_empty = "no dialogues in it"};
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, options, [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(Dialogue dialogue,
                           ParseDialogue(line.value, line.where, line.number, Unjudgeable::kKept));
    if (const std::optional<int64_t> earlier = ids.Put(dialogue.id, line.number)) {
      return FieldError(line.where, "id",
                        fmt::format("{} is already the id of record {}{}", Quoted(dialogue.id),
                                    *earlier, NoteOnDigits(dialogue.id)));
    }
    dialogues.push_back(std::move(dialogue));
    return {};
  }));
  return dialogues;
}

std::optional<std::string> NoteOnLeftOut(std::span<const Dialogue> dialogues) {
  std::map<std::string, int64_t> all;
  int64_t touched = 0;
  for (const Dialogue& dialogue : dialogues) {
    touched += dialogue.left_out.empty() ? 0 : 1;
    for (const auto& [what, times] : dialogue.left_out) all[what] += times;
  }
  if (all.empty()) return std::nullopt;
  std::string list;
  for (const auto& [what, times] : all) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", times, what);
  }
  return fmt::format(
      "not judged, since only texts and calls of tools are: {} (in {} of {} dialogues)", list,
      touched, dialogues.size());
}

}  // namespace mores::format
