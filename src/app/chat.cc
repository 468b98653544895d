#include "app/chat.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "chat/endpoint/endpoint.h"
#include "chat/local_chat_model.h"
#include "chat/reply_cache.h"

namespace mores::app {
namespace {

constexpr std::string_view kScripted = "scripted:";

Expected<std::unique_ptr<chat::ChatModel>> WithReplyCache(const ChatOptions& options,
                                                          std::unique_ptr<chat::ChatModel> model,
                                                          const std::string& output) {
  if (options.cache == "none") return model;
  const bool beside = options.cache.empty();
  if (beside && IsStream(output)) return model;
  const bool drop = beside && options.fresh;
  MORES_ASSIGN_OR_RETURN(
      std::unique_ptr<chat::ReplyCache> cache,
      chat::ReplyCache::Open(beside ? output + ".replies" : options.cache,
                             drop ? chat::CacheStart::kFresh : chat::CacheStart::kKeep));
  return chat::WithCache(std::move(model), std::move(cache), options.stop);
}

}  // namespace

Expected<std::unique_ptr<chat::ChatModel>> OpenChatModel(const ChatOptions& options,
                                                         ModelOptions local,
                                                         const std::string& output) {
  if (options.model.starts_with(kScripted)) {
    return chat::OpenScriptedModel(options.model.substr(kScripted.size()), options.stop);
  }
  if (!chat::IsEndpoint(options.model)) {
    local.model = options.model;
    MORES_ASSIGN_OR_RETURN(const std::string directory, FindModel(local.model));
    MORES_ASSIGN_OR_RETURN(std::unique_ptr<chat::LanguageModel> model, OpenModel(local));
    return chat::MakeLocalChatModel(std::move(model), directory, options.chat_format, options.stop);
  }
  chat::EndpointOptions endpoint;
  MORES_ASSIGN_OR_RETURN(endpoint.address, chat::ParseEndpoint(options.model));
  endpoint.in_flight = options.in_flight;
  endpoint.requests_per_minute = options.rate;
  endpoint.attempt_seconds = options.timeout;
  endpoint.deadline_seconds = options.deadline;
  endpoint.price_in = options.price_in;
  endpoint.price_out = options.price_out;
  endpoint.max_cost = options.max_cost;
  endpoint.max_requests = options.max_requests;
  endpoint.stop = options.stop;
  MORES_ASSIGN_OR_RETURN(std::unique_ptr<chat::ChatModel> model, chat::OpenEndpoint(endpoint));
  return WithReplyCache(options, std::move(model), output);
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
