#include "templates/chat_template.h"

#include <algorithm>
#include <utility>

#include "templates/jinja/parser.h"
#include "templates/jinja/run.h"
#include "text/tokenizer/chat_template_text.h"
#include "text/unicode.h"

namespace mores::templates {
namespace {

constexpr std::string_view kWayOut = "--chat-format names a built-in format";

// The error with the source before it and, where the template asks for what we lack, the way out.
// What a message quotes of a template or a conversation stays on the line.
tl::unexpected<Error> Located(const Error& error, std::string_view where) {
  constexpr size_t kShown = 600;  // columns
  const std::string message = text::FitColumns(error.message, kShown);
  if (error.kind != ErrorKind::kUnsupported) {
    return MakeError(error.kind, "{}: {}", where, message);
  }
  return MakeError(error.kind, "{}: {}; {}", where, message, kWayOut);
}

// Templates build special tokens out of these roles ('<|' + role + '|>'), so they are not marked.
bool IsKnownRole(std::string_view role) {
  constexpr std::string_view kRoles[] = {"system", "user",     "assistant",   "tool",   "developer",
                                         "model",  "function", "observation", "ipython"};
  return std::find(std::begin(kRoles), std::end(kRoles), role) != std::end(kRoles);
}

Expected<jinja::Value> MessagesValue(const Json& messages) {
  std::vector<jinja::Value> items;
  for (const Json& message : messages) {
    MORES_ASSIGN_OR_RETURN(jinja::Value value, jinja::FromJson(message, jinja::Origin::kOutside));
    const auto role = message.is_object() ? message.find("role") : message.end();
    if (role == message.end() || !role->is_string() ||
        !IsKnownRole(role->get_ref<const std::string&>())) {
      items.push_back(std::move(value));
      continue;
    }
    jinja::Dictionary dictionary = value.dictionary();
    for (auto& [key, entry] : dictionary.entries) {
      if (key.string().utf8 != "role") continue;
      entry = jinja::Value(std::string_view(role->get_ref<const std::string&>()));
    }
    items.emplace_back(std::make_shared<const jinja::Dictionary>(std::move(dictionary)));
  }
  return jinja::MakeSequence(jinja::Sequence::Kind::kList, std::move(items));
}

// Whether all strings are UTF-8; the parser of JSON sees to it, other callers may not.
bool HasValidText(const Json& json) {
  if (json.is_string()) return text::IsValidUtf8(json.get_ref<const std::string&>());
  if (json.is_object()) {
    return std::all_of(json.items().begin(), json.items().end(), [](const auto& entry) {
      return text::IsValidUtf8(entry.key()) && HasValidText(entry.value());
    });
  }
  return !json.is_array() || std::all_of(json.begin(), json.end(), HasValidText);
}

Status CheckInput(const ChatTemplateInput& input) {
  if (!input.messages.is_array()) {
    return MakeError(ErrorKind::kInput, "field 'messages': expected an array");
  }
  if (!input.variables.is_object()) {
    return MakeError(ErrorKind::kInput, "template variables: expected an object");
  }
  const bool valid = HasValidText(input.messages) && HasValidText(input.variables) &&
                     std::all_of(input.special_tokens.begin(), input.special_tokens.end(),
                                 [](const auto& token) { return text::IsValidUtf8(token.second); });
  if (!valid) return MakeError(ErrorKind::kInput, "messages are not valid UTF-8");
  return {};
}

}  // namespace

struct ChatTemplate::Parsed {
  jinja::Block block;
};

ChatTemplate::ChatTemplate(std::unique_ptr<const Parsed> parsed, std::string_view where)
    : parsed_(std::move(parsed)), where_(where) {}
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;
ChatTemplate::~ChatTemplate() = default;

Expected<ChatTemplate> ChatTemplate::Parse(std::string_view source, std::string_view where) {
  MORES_RETURN_IF_ERROR(text::CheckChatTemplateSize(source.size(), std::string(where)));
  if (const size_t at = text::FirstInvalidUtf8(source); at != std::string_view::npos) {
    return MakeError(ErrorKind::kCorrupt, "{}: invalid UTF-8 at byte {}", where, at + 1);
  }
  auto block = jinja::Parse(source);
  if (!block) return Located(block.error(), where);
  return ChatTemplate(std::make_unique<const Parsed>(Parsed{std::move(*block)}), where);
}

Expected<text::MarkedText> ChatTemplate::Render(const ChatTemplateInput& input) const {
  if (const Status status = CheckInput(input); !status) return Located(status.error(), where_);
  auto messages = MessagesValue(input.messages);
  if (!messages) return Located(messages.error(), where_);
  jinja::RunInput run;
  run.variables.emplace_back("messages", std::move(*messages));
  run.variables.emplace_back("tools", jinja::Value());
  run.variables.emplace_back("documents", jinja::Value());
  run.variables.emplace_back("add_generation_prompt", jinja::Value(input.add_generation_prompt));
  for (const auto& [name, token] : input.special_tokens) {
    run.variables.emplace_back(name, jinja::Value(std::string_view(token)));
  }
  for (const auto& [name, json] : input.variables.items()) {
    auto value = jinja::FromJson(json, jinja::Origin::kOutside);
    if (!value) return Located(value.error(), where_);
    // The key itself outlives the run, the iterator's copy of it does not.
    run.variables.emplace_back(input.variables.find(name).key(), std::move(*value));
  }
  const std::string utc = (input.clock != nullptr ? *input.clock : SystemClock()).UtcTimestamp();
  run.utc = utc;
  auto rendered = jinja::Run(parsed_->block, run);
  if (!rendered) return Located(rendered.error(), where_);
  return std::move(*rendered);
}

Expected<ChatTemplate> ReadChatTemplate(const text::ModelTexts& model) {
  if (!model.chat_template) return tl::unexpected<Error>(model.chat_template.error());
  const std::optional<text::ChatTemplateText>& text = *model.chat_template;
  if (text) return ChatTemplate::Parse(text->source, text->where);
  return MakeError(ErrorKind::kMissing, "{}: no chat template; {}", model.model, kWayOut);
}

}  // namespace mores::templates
