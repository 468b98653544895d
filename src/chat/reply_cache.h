// Replies kept on disk by the content of their request, one JSON line each, appended as they come
// (docs/formats/reply-cache.md): what was received once is never asked for again, also after a
// kill.
#ifndef MORES_CHAT_REPLY_CACHE_H_
#define MORES_CHAT_REPLY_CACHE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"
#include "chat/chat_model.h"

namespace mores::chat {

enum class CacheStart { kKeep, kFresh };  // kFresh: what is in it is dropped

// Several processes, or several models of one, may append to the same file; each sees what was in
// it when it opened it, and what it added itself.
class ReplyCache {
 public:
  // Creates `path` (readable by its owner only), or reads it; lines that are no entries, such as a
  // torn end, are skipped. kUsage for what is no regular file.
  static Expected<std::unique_ptr<ReplyCache>> Open(const std::string& path,
                                                    CacheStart start = CacheStart::kKeep);
  virtual ~ReplyCache() = default;
  virtual Expected<std::optional<ChatReply>> Find(std::string_view key) const = 0;
  // With the operating system before it returns.
  virtual Status Add(std::string_view key, const ChatReply& reply) = 0;
  virtual const std::string& path() const = 0;
  virtual size_t size() const = 0;  // replies
};

// SHA-256 of everything that is asked: model name, turns, task with schema, sampling, log-
// probabilities; and where draws are random, their seed and the id. `extra_body` is what is sent in
// addition, null for nothing. What a server turned out not to take is no part of it: a reply
// stays the answer to what was wanted.
std::string ReplyKey(std::string_view model_name, const ChatRequest& request,
                     const Json& extra_body = Json());

// Asks `model` for what `cache` lacks, and keeps each reply before on_reply is called. A kept one
// that was cut off at fewer tokens than are allowed now is asked for again. Of requests
// that are the same one is asked, and answers all. An error of the cache is one of the call, and
// the model's says what is kept. A stop ends the look through the cache; `model` has a token of its
// own.
std::unique_ptr<ChatModel> WithCache(std::unique_ptr<ChatModel> model,
                                     std::unique_ptr<ReplyCache> cache, StopToken stop = {});

}  // namespace mores::chat

#endif  // MORES_CHAT_REPLY_CACHE_H_
