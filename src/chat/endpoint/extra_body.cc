// Members that callers put into each request (ParseExtraBody in chat/endpoint/endpoint.h).
#include <string>
#include <string_view>

#include "base/ascii_lower.h"
#include "chat/endpoint/endpoint.h"

namespace mores::chat {
namespace {

// Of a name of a member, or of a value, as far as it can be told.
bool LooksLikeCredential(std::string_view name) {
  std::string bare = AsciiLower(name);
  std::erase_if(bare, [](char c) { return c == '_' || c == '-' || c == ' '; });
  for (const char* whole : {"key", "token", "auth", "cookie"}) {
    if (bare == whole) return true;
  }
  for (const char* end :
       {"apikey", "accesskey", "secretkey", "privatekey", "subscriptionkey", "accesstoken",
        "authtoken", "apitoken", "bearertoken", "refreshtoken", "sessiontoken", "idtoken", "secret",
        "password", "passwd", "passphrase", "authorization", "credential", "credentials"}) {
    if (bare.ends_with(end)) return true;
  }
  return false;
}

bool LooksLikeKey(const Json& value) {
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.starts_with("sk-") || text.starts_with("Bearer ");
}

}  // namespace

Expected<Json> ParseExtraBody(const std::string& text) {
  const Expected<Json> parsed = ParseJson(text, "the extra body");
  if (!parsed) return MakeError(ErrorKind::kUsage, "{}", parsed.error().message);
  if (!parsed->is_object()) {
    return MakeError(ErrorKind::kUsage, "the extra body: must be a JSON object, not {}",
                     parsed->type_name());
  }
  for (const char* name : {"messages", "model", "n", "stream"}) {
    if (parsed->contains(name)) {
      return MakeError(ErrorKind::kUsage, "the extra body: can't set '{}'", name);
    }
  }
  return *parsed;
}

Json MaskCredentials(const Json& extra_body) {
  if (extra_body.is_array()) {
    Json masked = Json::array();
    for (const Json& one : extra_body) masked.push_back(MaskCredentials(one));
    return masked;
  }
  if (!extra_body.is_object()) return LooksLikeKey(extra_body) ? Json("[masked]") : extra_body;
  Json masked = Json::object();
  for (const auto& [name, value] : extra_body.items()) {
    masked[name] =
        LooksLikeCredential(name) && !value.is_null() ? Json("[masked]") : MaskCredentials(value);
  }
  return masked;
}

}  // namespace mores::chat
