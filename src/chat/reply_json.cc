#include "chat/reply_json.h"

#include <array>
#include <utility>

#include "base/json_fields.h"
#include "text/unicode.h"

namespace mores::chat {
namespace {

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
  const auto found = value.is_object() ? value.find("logprob") : value.end();
  const Json number = found == value.end() ? Json() : NumberValue(*found);
  if (!number.is_number()) {
    return FieldError(where, "logprobs", "must hold {token, logprob, top?} objects");
  }
  TokenLogprob one;
  one.logprob = number.get<double>();
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

}  // namespace

std::string_view Name(FinishReason reason) {
  constexpr std::array<std::string_view, 5> kNames = {"stop", "length", "content_filter", "error",
                                                      "other"};
  return kNames[static_cast<size_t>(reason)];
}

Expected<FinishReason> ParseFinishReason(const JsonFields& fields) {
  return fields.Choice("finish_reason",
                       {FinishReason::kStop, FinishReason::kLength, FinishReason::kFilter,
                        FinishReason::kError, FinishReason::kOther});
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
  if (reply.bound > 0) json["bound"] = reply.bound;
  if (!reply.refusal.empty()) json["refusal"] = reply.refusal;
  if (!reply.oddities.empty()) json["oddities"] = reply.oddities;
  if (!reply.tokens.empty()) json["logprobs"] = ToJson(reply.tokens);
  return json;
}

Expected<CacheEntry> ParseEntry(const Json& value, std::string_view where) {
  const JsonFields fields(value, where);
  CacheEntry entry;
  MORES_ASSIGN_OR_RETURN(entry.key, fields.RequiredString("key"));
  MORES_ASSIGN_OR_RETURN(entry.reply.text, fields.RequiredString("text"));
  MORES_ASSIGN_OR_RETURN(entry.reply.finish_reason, ParseFinishReason(fields));
  MORES_ASSIGN_OR_RETURN(entry.reply.refusal, fields.OptionalString("refusal"));
  MORES_ASSIGN_OR_RETURN(entry.reply.oddities, fields.Strings("oddities"));
  if (fields.Has("bound")) {
    MORES_ASSIGN_OR_RETURN(entry.reply.bound, fields.Count("bound"));
  }
  MORES_ASSIGN_OR_RETURN(const auto usage, fields.Object("usage"));
  if (!usage) return fields.Wrong("usage", "missing");
  for (const auto& [name, tokens] : {std::pair{"prompt_tokens", &entry.reply.usage.prompt_tokens},
                                     {"completion_tokens", &entry.reply.usage.completion_tokens}}) {
    MORES_RETURN_IF_ERROR(usage->Required(name));
    MORES_ASSIGN_OR_RETURN(*tokens, usage->Count(name));
  }
  if (value.contains("logprobs")) {
    MORES_ASSIGN_OR_RETURN(entry.reply.tokens, ParseReplyTokens(value["logprobs"], where));
  }
  return entry;
}

}  // namespace mores::chat
