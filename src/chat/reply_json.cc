#include "chat/reply_json.h"

#include <utility>

#include "text/unicode.h"

namespace mores::chat {
namespace {

tl::unexpected<Error> FieldError(std::string_view where, std::string_view field,
                                 std::string_view problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

Json LogprobToJson(const TokenLogprob& one) {
  Json json = Json::object();
  if (text::IsValidUtf8(one.token)) {
    json["token"] = one.token;
  } else {
    json["bytes"] = Json::array();
    for (const char c : one.token) json["bytes"].push_back(static_cast<unsigned char>(c));
  }
  json["logprob"] = one.logprob;
  return json;
}

Expected<TokenLogprob> ParseLogprob(const Json& value, std::string_view where) {
  const auto number = value.is_object() ? value.find("logprob") : value.end();
  if (!value.is_object() || number == value.end() || !number->is_number()) {
    return FieldError(where, "logprobs", "must hold {token, logprob, top?} objects");
  }
  TokenLogprob one;
  one.logprob = number->get<double>();
  const auto bytes = value.find("bytes");
  if (bytes == value.end()) {
    MORES_ASSIGN_OR_RETURN(one.token, RequiredString(value, "token", where));
    return one;
  }
  if (!bytes->is_array()) return FieldError(where, "bytes", "must be a list");
  for (const Json& byte : *bytes) {
    if (!byte.is_number_integer() || byte < 0 || byte > 255) {
      return FieldError(where, "bytes", "must hold numbers from 0 to 255");
    }
    one.token.push_back(static_cast<char>(byte.get<int>()));
  }
  return one;
}

Expected<int64_t> ParseCount(const Json& usage, const char* name, std::string_view where) {
  const auto found = usage.find(name);
  if (found == usage.end() || !found->is_number_unsigned() || *found > (int64_t{1} << 40)) {
    return FieldError(where, name, "must be a whole number");
  }
  return found->get<int64_t>();
}

}  // namespace

std::string_view Name(FinishReason reason) {
  return reason == FinishReason::kStop ? "stop" : "length";
}

Json ToJson(const std::vector<ReplyToken>& tokens) {
  Json json = Json::array();
  for (const ReplyToken& token : tokens) {
    Json one = LogprobToJson(token.chosen);
    for (const TokenLogprob& other : token.top) one["top"].push_back(LogprobToJson(other));
    json.push_back(std::move(one));
  }
  return json;
}

Expected<std::vector<ReplyToken>> ParseReplyTokens(const Json& value, std::string_view where) {
  if (!value.is_array()) return FieldError(where, "logprobs", "must be a list");
  std::vector<ReplyToken> tokens;
  for (const Json& one : value) {
    ReplyToken token;
    MORES_ASSIGN_OR_RETURN(token.chosen, ParseLogprob(one, where));
    const Json top = one.value("top", Json::array());
    if (!top.is_array()) return FieldError(where, "logprobs.top", "must be a list");
    for (const Json& other : top) {
      MORES_ASSIGN_OR_RETURN(TokenLogprob parsed, ParseLogprob(other, where));
      token.top.push_back(std::move(parsed));
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Json EntryToJson(std::string_view key, const ChatReply& reply) {
  Json json = {{"key", key},
               {"text", reply.text},
               {"finish_reason", Name(reply.finish_reason)},
               {"usage",
                {{"prompt_tokens", reply.usage.prompt_tokens},
                 {"completion_tokens", reply.usage.completion_tokens}}}};
  if (!reply.tokens.empty()) json["logprobs"] = ToJson(reply.tokens);
  return json;
}

Expected<CacheEntry> ParseEntry(const Json& value, std::string_view where) {
  CacheEntry entry;
  MORES_ASSIGN_OR_RETURN(entry.key, RequiredString(value, "key", where));
  MORES_ASSIGN_OR_RETURN(entry.reply.text, RequiredString(value, "text", where));
  MORES_ASSIGN_OR_RETURN(const std::string reason, RequiredString(value, "finish_reason", where));
  if (reason != "stop" && reason != "length") {
    return FieldError(where, "finish_reason", "must be stop or length");
  }
  if (reason == "length") entry.reply.finish_reason = FinishReason::kLength;
  const auto usage = value.find("usage");
  if (usage == value.end() || !usage->is_object()) {
    return FieldError(where, "usage", "must be an object");
  }
  MORES_ASSIGN_OR_RETURN(entry.reply.usage.prompt_tokens,
                         ParseCount(*usage, "prompt_tokens", where));
  MORES_ASSIGN_OR_RETURN(entry.reply.usage.completion_tokens,
                         ParseCount(*usage, "completion_tokens", where));
  if (value.contains("logprobs")) {
    MORES_ASSIGN_OR_RETURN(entry.reply.tokens, ParseReplyTokens(value["logprobs"], where));
  }
  return entry;
}

}  // namespace mores::chat
