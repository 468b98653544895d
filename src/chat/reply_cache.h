// Replies kept on disk by the content of their request, one JSON line each, appended as they come
// (docs/formats/reply-cache.md): what was received once is never asked for again, also after a
// kill.
#ifndef MORES_CHAT_REPLY_CACHE_H_
#define MORES_CHAT_REPLY_CACHE_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "chat/chat_model.h"

namespace mores::chat {

class ReplyCache {
 public:
  // Creates `path` (readable by its owner only), or reads it; a torn end is cut off, lines that are
  // no entries are skipped and counted.
  static Expected<std::unique_ptr<ReplyCache>> Open(const std::string& path);
  virtual ~ReplyCache() = default;
  virtual Expected<std::optional<ChatReply>> Find(std::string_view key) const = 0;
  // With the operating system before it returns.
  virtual Status Add(std::string_view key, const ChatReply& reply) = 0;
};

// SHA-256 of everything that is asked: model name, turns, task with schema, sampling, log-
// probabilities; and the id where draws are random.
std::string ReplyKey(std::string_view model_name, const ChatRequest& request);

// Asks `model` for what `cache` lacks, and keeps each reply before on_reply is called.
std::unique_ptr<ChatModel> WithCache(std::unique_ptr<ChatModel> model,
                                     std::unique_ptr<ReplyCache> cache);

}  // namespace mores::chat

#endif  // MORES_CHAT_REPLY_CACHE_H_
