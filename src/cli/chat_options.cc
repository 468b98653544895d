#include "cli/chat_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/files.h"
#include "chat/endpoint/endpoint.h"
#include "chat/local_chat_model.h"
#include "chat/reply_cache.h"

namespace mores::cli {
namespace {

constexpr std::string_view kScripted = "scripted:";

Expected<std::unique_ptr<chat::ChatModel>> OpenCached(const ChatOptions& options,
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

void AddChatOptions(CLI::App* command, ChatOptions& options) {
  command->add_option("--chat-format", options.chat_format,
                      "A built-in format instead of the model's chat template "
                      "(docs/formats/chat-template.md)");
  const auto endpoint = [&](const char* name, auto& value, const char* help) {
    return command->add_option(name, value, help)->group("Endpoints")->capture_default_str();
  };
  endpoint("--in-flight", options.in_flight, "Requests at once")->check(CLI::Range(1, 4096));
  endpoint("--timeout", options.timeout, "Seconds that one attempt may take")
      ->check(CLI::Range(0.01, 86400.0));
  endpoint("--deadline", options.deadline,
           "Seconds after which a request is given up, and the run if nothing is answered")
      ->check(CLI::Range(0.01, 604800.0));
  endpoint("--rate", options.rate, "Requests a minute at most (0: no bound)")
      ->check(CLI::Range(0.0, 1e9));
  endpoint("--price-in", options.price_in, "Price of a million prompt tokens")
      ->check(CLI::Range(0.0, 1e9));
  endpoint("--price-out", options.price_out, "Price of a million written tokens")
      ->check(CLI::Range(0.0, 1e9));
  endpoint("--max-cost", options.max_cost, "Stop beyond this cost a model (0: no bound)")
      ->check(CLI::Range(0.0, 1e12));
  endpoint("--max-requests", options.max_requests,
           "Stop after so many requests a model, retries included (0: no bound)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40));
  command
      ->add_option("--cache", options.cache,
                   "Where replies are kept (default: OUTPUT.replies), or none")
      ->group("Endpoints");
}

void AddSamplingOptions(CLI::App* command, chat::Sampling& sampling, const std::string& seed_help) {
  command->add_option("--max-new-tokens", sampling.max_new_tokens, "Tokens to write at most")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--temperature", sampling.temperature, "0: always the likeliest token")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--top-p", sampling.top_p, "Share of probability that is drawn from")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command->add_option("--seed", sampling.seed, seed_help)->capture_default_str();
}

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
  return OpenCached(options, std::move(model), output);
}

size_t BatchRequests(const ChatOptions& options) {
  constexpr size_t kLeast = 2048, kFlights = 16;
  return std::max(kLeast, kFlights * static_cast<size_t>(options.in_flight));
}

std::string Describe(const chat::ChatTotals& totals) {
  std::string text =
      fmt::format("asked {} times ({} of them again), {} replies kept from before, {} failed",
                  totals.asked + totals.retried, totals.retried, totals.cached, totals.failed);
  text += fmt::format("; {} tokens in, {} out", totals.usage.prompt_tokens,
                      totals.usage.completion_tokens);
  if (totals.cost > 0) text += fmt::format(", cost {:.4f}", totals.cost);
  return text;
}

}  // namespace mores::cli
