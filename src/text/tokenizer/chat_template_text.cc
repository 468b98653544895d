#include "text/tokenizer/chat_template_text.h"

#include "base/files.h"
#include "base/json.h"

namespace mores::text {
namespace {

// The template that `chat_template` holds, or null.
const Json* DefaultTemplate(const Json& config) {
  if (!config.is_object()) return nullptr;
  const auto found = config.find("chat_template");
  if (found == config.end() || !found->is_array()) return found == config.end() ? nullptr : &*found;
  for (const Json& entry : *found) {
    if (!entry.is_object() || !entry.contains("name") || !entry.contains("template")) continue;
    if (entry["name"] == "default") return &entry["template"];
  }
  return nullptr;
}

// Keeps what is a token: a string, or an object with `content`.
void KeepToken(const std::string& name, const Json& value,
               std::map<std::string, std::string>& tokens) {
  if (value.is_string()) {
    tokens[name] = value.get<std::string>();
  } else if (value.is_object() && value.contains("content") && value["content"].is_string()) {
    tokens[name] = value["content"].get<std::string>();
  }
}

}  // namespace

Status CheckChatTemplateSize(size_t bytes, const std::string& where) {
  if (bytes <= kMaxChatTemplateBytes) return {};
  return MakeError(
      ErrorKind::kUnsupported,
      "{}: a chat template of more than {} bytes; --chat-format names a built-in format", where,
      kMaxChatTemplateBytes);
}

Expected<ChatTemplateText> ReadChatTemplate(const std::string& path) {
  MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  MORES_RETURN_IF_ERROR(CheckChatTemplateSize(file.bytes().size(), path));
  std::string source(file.bytes());
  return ChatTemplateText{.source = source, .where = path, .file = source};
}

Expected<std::optional<ChatTemplateText>> FindChatTemplate(const std::string& model_directory) {
  const std::string own = model_directory + "/chat_template.jinja";
  if (FileExists(own)) return ReadChatTemplate(own);
  const std::string path = model_directory + "/tokenizer_config.json";
  if (!FileExists(path)) return std::nullopt;
  MORES_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return ParseChatTemplateConfig(bytes, path);
}

Expected<std::optional<ChatTemplateText>> ParseChatTemplateConfig(const std::string& bytes,
                                                                  const std::string& path) {
  const auto config = ParseJson(bytes, path);
  if (!config) return MakeError(ErrorKind::kCorrupt, "{}", config.error().message);
  const Json* source = DefaultTemplate(*config);
  if (source == nullptr || source->is_null()) return std::nullopt;
  if (!source->is_string()) {
    return MakeError(ErrorKind::kCorrupt, "{}: field 'chat_template': expected a string", path);
  }
  const std::string where = path + ": field 'chat_template'";
  const std::string& text = source->get_ref<const std::string&>();
  MORES_RETURN_IF_ERROR(CheckChatTemplateSize(text.size(), where));
  return ChatTemplateText{.source = text, .where = where, .file = bytes};
}

Expected<std::map<std::string, std::string>> ReadSpecialTokens(const std::string& directory) {
  std::map<std::string, std::string> tokens;
  for (const char* file : {"special_tokens_map.json", "tokenizer_config.json"}) {
    const std::string path = directory + "/" + file;
    if (!FileExists(path)) continue;
    MORES_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    const Expected<Json> json = ParseJson(text, path);
    if (!json) return MakeError(ErrorKind::kCorrupt, "{}", json.error().message);
    if (!json->is_object()) return MakeError(ErrorKind::kCorrupt, "{}: must be an object", path);
    for (const auto& [name, value] : json->items()) {
      if (name.ends_with("_token")) KeepToken(name, value, tokens);
    }
    const auto extra = json->find("extra_special_tokens");
    if (extra == json->end() || !extra->is_object()) continue;
    for (const auto& [name, value] : extra->items()) KeepToken(name, value, tokens);
  }
  return tokens;
}

}  // namespace mores::text
