#include "format/dialogue.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/json_fields.h"
#include "base/json_lines.h"
#include "format/rules.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

// A hostile string inside a one-line message: quoted, escaped, and short.
std::string Quoted(std::string_view utf8) {
  return DumpJson(Json(text::FitColumns(text::ReplaceInvalidUtf8(utf8.substr(0, 400)), 40)));
}

bool IsBlankCodePoint(char32_t c) {
  return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200F) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x2060 || c == 0x3000 ||
         c == 0xFEFF;
}

bool IsBlank(std::string_view utf8) {
  const std::vector<char32_t> points = text::ToCodePoints(utf8);
  return std::all_of(points.begin(), points.end(), IsBlankCodePoint);
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

Expected<Turn> ParseTurn(const Json& value, const std::string& field, std::string_view where) {
  if (!value.is_object()) return FieldError(where, field, WrongType("an object", value));
  const Json* role = Find(value, "role");
  if (role == nullptr) return FieldError(where, field + ".role", "missing");
  MORES_ASSIGN_OR_RETURN(const std::string name, Utf8Field(*role, field + ".role", where));
  Turn turn;
  if (name == "system") {
    turn.role = Role::kSystem;
  } else if (name == "user") {
    turn.role = Role::kUser;
  } else if (name == "assistant") {
    turn.role = Role::kAssistant;
  } else {
    return FieldError(
        where, field + ".role",
        fmt::format("must be \"system\", \"user\" or \"assistant\", not {}", Quoted(name)));
  }
  const Json* content = Find(value, "content");
  if (content == nullptr) return FieldError(where, field + ".content", "missing");
  MORES_ASSIGN_OR_RETURN(turn.content, Utf8Field(*content, field + ".content", where));
  return turn;
}

Expected<std::vector<Turn>> ParseMessages(const Json& messages, std::string_view where) {
  MORES_ASSIGN_OR_RETURN(std::vector<Turn> turns, ParseTurns(messages, where));
  if (LastTurn(turns, Role::kAssistant, turns.size()) == turns.size()) {
    return FieldError(where, "messages", "no assistant turn to judge");
  }
  return turns;
}

Expected<std::vector<Turn>> ParsePair(const Json& value, std::string_view where) {
  const Json* query = Find(value, "query");
  const Json* response = Find(value, "response");
  if (query == nullptr && response == nullptr) {
    return FieldError(where, "messages", "missing (and no 'query' with 'response' either)");
  }
  if (query == nullptr) return FieldError(where, "query", "missing");
  if (response == nullptr) return FieldError(where, "response", "missing");
  MORES_ASSIGN_OR_RETURN(std::string query_text, Utf8Field(*query, "query", where));
  MORES_ASSIGN_OR_RETURN(std::string response_text, Utf8Field(*response, "response", where));
  std::vector<Turn> turns;
  if (!IsBlank(query_text)) turns.push_back({Role::kUser, std::move(query_text)});
  turns.push_back({Role::kAssistant, std::move(response_text)});
  return turns;
}

Expected<std::vector<std::string>> ParsePlaces(const Json& value, std::string_view where) {
  std::vector<std::string> places;
  const auto add = [&](const Json& place, const std::string& field) -> Status {
    MORES_ASSIGN_OR_RETURN(std::string code, Utf8Field(place, field, where));
    if (IsBlank(code)) return FieldError(where, field, "blank");
    places.push_back(std::move(code));
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
  }
  return fmt::format("{}-{}", number, Sha256Hex(content).substr(0, 8));
}

Expected<std::string> ParseId(const Json& value, std::string_view where) {
  if (value.is_number_integer()) return value.dump();
  if (!value.is_string()) {
    return FieldError(where, "id", WrongType("a string or an integer", value));
  }
  MORES_ASSIGN_OR_RETURN(std::string id, Utf8Field(value, "id", where));
  if (id.empty()) return FieldError(where, "id", "empty");
  return id;
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
  if (!messages.is_array()) {
    return FieldError(where, "messages", WrongType("an array", messages));
  }
  std::vector<Turn> turns;
  for (size_t i = 0; i < messages.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(Turn turn,
                           ParseTurn(messages[i], fmt::format("messages[{}]", i), where));
    turns.push_back(std::move(turn));
  }
  return turns;
}

Json TurnsToJson(const std::vector<Turn>& turns) {
  Json json = Json::array();
  for (const Turn& turn : turns) {
    json.push_back({{"role", Name(turn.role)}, {"content", turn.content}});
  }
  return json;
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

Expected<Dialogue> ParseDialogue(const Json& value, std::string_view where, int64_t number) {
  if (!value.is_object()) {
    return MakeError(ErrorKind::kInput, "{}: a dialogue must be an object, not {}", where,
                     value.type_name());
  }
  Dialogue dialogue;
  if (const Json* messages = Find(value, "messages")) {
    for (const char* name : {"query", "response"}) {
      if (Find(value, name) != nullptr) {
        return FieldError(where, name, "stands beside 'messages'; give one or the other");
      }
    }
    MORES_ASSIGN_OR_RETURN(dialogue.turns, ParseMessages(*messages, where));
  } else {
    MORES_ASSIGN_OR_RETURN(dialogue.turns, ParsePair(value, where));
  }
  if (const Json* id = FindOptional(value, "id")) {
    MORES_ASSIGN_OR_RETURN(dialogue.id, ParseId(*id, where));
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
  for (const auto& [key, member] : value.items()) {
    const bool read = key == "id" || key == "messages" || key == "query" || key == "response" ||
                      key == "label" || key == "place" || key == "rules";
    if (!read) dialogue.input[key] = member;
  }
  return dialogue;
}

Expected<std::vector<Dialogue>> ReadDialogues(const std::string& path) {
  std::vector<Dialogue> dialogues;
  IdLines ids;
  const JsonLinesOptions options{.arrays = JsonLinesOptions::Arrays::kRead,
                                 .when_empty = "no dialogues in it"};
  MORES_RETURN_IF_ERROR(ForEachJsonLine(path, options, [&](const JsonLine& line) -> Status {
    MORES_ASSIGN_OR_RETURN(Dialogue dialogue, ParseDialogue(line.value, line.where, line.number));
    if (const std::optional<int64_t> earlier = ids.Put(dialogue.id, line.number)) {
      return FieldError(
          line.where, "id",
          fmt::format("{} is already the id of record {}", Quoted(dialogue.id), *earlier));
    }
    dialogues.push_back(std::move(dialogue));
    return {};
  }));
  return dialogues;
}

}  // namespace mores::format
