#include "app/chat.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "app/opened_model.h"
#include "base/files.h"
#include "chat/endpoint/endpoint.h"
#include "chat/local_chat_model.h"
#include "chat/reply_cache.h"
#include "job/finished.h"

namespace mores::app {
namespace {

constexpr std::string_view kScripted = "scripted:";

// The bound of replies that a fingerprint names anywhere; 0: none.
int64_t ReplyBoundIn(const Json& fingerprint) {
  if (!fingerprint.is_object()) return 0;
  for (const auto& [name, value] : fingerprint.items()) {
    if (name == "max_reply_tokens" && value.is_number_integer()) return value.get<int64_t>();
    if (const int64_t inside = ReplyBoundIn(value); inside != 0) return inside;
  }
  return 0;
}

// A run begun afresh for another bound of replies is about those that were cut off: the cache asks
// for these again, and gives the others.
bool IsForAnotherBound(const ChatOptions& options, const std::string& output) {
  const Json last = job::LastFingerprint(output);
  return !last.is_null() && ReplyBoundIn(last) != options.max_reply_tokens;
}

Expected<std::unique_ptr<chat::ChatModel>> WithReplyCache(const ChatOptions& options,
                                                          std::unique_ptr<chat::ChatModel> model,
                                                          const std::string& output) {
  if (options.cache == "none") return model;
  const bool beside = options.cache.empty();
  if (beside && IsStream(output)) return model;
  const std::string& kept = options.cache;
  if (kept == output || kept == output + ".part" || kept == output + ".manifest.json") {
    return MakeError(ErrorKind::kUsage, "--cache {}: the run writes its own work there", kept);
  }
  const bool drop = beside && options.fresh && !IsForAnotherBound(options, output);
  MORES_ASSIGN_OR_RETURN(
      std::unique_ptr<chat::ReplyCache> cache,
      chat::ReplyCache::Open(beside ? output + ".replies" : options.cache,
                             drop ? chat::CacheStart::kFresh : chat::CacheStart::kKeep));
  return chat::WithCache(std::move(model), std::move(cache), options.watch.stop);
}

// Tells what was asked where a call fails: the run ends there.
class ToldModel : public chat::ChatModel {
 public:
  ToldModel(std::unique_ptr<chat::ChatModel> model, const Watch& watch)
      : model_(std::move(model)), watch_(watch) {}

  std::string name() const override { return model_->name(); }
  bool has_logprobs() const override { return model_->has_logprobs(); }
  Json identity() const override { return model_->identity(); }
  int64_t ReplyBound(const chat::ChatRequest& request) const override {
    return model_->ReplyBound(request);
  }
  chat::ChatTotals totals() const override { return model_->totals(); }
  Expected<std::vector<Expected<chat::ChatReply>>> Chat(std::span<const chat::ChatRequest> requests,
                                                        const OnReply& on_reply) override {
    auto replies = model_->Chat(requests, on_reply);
    if (!replies && watch_.on_broken_off) watch_.on_broken_off(name(), totals());
    return replies;
  }

 private:
  std::unique_ptr<chat::ChatModel> model_;
  Watch watch_;
};

}  // namespace

Expected<std::unique_ptr<chat::ChatModel>> OpenChatModel(const ChatOptions& options,
                                                         ModelOptions local,
                                                         const std::string& output) {
  const std::string named = NamedModel(options.model);
  MORES_RETURN_IF_ERROR(CheckAdapters(named, local.adapters));
  if (named.starts_with(kScripted)) {
    return chat::OpenScriptedModel(named.substr(kScripted.size()), options.watch.stop);
  }
  if (!chat::IsEndpoint(named)) {
    local.model = options.model;
    MORES_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(local));
    MORES_ASSIGN_OR_RETURN(std::unique_ptr<chat::LanguageModel> model, LoadModel(opened, local));
    return chat::MakeLocalChatModel(std::move(model), opened.Texts(), options.chat_format,
                                    options.watch.stop);
  }
  chat::EndpointOptions endpoint;
  MORES_ASSIGN_OR_RETURN(endpoint.address, chat::ParseEndpoint(named));
  endpoint.in_flight = options.in_flight;
  endpoint.requests_per_minute = options.rate;
  endpoint.attempt_seconds = options.timeout;
  endpoint.deadline_seconds = options.deadline;
  endpoint.price_in = options.price_in;
  endpoint.price_out = options.price_out;
  endpoint.max_cost = options.max_cost;
  endpoint.max_requests = options.max_requests;
  endpoint.max_reply_tokens = options.max_reply_tokens;
  endpoint.extra_body = options.extra_body;
  endpoint.stop = options.watch.stop;
  endpoint.on_note = options.watch.on_note;
  MORES_ASSIGN_OR_RETURN(std::unique_ptr<chat::ChatModel> model, chat::OpenEndpoint(endpoint));
  MORES_ASSIGN_OR_RETURN(model, WithReplyCache(options, std::move(model), output));
  return std::make_unique<ToldModel>(std::move(model), options.watch);
}

size_t BatchRequests(const ChatOptions& options) {
  constexpr size_t kLeast = 2048, kFlights = 16;
  return std::max(kLeast, kFlights * static_cast<size_t>(options.in_flight));
}

std::function<Json()> UsageOf(const std::string& role,
                              std::span<const std::unique_ptr<chat::ChatModel>> models) {
  return [role, models] {
    std::vector<chat::ModelUse> uses;
    for (const auto& model : models) uses.push_back({role, model->name(), model->totals()});
    return chat::UsageToJson(uses);
  };
}

}  // namespace mores::app
