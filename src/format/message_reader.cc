#include "format/message_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json_fields.h"
#include "format/dialogue_shapes.h"
#include "text/unicode.h"

namespace mores::format {
namespace {

const Json* Given(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string QuotedName(std::string_view utf8) {
  return DumpJson(Json(text::FitColumns(text::ReplaceInvalidUtf8(utf8.substr(0, 400)), 40)));
}

std::string StringAt(const Json& object, const char* name) {
  const Json* value = Given(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// A type as it can be counted; what is no plain name is "other".
std::string PlainType(const std::string& type) {
  constexpr size_t kLongest = 40;
  const bool plain =
      !type.empty() && type.size() <= kLongest && std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      });
  return plain ? type : "other";
}

bool IsOneOf(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsTextType(std::string_view type) {
  return IsOneOf(type, {"text", "input_text", "output_text", "summary_text"});
}

bool IsReasoningType(std::string_view type) {
  return IsOneOf(type, {"reasoning", "reasoning_content", "thinking", "redacted_thinking"});
}

std::optional<Role> RoleNamed(std::string_view name) {
  if (name == "system" || name == "developer") return Role::kSystem;
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "tool" || name == "function") return Role::kTool;
  return std::nullopt;
}

// ShareGPT's names.
std::optional<Role> SpeakerNamed(std::string_view name) {
  if (IsOneOf(name, {"human"})) return Role::kUser;
  if (IsOneOf(name, {"gpt", "chatgpt", "bing", "bard", "model", "function_call"})) {
    return Role::kAssistant;
  }
  if (IsOneOf(name, {"observation", "function_response", "tool_response"})) return Role::kTool;
  return RoleNamed(name);
}

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// As it stands, but for two words that would become one.
void AppendText(const std::string& more, std::string& text) {
  if (!text.empty() && !more.empty() && !IsSpace(text.back()) && !IsSpace(more.front())) {
    text += '\n';
  }
  text += more;
}

std::string ListOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (list.find(name) != std::string::npos) continue;
    if (!list.empty()) list += ", ";
    list += name;
  }
  return list;
}

}  // namespace

std::string WithoutLoneSurrogates(std::string_view text) {
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  std::string clean;
  for (size_t at = 0;;) {
    size_t next = text.find('\xED', at);
    while (next != std::string_view::npos &&
           (next + 2 >= text.size() || static_cast<unsigned char>(text[next + 1]) < 0xA0)) {
      next = text.find('\xED', next + 1);
    }
    clean += text.substr(at, next - at);
    if (next == std::string_view::npos) return text::ReplaceInvalidUtf8(clean);
    clean += kReplacement;
    at = next + 3;
  }
}

Status MessageReader::AddAll(const Json& messages, const std::string& field) {
  if (!messages.is_array()) return FieldError(where_, field, WrongType("an array", messages));
  for (size_t i = 0; i < messages.size(); ++i) {
    MORES_RETURN_IF_ERROR(Add(messages[i], fmt::format("{}[{}]", field, i)));
  }
  return {};
}

Status MessageReader::Add(const Json& message, const std::string& field) {
  if (!message.is_object()) return FieldError(where_, field, WrongType("an object", message));
  if (Given(message, "role") == nullptr && Given(message, "from") == nullptr) {
    if (const std::string type = StringAt(message, "type"); !type.empty() && type != "message") {
      return AddItem(message, type, field);
    }
  }
  Draft draft;
  MORES_ASSIGN_OR_RETURN(draft.turn.role, RoleOf(message, field));
  const bool speaker = Given(message, "role") == nullptr;
  const char* const name = speaker ? "value" : "content";
  const std::string content_field = fmt::format("{}.{}", field, name);
  if (StringAt(message, "from") == "function_call") {
    MORES_ASSIGN_OR_RETURN(std::string call,
                           Text(message.value(name, Json()), content_field, draft));
    draft.turn.calls.push_back({"", std::move(call)});
    Push(std::move(draft), content_field);
    return {};
  }
  if (const Json* content = Given(message, name)) {
    MORES_RETURN_IF_ERROR(Content(*content, content_field, draft));
  }
  MORES_RETURN_IF_ERROR(Calls(message, field, draft));
  if (const Json* refusal = Given(message, "refusal")) {
    MORES_ASSIGN_OR_RETURN(const std::string text, Text(*refusal, field + ".refusal", draft));
    AppendText(text, draft.turn.content);
  }
  for (const char* media : {"audio", "images"}) {
    if (Given(message, media) != nullptr) draft.others.emplace_back(media);
  }
  if (draft.turn.role == Role::kAssistant) CountReasoning(message);
  if (draft.turn.role == Role::kTool) {
    if (Given(message, "name") != nullptr) {
      MORES_ASSIGN_OR_RETURN(draft.turn.name, Text(message["name"], field + ".name", draft));
    }
  }
  const bool says = message.contains(name) || !draft.turn.calls.empty() || !draft.others.empty() ||
                    message.contains("refusal");
  if (!says) return FieldError(where_, content_field, "missing");
  Push(std::move(draft), content_field);
  return {};
}

Expected<Role> MessageReader::RoleOf(const Json& message, const std::string& field) const {
  const bool speaker = Given(message, "role") == nullptr && Given(message, "from") != nullptr;
  const char* const name = speaker ? "from" : "role";
  const std::string name_field = fmt::format("{}.{}", field, name);
  const Json* value = Given(message, name);
  if (value == nullptr) return FieldError(where_, name_field, "missing");
  if (!value->is_string()) return FieldError(where_, name_field, WrongType("a string", *value));
  const auto& text = value->get_ref<const std::string&>();
  if (const auto role = speaker ? SpeakerNamed(text) : RoleNamed(text)) return *role;
  const std::string_view wanted = speaker ? "\"human\", \"gpt\", \"system\" or \"tool\""
                                          : "\"system\", \"developer\", \"user\", "
                                            "\"assistant\", \"tool\" or \"function\"";
  return FieldError(where_, name_field,
                    fmt::format("must be {}, not {}", wanted, QuotedName(text)));
}

// An item of a response that is no message.
Status MessageReader::AddItem(const Json& item, std::string_view type, const std::string& field) {
  Draft draft;
  if (IsReasoningType(type)) {
    LeaveOut("reasoning");
    return {};
  }
  if (type.ends_with("_output") || type == "tool_result") {
    draft.turn.role = Role::kTool;
    const char* const name = Given(item, "output") != nullptr ? "output" : "content";
    if (const Json* output = Given(item, name)) {
      MORES_RETURN_IF_ERROR(Content(*output, fmt::format("{}.{}", field, name), draft));
    }
    Push(std::move(draft), field);
    return {};
  }
  draft.turn.role = Role::kAssistant;
  if (type.ends_with("_call") && Given(item, "name") != nullptr) {
    MORES_RETURN_IF_ERROR(Call(item, field, draft));
  } else if (type.ends_with("_call") || Given(item, "text") != nullptr) {
    MORES_RETURN_IF_ERROR(Part(item, field, draft));
  } else {
    return FieldError(where_, field + ".role", "missing");
  }
  Push(std::move(draft), field);
  return {};
}

Status MessageReader::AddContent(Role role, const Json& content, const std::string& field) {
  Draft draft;
  draft.turn.role = role;
  if (!content.is_null()) MORES_RETURN_IF_ERROR(Content(content, field, draft));
  Push(std::move(draft), field);
  return {};
}

Status MessageReader::AddAnswer(const Json& items, const std::string& field) {
  const size_t before = turns_.size();
  MORES_RETURN_IF_ERROR(AddAll(items, field));
  size_t kept = before;
  for (size_t i = before; i < turns_.size(); ++i) {
    const bool joins = kept > before && turns_[kept - 1].role == Role::kAssistant &&
                       turns_[i].role == Role::kAssistant;
    if (!joins) {
      if (kept != i) {
        turns_[kept] = std::move(turns_[i]);
        notes_[kept] = std::move(notes_[i]);
      }
      ++kept;
      continue;
    }
    Turn& whole = turns_[kept - 1];
    AppendText(turns_[i].content, whole.content);
    for (ToolCall& call : turns_[i].calls) whole.calls.push_back(std::move(call));
    if (notes_[kept - 1].torn.empty()) notes_[kept - 1].torn = notes_[i].torn;
    // What says something in words or calls isn't made of other parts alone.
    const bool says = !whole.content.empty() || !whole.calls.empty();
    if (says) notes_[kept - 1].others.clear();
    if (!says && notes_[kept - 1].others.empty()) notes_[kept - 1].others = notes_[i].others;
  }
  turns_.resize(kept);
  notes_.resize(kept);
  return {};
}

Expected<std::string> MessageReader::Text(const Json& value, const std::string& field,
                                          Draft& draft) {
  if (value.is_null()) return std::string();
  if (!value.is_string()) return FieldError(where_, field, WrongType("a string", value));
  const auto& text = value.get_ref<const std::string&>();
  if (text::IsValidUtf8(text)) return text;
  if (draft.torn.empty()) draft.torn = field;
  return WithoutLoneSurrogates(text);
}

Status MessageReader::Content(const Json& content, const std::string& field, Draft& draft) {
  if (content.is_string()) {
    MORES_ASSIGN_OR_RETURN(draft.turn.content, Text(content, field, draft));
    return {};
  }
  if (!content.is_array()) {
    return FieldError(where_, field, WrongType("a string or a list of parts", content));
  }
  for (size_t i = 0; i < content.size(); ++i) {
    MORES_RETURN_IF_ERROR(Part(content[i], fmt::format("{}[{}]", field, i), draft));
  }
  return {};
}

Status MessageReader::Part(const Json& part, const std::string& field, Draft& draft) {
  if (part.is_string()) {
    MORES_ASSIGN_OR_RETURN(const std::string text, Text(part, field, draft));
    AppendText(text, draft.turn.content);
    return {};
  }
  if (!part.is_object()) {
    return FieldError(where_, field, WrongType("an object or a string", part));
  }
  const std::string type = StringAt(part, "type");
  if (IsTextType(type) || type == "refusal" || (type.empty() && Given(part, "text") != nullptr)) {
    const char* const name = type == "refusal" ? "refusal" : "text";
    const Json* value = Given(part, name);
    if (value == nullptr) return FieldError(where_, fmt::format("{}.{}", field, name), "missing");
    MORES_ASSIGN_OR_RETURN(const std::string text,
                           Text(*value, fmt::format("{}.{}", field, name), draft));
    AppendText(text, draft.turn.content);
    return {};
  }
  if (IsReasoningType(type)) {
    LeaveOut("reasoning");
    return {};
  }
  if (type == "tool_use" || type == "tool_call" || type == "function_call") {
    return Call(part, field, draft);
  }
  if (type == "tool_result") return ToolResult(part, field, draft);
  draft.others.push_back(PlainType(type));
  return {};
}

Status MessageReader::ToolResult(const Json& part, const std::string& field, Draft& draft) {
  Draft result;
  result.turn.role = Role::kTool;
  if (const Json* content = Given(part, "content")) {
    MORES_RETURN_IF_ERROR(Content(*content, field + ".content", result));
  }
  for (const std::string& other : result.others) LeaveOut(other);
  if (draft.torn.empty()) draft.torn = result.torn;
  draft.results.push_back(std::move(result.turn));
  return {};
}

Status MessageReader::Calls(const Json& message, const std::string& field, Draft& draft) {
  if (const Json* calls = Given(message, "tool_calls")) {
    const std::string name = field + ".tool_calls";
    if (!calls->is_array()) return FieldError(where_, name, WrongType("an array", *calls));
    for (size_t i = 0; i < calls->size(); ++i) {
      MORES_RETURN_IF_ERROR(Call((*calls)[i], fmt::format("{}[{}]", name, i), draft));
    }
  }
  if (const Json* call = Given(message, "function_call")) {
    MORES_RETURN_IF_ERROR(Call(*call, field + ".function_call", draft));
  }
  return {};
}

// {"function":{"name","arguments"}}, {"custom":{"name","input"}}, or either without what is around.
Status MessageReader::Call(const Json& call, const std::string& field, Draft& draft) {
  if (!call.is_object()) return FieldError(where_, field, WrongType("an object", call));
  const Json* inner = &call;
  std::string inner_field = field;
  for (const char* around : {"function", "custom"}) {
    const Json* found = Given(call, around);
    if (found == nullptr || !found->is_object()) continue;
    inner = found;
    inner_field = fmt::format("{}.{}", field, around);
  }
  ToolCall made;
  if (const Json* name = Given(*inner, "name")) {
    MORES_ASSIGN_OR_RETURN(made.name, Text(*name, inner_field + ".name", draft));
  }
  for (const char* name : {"arguments", "input", "parameters"}) {
    const Json* arguments = Given(*inner, name);
    if (arguments == nullptr) continue;
    if (!arguments->is_string()) {
      made.arguments = DumpJson(*arguments);
    } else {
      MORES_ASSIGN_OR_RETURN(made.arguments,
                             Text(*arguments, fmt::format("{}.{}", inner_field, name), draft));
    }
    break;
  }
  if (made.name.empty() && made.arguments.empty()) {
    return FieldError(where_, inner_field + ".name", "missing");
  }
  draft.turn.calls.push_back(std::move(made));
  return {};
}

// What a model thought is not what it answered.
void MessageReader::CountReasoning(const Json& message) {
  for (const char* name : {"reasoning_content", "reasoning", "thinking"}) {
    const Json* reasoning = Given(message, name);
    if (reasoning == nullptr || (reasoning->is_string() && reasoning->empty())) continue;
    if (reasoning->is_string() && reasoning->get_ref<const std::string&>().empty()) continue;
    LeaveOut("reasoning");
    return;
  }
}

void MessageReader::Push(Draft draft, const std::string& field) {
  for (const std::string& other : draft.others) LeaveOut(other);
  Notes notes{.torn = draft.torn.empty() ? "" : draft.torn};
  const bool silent = draft.turn.content.empty() && draft.turn.calls.empty();
  if (silent && !draft.others.empty()) {
    notes.others =
        fmt::format("field '{}': no text to judge, only {}", field, ListOf(draft.others));
  }
  const bool results_alone = silent && draft.others.empty() && !draft.results.empty();
  for (Turn& result : draft.results) {
    turns_.push_back(std::move(result));
    notes_.push_back({.torn = notes.torn});
  }
  if (results_alone) return;
  turns_.push_back(std::move(draft.turn));
  notes_.push_back(std::move(notes));
}

std::string MessageReader::Unjudgeable() const {
  const size_t judged = LastTurn(turns_, Role::kAssistant, turns_.size());
  if (judged == turns_.size()) return "";
  for (size_t i = 0; i <= judged; ++i) {
    if (notes_[i].torn.empty()) continue;
    return fmt::format(
        "field '{}': holds half of a surrogate pair (such as \\ud800), which is no character",
        notes_[i].torn);
  }
  return notes_[judged].others;
}

}  // namespace mores::format
