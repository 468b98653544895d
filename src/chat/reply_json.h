// Replies as JSON, with their log-probabilities (docs/formats/reply-cache.md).
#ifndef MORES_CHAT_REPLY_JSON_H_
#define MORES_CHAT_REPLY_JSON_H_

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"
#include "base/json_fields.h"
#include "chat/chat_model.h"

namespace mores::chat {

// "stop", "length", "content_filter", "error", "other"
std::string_view Name(FinishReason reason);
// The field `finish_reason`.
Expected<FinishReason> ParseFinishReason(const JsonFields& fields);

// [{"token","logprob","top":[...]?}...]; a token whose bytes are no UTF-8 has "bytes" instead.
Json ToJson(const std::vector<ReplyToken>& tokens);
// kInput names the field that is wrong.
Expected<std::vector<ReplyToken>> ParseReplyTokens(const Json& value, std::string_view where);

struct CacheEntry {
  std::string key;
  ChatReply reply;
};
Json EntryToJson(std::string_view key, const ChatReply& reply);
Expected<CacheEntry> ParseEntry(const Json& value, std::string_view where);

}  // namespace mores::chat

#endif  // MORES_CHAT_REPLY_JSON_H_
