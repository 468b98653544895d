#include "train/messages.h"

#include <cmath>
#include <initializer_list>
#include <utility>
#include <vector>

#include "format/dialogue_shapes.h"
#include "text/unicode.h"

namespace mores::train {
namespace {

constexpr double kMostRecordWeight = 1000;

const Json* MemberOf(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

// Templates know no numbers as they were written.
Json WithPlainNumbers(const Json& value) {
  if (!value.is_structured()) return NumberValue(value);
  Json plain = value;
  for (Json& member : plain) member = WithPlainNumbers(member);
  return plain;
}

// ShareGPT's names, and those of APIs, as templates have them.
std::string TemplateRole(const Json& message) {
  if (const Json* role = MemberOf(message, "role")) {
    const auto name = role->get<std::string>();
    return name == "function" ? "tool" : name;
  }
  const auto name = MemberOf(message, "from")->get<std::string>();
  if (name == "human") return "user";
  for (const char* assistant : {"gpt", "chatgpt", "bing", "bard", "model", "function_call"}) {
    if (name == assistant) return "assistant";
  }
  for (const char* tool : {"observation", "function", "function_response", "tool_response"}) {
    if (name == tool) return "tool";
  }
  return name;
}

// A list of texts as one.
Expected<Json> FlatContent(const Json& content, const std::string& field, std::string_view where) {
  if (!content.is_array()) return content;
  std::string text;
  for (size_t i = 0; i < content.size(); ++i) {
    const Json* part = content[i].is_string() ? &content[i] : MemberOf(content[i], "text");
    if (part == nullptr || !part->is_string()) {
      return FieldError(where, fmt::format("{}[{}]", field, i), "no text, so it can't be learned");
    }
    if (!text.empty()) text += '\n';
    text += part->get_ref<const std::string&>();
  }
  return Json(std::move(text));
}

// Arguments that are written as a text, as APIs have them, are an object to a template.
void ReadArguments(Json& call) {
  Json* inner = &call;
  if (const auto function = call.find("function"); function != call.end()) inner = &*function;
  if (!inner->is_object()) return;
  const auto arguments = inner->find("arguments");
  if (arguments == inner->end() || !arguments->is_string()) return;
  Expected<Json> read = ParseJson(arguments->get_ref<const std::string&>(), "arguments");
  if (read && read->is_object()) *arguments = *std::move(read);
}

// LLaMA-Factory's {"from":"function_call"}, whose value spells {"name","arguments"} or a list.
Expected<Json> CallsIn(const std::string& text, const std::string& field, std::string_view where) {
  Expected<Json> read = ParseJson(text, "call");
  if (read && read->is_object()) read = Json::array({*read});
  const auto wrong = [&] {
    return FieldError(where, field, "must spell a call, {\"name\":...,\"arguments\":{...}}");
  };
  if (!read || !read->is_array() || read->empty()) return wrong();
  Json calls = Json::array();
  for (const Json& call : *read) {
    const Json* name = MemberOf(call, "name");
    if (name == nullptr || !name->is_string()) return wrong();
    calls.push_back(
        {{"type", "function"},
         {"function", {{"name", *name}, {"arguments", call.value("arguments", Json::object())}}}});
  }
  return calls;
}

// REQUIRES: format::ReadMessages took it.
Expected<Json> OneMessage(const Json& message, const std::string& field, std::string_view where) {
  if (MemberOf(message, "role") == nullptr && MemberOf(message, "from") == nullptr) {
    return FieldError(where, field + ".role", "missing");
  }
  const bool speaker = MemberOf(message, "role") == nullptr;
  const char* const name = speaker ? "value" : "content";
  const std::string content_field = fmt::format("{}.{}", field, name);
  Json made = {{"role", TemplateRole(message)}};
  MORES_ASSIGN_OR_RETURN(made["content"],
                         FlatContent(message.value(name, Json()), content_field, where));
  for (const auto& [key, value] : message.items()) {
    if (key == "role" || key == "content" || (speaker && (key == "from" || key == "value"))) {
      continue;
    }
    // Columns of a table that this message doesn't use.
    if (!value.is_null()) made[key] = WithPlainNumbers(value);
  }
  if (speaker && *MemberOf(message, "from") == "function_call") {
    const Json& content = made["content"];
    MORES_ASSIGN_OR_RETURN(
        made["tool_calls"],
        CallsIn(content.is_string() ? content.get<std::string>() : "", content_field, where));
    made["content"] = "";
  }
  if (const auto calls = made.find("tool_calls"); calls != made.end() && calls->is_array()) {
    for (Json& call : *calls) {
      if (call.is_object()) ReadArguments(call);
    }
  }
  const bool says = made["content"].is_string();
  if (!says && made["role"] != "assistant") {
    return FieldError(where, content_field, "must be a string");
  }
  return made;
}

void AddTurn(const char* role, std::string text, Json& messages) {
  messages.push_back({{"role", role}, {"content", std::move(text)}});
}

Status AddHistory(const JsonFields& fields, Json& messages) {
  const Json* history = fields.Find("history");
  if (history == nullptr) return {};
  if (!history->is_array()) return fields.Wrong("history", WrongType("an array", *history));
  for (size_t i = 0; i < history->size(); ++i) {
    const Json& pair = (*history)[i];
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
      return fields.Wrong(fmt::format("history[{}]", i), "must be [question, answer], both texts");
    }
    AddTurn("user", pair[0].get<std::string>(), messages);
    AddTurn("assistant", pair[1].get<std::string>(), messages);
  }
  return {};
}

}  // namespace

Expected<Json> TemplateMessages(const Json& list, const std::string& field,
                                std::string_view where) {
  MORES_ASSIGN_OR_RETURN(const format::FoundTurns found, format::ReadMessages(list, field, where));
  for (const auto& [what, times] : found.left_out) {
    if (what == "reasoning") continue;
    return FieldError(where, field, fmt::format("holds {}, which can't be learned", what));
  }
  if (!found.unjudgeable.empty()) {
    return MakeError(ErrorKind::kInput, "{}: {}", where, found.unjudgeable);
  }
  Json messages = Json::array();
  for (size_t i = 0; i < list.size(); ++i) {
    MORES_ASSIGN_OR_RETURN(Json message,
                           OneMessage(list[i], fmt::format("{}[{}]", field, i), where));
    messages.push_back(std::move(message));
  }
  if (messages.empty()) return FieldError(where, field, "empty");
  return messages;
}

Expected<Json> TemplateMessage(const Json& message, const std::string& field,
                               std::string_view where) {
  MORES_RETURN_IF_ERROR(format::ReadMessages(Json::array({message}), field, where));
  MORES_ASSIGN_OR_RETURN(Json made, OneMessage(message, field, where));
  return Json::array({std::move(made)});
}

std::string RoleIn(const Json& messages, size_t i) {
  return messages[i]["role"].get<std::string>();
}

std::string_view ContentOf(const Json& message) {
  const Json* content = MemberOf(message, "content");
  if (content == nullptr || !content->is_string()) return {};
  return content->get_ref<const std::string&>();
}

Expected<Json> AlpacaPrompt(const JsonFields& fields) {
  Json messages = Json::array();
  MORES_ASSIGN_OR_RETURN(std::string system, fields.OptionalString("system"));
  if (!system.empty()) AddTurn("system", std::move(system), messages);
  MORES_RETURN_IF_ERROR(AddHistory(fields, messages));
  MORES_ASSIGN_OR_RETURN(std::string text, fields.RequiredString("instruction"));
  MORES_ASSIGN_OR_RETURN(const std::string input, fields.OptionalString("input"));
  if (!text.empty() && !input.empty()) text += '\n';
  text += input;
  if (text.empty()) return fields.Wrong("instruction", "empty");
  AddTurn("user", std::move(text), messages);
  return messages;
}

Expected<Json> ConversationOf(const JsonFields& fields, const char* name) {
  MORES_ASSIGN_OR_RETURN(const Json* list, fields.Required(name));
  MORES_ASSIGN_OR_RETURN(Json said, TemplateMessages(*list, name, fields.where()));
  MORES_ASSIGN_OR_RETURN(std::string system, fields.OptionalString("system"));
  if (system.empty()) return said;
  if (RoleIn(said, 0) == "system") {
    return fields.Wrong("system",
                        fmt::format("stands beside '{}', which begins with a system turn", name));
  }
  Json messages = Json::array();
  AddTurn("system", std::move(system), messages);
  for (Json& message : said) messages.push_back(std::move(message));
  return messages;
}

Expected<Json> TemplateVariables(const JsonFields& fields) {
  Json variables = Json::object();
  if (const Json* given = fields.Find("chat_template_kwargs")) {
    if (!given->is_object()) {
      return fields.Wrong("chat_template_kwargs", WrongType("an object", *given));
    }
    variables = WithPlainNumbers(*given);
    for (const char* ours : {"messages", "tools", "add_generation_prompt", "chat_template",
                             "continue_final_message", "tokenize"}) {
      if (!variables.contains(ours)) continue;
      return fields.Wrong(fmt::format("chat_template_kwargs.{}", ours), "not for a record to say");
    }
  }
  const Json* tools = fields.Find("tools");
  if (tools == nullptr) return variables;
  Json list = *tools;
  if (list.is_string()) {
    const auto& text = list.get_ref<const std::string&>();
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) return variables;
    MORES_ASSIGN_OR_RETURN(list, ParseJson(text, fmt::format("{}: field 'tools'", fields.where())));
  }
  if (!list.is_array()) return fields.Wrong("tools", WrongType("an array", list));
  if (!list.empty()) variables["tools"] = WithPlainNumbers(list);
  return variables;
}

Status RefuseTemplateVariables(const JsonFields& fields, std::string_view kind) {
  MORES_ASSIGN_OR_RETURN(const Json variables, TemplateVariables(fields));
  if (variables.empty()) return {};
  return fields.Wrong(variables.contains("tools") ? "tools" : "chat_template_kwargs",
                      fmt::format("of chat templates, and this is {}", kind));
}

Expected<double> RecordWeight(const JsonFields& fields) {
  const Json* found = fields.Find("weight");
  if (found == nullptr) return 1.0;
  const Json number = NumberValue(*found);
  if (!number.is_number()) return fields.Wrong("weight", WrongType("a number", *found));
  const auto weight = number.get<double>();
  if (!std::isfinite(weight) || weight <= 0 || weight > kMostRecordWeight) {
    return fields.Wrong("weight", "must be above 0 and at most 1000");
  }
  return weight;
}

}  // namespace mores::train
