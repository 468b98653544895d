#include "chat/reply_cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "chat/reply_json.h"

namespace mores::chat {
namespace {

tl::unexpected<Error> SystemError(const std::string& path, const char* what) {
  return MakeError(ErrorKind::kIo, "{}: {}: {}", path, what,
                   std::generic_category().message(errno));
}

struct Place {
  int64_t offset = 0;  // of the line
  uint32_t bytes = 0;  // without its line break
};

class FileCache : public ReplyCache {
 public:
  FileCache(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  ~FileCache() override { close(descriptor_); }

  Status Load() {
    MORES_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path_));
    const std::string_view bytes = file.bytes();
    // Of another kind: nothing is appended to somebody's dialogues, verdicts or notes.
    constexpr std::string_view kBeginning = R"({"key":")";
    const size_t compared = std::min(bytes.size(), kBeginning.size());
    if (bytes.substr(0, compared) != kBeginning.substr(0, compared)) {
      return MakeError(ErrorKind::kUsage, "{}: holds something other than replies", path_);
    }
    size_t begin = 0;
    for (size_t end; (end = bytes.find('\n', begin)) != std::string_view::npos; begin = end + 1) {
      const std::string_view line = bytes.substr(begin, end - begin);
      if (line.empty()) continue;
      if (line.size() > LineReader::kMaxLine) continue;
      const Expected<Json> entry = ParseJson(line, path_);
      if (!entry || !ParseEntry(*entry, path_)) continue;
      places_[(*entry)["key"].get<std::string>()] = {static_cast<int64_t>(begin),
                                                     static_cast<uint32_t>(line.size())};
    }
    torn_ = begin < bytes.size();
    return {};
  }

  Expected<std::optional<ChatReply>> Find(std::string_view key) const override {
    const auto found = places_.find(std::string(key));
    if (found == places_.end()) return std::nullopt;
    std::string line(found->second.bytes, '\0');
    size_t done = 0;
    while (done < line.size()) {
      const ssize_t got = pread(descriptor_, line.data() + done, line.size() - done,
                                found->second.offset + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return SystemError(path_, "can't read");
      if (got == 0) return Changed();
      done += static_cast<size_t>(got);
    }
    const Expected<Json> entry = ParseJson(line, path_);
    if (!entry) return Changed();
    Expected<CacheEntry> parsed = ParseEntry(*entry, path_);
    if (!parsed || parsed->key != key) return Changed();
    return std::move(parsed->reply);
  }

  Status Add(std::string_view key, const ChatReply& reply) override {
    const std::string line = DumpJson(EntryToJson(key, reply)) + "\n";
    // One write call, so that processes that share the file don't mix their lines. A torn line
    // before it is ended first; it stays one that is skipped.
    const std::string bytes = torn_ ? "\n" + line : line;
    ssize_t wrote = 0;
    do {
      wrote = write(descriptor_, bytes.data(), bytes.size());
    } while (wrote < 0 && errno == EINTR);
    if (wrote < 0) return SystemError(path_, "can't write");
    torn_ = static_cast<size_t>(wrote) != bytes.size();
    if (torn_) return MakeError(ErrorKind::kIo, "{}: can't write: the disk is full", path_);
    // Where this write ended, also if others appended meanwhile.
    const int64_t end = lseek(descriptor_, 0, SEEK_CUR);
    if (end < 0) return SystemError(path_, "can't write");
    places_[std::string(key)] = {end - static_cast<int64_t>(line.size()),
                                 static_cast<uint32_t>(line.size() - 1)};
    return {};
  }
  const std::string& path() const override { return path_; }
  size_t size() const override { return places_.size(); }

 private:
  tl::unexpected<Error> Changed() const {
    return MakeError(ErrorKind::kCorrupt, "{}: changed while it was in use", path_);
  }

  std::string path_;
  int descriptor_;
  bool torn_ = false;  // the file doesn't end with a line break
  std::unordered_map<std::string, Place> places_;
};

class CachedModel : public ChatModel {
 public:
  CachedModel(std::unique_ptr<ChatModel> model, std::unique_ptr<ReplyCache> cache, StopToken stop)
      : model_(std::move(model)), cache_(std::move(cache)), stop_(stop) {}

  std::string name() const override { return model_->name(); }
  bool has_logprobs() const override { return model_->has_logprobs(); }
  Json identity() const override { return model_->identity(); }
  int64_t ReplyBound(const ChatRequest& request) const override {
    return model_->ReplyBound(request);
  }
  ChatTotals totals() const override {
    ChatTotals totals = model_->totals();
    totals.cached += kept_.cached;
    totals.cut_off += kept_.cut_off;
    for (const auto& [name, count] : kept_.oddities) totals.oddities[name] += count;
    return totals;
  }

  Expected<std::vector<Expected<ChatReply>>> Chat(std::span<const ChatRequest> requests,
                                                  const OnReply& on_reply) override {
    std::vector<Expected<ChatReply>> replies(requests.size(), ChatReply{});
    std::vector<ChatRequest> missing;
    std::vector<std::string> keys;             // one an entry of `missing`
    std::vector<std::vector<size_t>> waiting;  // the requests that each of them answers
    std::unordered_map<std::string, size_t> asked;
    const Json extra_body = model_->identity().value("extra_body", Json());
    for (size_t i = 0; i < requests.size(); ++i) {
      MORES_RETURN_IF_ERROR(stop_.Check());
      std::string key = ReplyKey(model_->name(), requests[i], extra_body);
      MORES_ASSIGN_OR_RETURN(std::optional<ChatReply> found, cache_->Find(key));
      if (found && !MayGoOn(requests[i], *found)) {
        replies[i] = FromCache(std::move(*found));
        if (on_reply) on_reply(i, replies[i]);
        continue;
      }
      const auto [entry, first] = asked.emplace(key, missing.size());
      if (first) {
        missing.push_back(requests[i]);
        keys.push_back(std::move(key));
        waiting.emplace_back();
      }
      waiting[entry->second].push_back(i);
    }
    if (missing.empty()) return replies;
    Status kept;
    const auto answer = [&](size_t place, const Expected<ChatReply>& reply) {
      if (reply && kept) kept = cache_->Add(keys[place], *reply);
      for (const size_t i : waiting[place]) {
        const bool repeated = i != waiting[place].front();
        replies[i] = repeated && reply ? FromCache(*reply) : reply;
        if (on_reply) on_reply(i, replies[i]);
      }
    };
    const auto called = model_->Chat(missing, answer);
    MORES_RETURN_IF_ERROR(kept);
    if (!called) return Kept(called.error());
    return replies;
  }

 private:
  // A reply that was cut off, and wouldn't be where it was now.
  bool MayGoOn(const ChatRequest& request, const ChatReply& reply) const {
    const int64_t bound = reply.bound > 0 ? reply.bound : request.sampling.max_new_tokens;
    return reply.finish_reason == FinishReason::kLength && model_->ReplyBound(request) > bound;
  }

  // The same error, saying what is safe.
  tl::unexpected<Error> Kept(Error error) const {
    if (cache_->size() > 0) {
      error.message +=
          fmt::format("; {} {} kept in {}", cache_->size(),
                      cache_->size() == 1 ? "reply is" : "replies are", cache_->path());
    }
    return tl::unexpected<Error>(std::move(error));
  }

  ChatReply FromCache(ChatReply reply) {
    ++kept_.cached;
    CountOddities(reply, kept_);
    reply.cached = true;
    return reply;
  }

  std::unique_ptr<ChatModel> model_;
  std::unique_ptr<ReplyCache> cache_;
  StopToken stop_;
  ChatTotals kept_;  // of replies that weren't asked for
};

}  // namespace

Expected<std::unique_ptr<ReplyCache>> ReplyCache::Open(const std::string& path, CacheStart start) {
  const int descriptor =
      open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return SystemError(path, "can't open");
  auto cache = std::make_unique<FileCache>(path, descriptor);
  struct stat info {};
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    return MakeError(ErrorKind::kUsage, "{}: replies can only be kept in a regular file", path);
  }
  // Emptied, not replaced: another model of the same run may have it open.
  if (start == CacheStart::kFresh && ftruncate(descriptor, 0) != 0) {
    return SystemError(path, "can't empty");
  }
  MORES_RETURN_IF_ERROR(cache->Load());
  return std::unique_ptr<ReplyCache>(std::move(cache));
}

std::string ReplyKey(std::string_view model_name, const ChatRequest& request,
                     const Json& extra_body) {
  const Sampling& sampling = request.sampling;
  Json asked = {{"model", model_name},
                {"turns", format::TurnsToJson(request.turns)},
                {"max_new_tokens", sampling.max_new_tokens},
                {"temperature", sampling.temperature},
                {"top_logprobs", request.top_logprobs}};
  if (request.task != nullptr) {
    asked["task"] = {{"name", request.task->name}, {"schema", request.task->schema}};
  }
  if (sampling.temperature > 0) {
    asked["draws"] = {{"top_p", sampling.top_p}, {"seed", sampling.seed}, {"id", request.id}};
  }
  if (!extra_body.is_null()) asked["extra_body"] = extra_body;
  return Sha256Hex(DumpJson(asked));
}

std::unique_ptr<ChatModel> WithCache(std::unique_ptr<ChatModel> model,
                                     std::unique_ptr<ReplyCache> cache, StopToken stop) {
  return std::make_unique<CachedModel>(std::move(model), std::move(cache), stop);
}

}  // namespace mores::chat
