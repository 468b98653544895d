#include "cli/chat_options.h"

#include <cstdint>
#include <string>
#include <utility>

#include "chat/endpoint/endpoint.h"

namespace mores::cli {
void AddChatOptions(CLI::App* command, app::ChatOptions& options) {
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
      ->add_option_function<std::string>(
          "--extra-body",
          [&options](const std::string& text) {
            Expected<Json> extra = chat::ParseExtraBody(text);
            if (!extra) throw CLI::ValidationError("--extra-body", extra.error().message);
            options.extra_body = std::move(*extra);
          },
          "A JSON object whose members each request gets as well, such as "
          "'{\"reasoning_effort\":\"low\"}'; null takes one of ours out")
      ->type_name("JSON")
      ->group("Endpoints");
  command
      ->add_option("--cache", options.cache,
                   "Where replies are kept (default: OUTPUT.replies), or none")
      ->group("Endpoints");
}

void AddReplyBoundOption(CLI::App* command, app::ChatOptions& options) {
  command
      ->add_option(
          "--max-reply-tokens", options.max_reply_tokens,
          "Tokens that a reply may have, with what a model thinks (default: what each task "
          "needs)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->group("Endpoints");
}

void AddSamplingOptions(CLI::App* command, chat::Sampling& sampling, const std::string& seed_help) {
  command
      ->add_option("--max-new-tokens,--max-reply-tokens", sampling.max_new_tokens,
                   "Tokens to write at most")
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

void AddModelChoice(CLI::App* command, const std::string& name, const std::string& help,
                    std::string& model) {
  command
      ->add_option(name, model,
                   help +
                       ": a directory, a GGUF file, a name of mores model list, "
                       "http://HOST:PORT/v1#NAME, or scripted:FILE")
      ->required();
}

}  // namespace mores::cli
