// mores generate: text that a model writes after a prompt or a dialogue.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "chat/chat_model.h"
#include "chat/endpoint/endpoint.h"
#include "chat/language_model.h"
#include "chat/local_chat_model.h"
#include "chat/reply_json.h"
#include "cli/chat_options.h"
#include "cli/command.h"
#include "cli/item_command.h"
#include "format/dialogue.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

struct GenerateOptions {
  ItemOptions items;
  chat::Sampling sampling;
  ChatOptions chat;
  int top_logprobs = 0;
  bool no_bos = false;
};

Expected<std::vector<int32_t>> PromptIds(const Json& value, const std::string& where,
                                         const chat::LanguageModel& model,
                                         const Expected<chat::ChatPrompt>& chat_prompt,
                                         StartToken start) {
  const char* given = nullptr;
  for (const char* field : {"prompt_ids", "messages", "prompt"}) {
    if (!value.contains(field)) continue;
    if (given != nullptr) return FieldError(where, field, fmt::format("stands beside '{}'", given));
    given = field;
  }
  if (value.contains("prompt_ids")) {
    MORES_ASSIGN_OR_RETURN(const std::vector<int32_t> ids,
                           ParseIds(value["prompt_ids"], "prompt_ids", where, model.vocab_size()));
    if (ids.empty()) return FieldError(where, "prompt_ids", "empty");
    return ids;
  }
  if (!model.has_tokenizer()) {
    return FieldError(where, "prompt", "the model has no tokenizer; give prompt_ids");
  }
  if (!value.contains("messages")) {
    MORES_ASSIGN_OR_RETURN(const std::string prompt, RequiredString(value, "prompt", where));
    std::vector<int32_t> ids = EncodeText(prompt, model.tokenizer(), start);
    if (ids.empty()) return FieldError(where, "prompt", "empty");
    return ids;
  }
  if (!chat_prompt) return tl::unexpected<Error>(chat_prompt.error());
  return chat_prompt->Encode(value["messages"], where, model.tokenizer());
}

Json GeneratedLine(const engine::GenerateItem& item, const engine::Generated& result,
                   const chat::LanguageModel& model) {
  Json line = {{"id", item.id}};
  line["text"] = model.has_tokenizer() ? Json(model.tokenizer().Decode(result.ids)) : Json();
  line["token_ids"] = result.ids;
  line["finish_reason"] = result.stopped ? "stop" : "length";
  line["usage"] = {{"prompt_tokens", item.prompt.size()}, {"completion_tokens", result.ids.size()}};
  return line;
}

ItemJob MakeGenerateJob(const GenerateOptions& options, const std::string& model_name) {
  const chat::Sampling& sampling = options.sampling;
  ItemJob job;
  job.command = "generate";
  job.model_name = model_name;
  job.fingerprint["sampling"] = {{"max_new_tokens", sampling.max_new_tokens},
                                 {"temperature", sampling.temperature},
                                 {"top_p", sampling.top_p},
                                 {"seed", sampling.seed}};
  job.fingerprint["no_bos"] = options.no_bos;
  job.fingerprint["chat_format"] = options.chat.chat_format;
  if (options.top_logprobs > 0) job.fingerprint["top_logprobs"] = options.top_logprobs;
  return job;
}

int RunLocal(const GenerateOptions& options) {
  if (options.top_logprobs > 0) {
    return Fail({ErrorKind::kUsage, "--top-logprobs: of endpoints and scripted replies alone"});
  }
  auto model = OpenModel(options.items.model, chat::TokenizerNeed::kOptional);
  if (!model) return Fail(model.error());
  const Expected<std::string> directory = FindModel(options.items.model.model);
  if (!directory) return Fail(directory.error());
  // Looked at where an item has messages.
  const Expected<chat::ChatPrompt> chat_prompt =
      chat::ChatPrompt::Open(*directory, options.chat.chat_format);
  ItemJob job = MakeGenerateJob(options, (*model)->name());
  std::vector<std::vector<int32_t>> prompts;
  const Status read = ReadItems(
      options.items.input, job, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(
            std::vector<int32_t> ids,
            PromptIds(value, where, **model, chat_prompt,
                      options.no_bos ? StartToken::kLeftOut : StartToken::kAdded));
        job.costs.push_back(static_cast<int64_t>(ids.size()));
        prompts.push_back(std::move(ids));
        return {};
      });
  if (!read) return Fail(read.error());
  chat::ChatTotals totals;
  job.totals = [&totals] { return totals; };
  return RunItems(
      job, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<engine::GenerateItem> batch;
        for (const size_t item : items) {
          batch.push_back(
              {.id = job.keys[item], .prompt = prompts[item], .sampling = options.sampling});
        }
        MORES_ASSIGN_OR_RETURN(auto results, (*model)->Generate(batch));
        totals.asked += static_cast<int64_t>(results.size());
        std::vector<job::ItemResult> lines;
        for (size_t i = 0; i < items.size(); ++i) {
          if (!results[i]) ++totals.failed;
          lines.push_back(std::move(results[i]).map([&](const engine::Generated& result) {
            totals.usage.prompt_tokens += static_cast<int64_t>(batch[i].prompt.size());
            totals.usage.completion_tokens += static_cast<int64_t>(result.ids.size());
            return GeneratedLine(batch[i], result, **model);
          }));
        }
        return lines;
      });
}

// What an item asks of a model that takes messages alone.
Expected<std::vector<format::Turn>> ItemTurns(const Json& value, const std::string& where) {
  if (value.contains("prompt_ids")) {
    return FieldError(where, "prompt_ids", "this model takes prompt or messages");
  }
  if (value.contains("messages")) {
    if (value.contains("prompt")) return FieldError(where, "prompt", "stands beside 'messages'");
    MORES_ASSIGN_OR_RETURN(std::vector<format::Turn> turns,
                           format::ParseTurns(value["messages"], where));
    if (turns.empty()) return FieldError(where, "messages", "must have at least one turn");
    return turns;
  }
  MORES_ASSIGN_OR_RETURN(std::string prompt, RequiredString(value, "prompt", where));
  if (prompt.empty()) return FieldError(where, "prompt", "empty");
  return std::vector<format::Turn>{{format::Role::kUser, std::move(prompt)}};
}

Json ReplyLine(const std::string& id, const chat::ChatReply& reply) {
  Json line = {{"id", id},
               {"text", reply.text},
               {"finish_reason", chat::Name(reply.finish_reason)},
               {"usage",
                {{"prompt_tokens", reply.usage.prompt_tokens},
                 {"completion_tokens", reply.usage.completion_tokens}}}};
  if (!reply.tokens.empty()) line["logprobs"] = chat::ToJson(reply.tokens);
  return line;
}

int RunRemote(const GenerateOptions& options) {
  if (const Status output = CheckOutput(options.items.input, options.items.output); !output) {
    return Fail(output.error());
  }
  ChatOptions chat_options = options.chat;
  chat_options.model = options.items.model.model;
  chat_options.fresh = options.items.fresh;
  chat_options.stop = job::InstallStopHandlers();
  ItemJob job = MakeGenerateJob(options, "");
  std::vector<chat::ChatRequest> requests;
  const Status read = ReadItems(
      options.items.input, job, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(std::vector<format::Turn> turns, ItemTurns(value, where));
        requests.push_back({.turns = std::move(turns),
                            .sampling = options.sampling,
                            .id = job.keys.back(),
                            .top_logprobs = options.top_logprobs});
        return {};
      });
  if (!read) return Fail(read.error());
  auto model = OpenChatModel(chat_options, options.items.model, options.items.output);
  if (!model) return Fail(model.error());
  job.model_name = (*model)->name();
  job.totals = [&model] { return (*model)->totals(); };
  // Enough that the requests in flight are filled up while the slowest of a batch are waited for;
  // what is received meanwhile is kept in the cache of replies.
  job.batch_size = BatchRequests(chat_options);
  const int code =
      RunItems(job, options.items,
               [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
                 std::vector<chat::ChatRequest> batch;
                 for (const size_t item : items) batch.push_back(requests[item]);
                 MORES_ASSIGN_OR_RETURN(auto replies, (*model)->Chat(batch, {}));
                 std::vector<job::ItemResult> lines;
                 for (size_t i = 0; i < items.size(); ++i) {
                   lines.push_back(std::move(replies[i]).map([&](const chat::ChatReply& reply) {
                     return ReplyLine(batch[i].id, reply);
                   }));
                 }
                 return lines;
               });
  if (chat::IsEndpoint(chat_options.model)) {
    fmt::print(stderr, "{}: {}\n", Printable((*model)->name()), Describe((*model)->totals()));
  }
  return code;
}

}  // namespace

void AddGenerateCommand(CommandLine& line) {
  auto options = std::make_shared<GenerateOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "generate",
       .summary = "Text that a model writes after prompts or dialogues.",
       .example =
           R"(  echo '{"id":"a","prompt":"The answer is"}' | mores generate - --max-new-tokens 16

In:  {"id","prompt"}, plain text with the model's start token in front; {"id","prompt_ids"} with
     token ids; or {"id","messages"} with turns of {"role","content"}, by the model's chat template
     (our own models: up to <|assistant|>).
Out: {"id","text","token_ids","finish_reason","usage"}; the reason is stop or length. An endpoint
     (docs/formats/endpoints.md) tells no token_ids; a prompt is asked there as a user's turn.
Greedy unless --temperature is given; draws depend on the seed, the id and the step alone.)"});
  AddItemOptions(command, options->items);
  AddSamplingOptions(command, options->sampling, "Of the draws");
  command
      ->add_option("--top-logprobs", options->top_logprobs,
                   "Also the log-probabilities of tokens, and of so many alternatives each")
      ->check(CLI::Range(0, 20))
      ->capture_default_str();
  command->add_flag("--no-bos", options->no_bos, "Put no start token in front of prompts");
  AddChatOptions(command, options->chat);
  command->get_option("--model")->description(
      "Model directory (default: $MORES_MODEL, else models/mini), endpoint "
      "http://HOST:PORT/v1#NAME, or scripted:FILE");
  OnRun(line, command, [options] {
    return IsRemoteModel(options->items.model.model) ? RunRemote(*options) : RunLocal(*options);
  });
}

}  // namespace mores::cli
