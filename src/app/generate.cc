#include "app/generate.h"

#include <fmt/format.h>

#include <memory>
#include <utility>
#include <vector>

#include "app/opened_model.h"
#include "base/json_fields.h"
#include "chat/language_model.h"
#include "chat/local_chat_model.h"
#include "chat/reply_json.h"
#include "format/dialogue.h"

namespace mores::app {
namespace {

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

ItemRun MakeGenerateRun(const GenerateOptions& options) {
  const engine::Sampling& sampling = options.sampling;
  ItemRun run{.command = "generate"};
  run.fingerprint["sampling"] = {{"max_new_tokens", sampling.max_new_tokens},
                                 {"temperature", sampling.temperature},
                                 {"top_p", sampling.top_p},
                                 {"seed", sampling.seed}};
  run.fingerprint["no_bos"] = options.start_token == StartToken::kLeftOut;
  run.fingerprint["chat_format"] = options.chat.chat_format;
  if (options.top_logprobs > 0) run.fingerprint["top_logprobs"] = options.top_logprobs;
  return run;
}

Expected<GenerateResult> GenerateByTokens(const GenerateOptions& options, const Watch& watch) {
  if (options.top_logprobs > 0) {
    return MakeError(ErrorKind::kUsage,
                     "log-probabilities of alternatives: of endpoints and scripted replies alone");
  }
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened,
                         OpenModel(options.items.model, AdapterChoice::kByItem));
  MORES_ASSIGN_OR_RETURN(const auto model,
                         LoadModel(opened, options.items.model, chat::TokenizerNeed::kOptional));
  // Looked at where an item has messages.
  const Expected<chat::ChatPrompt> chat_prompt =
      chat::ChatPrompt::Open(opened.Texts(), options.chat.chat_format);
  ItemRun run = MakeGenerateRun(options);
  run.model_name = model->name();
  if (const auto computed = model->computation()) run.fingerprint.update(ToJson(*computed));
  if (const Json names = opened.AdapterNames(); !names.empty()) run.fingerprint["adapters"] = names;
  std::vector<std::vector<int32_t>> prompts;
  std::vector<std::string> adapters;  // each item's, by name
  MORES_RETURN_IF_ERROR(ReadItems(
      options.items.input, run, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(std::vector<int32_t> ids,
                               PromptIds(value, where, *model, chat_prompt, options.start_token));
        MORES_ASSIGN_OR_RETURN(std::string adapter, ParseAdapterName(value, where, *model));
        adapters.push_back(std::move(adapter));
        run.costs.push_back(static_cast<int64_t>(ids.size()));
        prompts.push_back(std::move(ids));
        return {};
      }));
  GenerateResult result{.model = model->name()};
  chat::ChatTotals& totals = result.totals;
  run.totals = [&totals] { return totals; };
  const auto generate =
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
    std::vector<engine::GenerateItem> batch;
    for (const size_t item : items) {
      batch.push_back({.id = run.keys[item],
                       .prompt = prompts[item],
                       .sampling = options.sampling,
                       .adapter = model->adapter(adapters[item])});
    }
    MORES_ASSIGN_OR_RETURN(auto results, model->Generate(batch));
    totals.asked += static_cast<int64_t>(results.size());
    std::vector<job::ItemResult> lines;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!results[i]) ++totals.failed;
      lines.push_back(std::move(results[i]).map([&](const engine::Generated& text) {
        totals.usage.prompt_tokens += static_cast<int64_t>(batch[i].prompt.size());
        totals.usage.completion_tokens += static_cast<int64_t>(text.ids.size());
        Json line = GeneratedLine(batch[i], text, *model);
        if (const std::string& name = adapters[items[i]]; !name.empty()) line["adapter"] = name;
        return line;
      }));
    }
    return lines;
  };
  result.run = RunItems(run, options.items, generate, watch);
  return result;
}

// What an item asks of a model that takes messages alone.
Expected<std::vector<format::Turn>> ItemTurns(const Json& value, const std::string& where) {
  if (value.contains("prompt_ids")) {
    return FieldError(where, "prompt_ids", "this model takes prompt or messages");
  }
  if (value.contains("adapter") && !value["adapter"].is_null()) {
    return FieldError(where, "adapter", "adapters are for models that run here");
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
  if (!reply.refusal.empty()) line["refusal"] = reply.refusal;
  if (!reply.oddities.empty()) line["oddities"] = reply.oddities;
  if (!reply.tokens.empty()) line["logprobs"] = chat::ToJson(reply.tokens);
  return line;
}

Expected<GenerateResult> GenerateByMessages(const GenerateOptions& options, const Watch& watch) {
  ChatOptions chat_options = options.chat;
  chat_options.model = options.items.model.model;
  chat_options.fresh = options.items.start == job::JournalStart::kFresh;
  chat_options.watch = watch;
  chat_options.watch.on_broken_off = nullptr;  // the result has the totals
  ItemRun run = MakeGenerateRun(options);
  std::vector<chat::ChatRequest> requests;
  MORES_RETURN_IF_ERROR(ReadItems(
      options.items.input, run, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(std::vector<format::Turn> turns, ItemTurns(value, where));
        requests.push_back({.turns = std::move(turns),
                            .sampling = options.sampling,
                            .id = run.keys.back(),
                            .top_logprobs = options.top_logprobs});
        return {};
      }));
  MORES_ASSIGN_OR_RETURN(const auto model,
                         OpenChatModel(chat_options, options.items.model, options.items.output));
  run.model_name = model->name();
  if (const Json identity = model->identity(); !identity.empty()) {
    run.fingerprint["asked"] = identity;
  }
  run.totals = [&model] { return model->totals(); };
  // Enough that the requests in flight are filled up while the slowest of a batch are waited for;
  // what is received meanwhile is kept in the cache of replies.
  run.batch_size = BatchRequests(chat_options);
  const auto ask = [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
    std::vector<chat::ChatRequest> batch;
    for (const size_t item : items) batch.push_back(requests[item]);
    MORES_ASSIGN_OR_RETURN(auto replies, model->Chat(batch, {}));
    std::vector<job::ItemResult> lines;
    for (size_t i = 0; i < items.size(); ++i) {
      lines.push_back(std::move(replies[i]).map([&](const chat::ChatReply& reply) {
        return ReplyLine(batch[i].id, reply);
      }));
    }
    return lines;
  };
  GenerateResult result{.model = model->name()};
  result.run = RunItems(run, options.items, ask, watch);
  result.totals = model->totals();
  return result;
}

}  // namespace

Expected<GenerateResult> GenerateFile(const GenerateOptions& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckItemRun(options.items));
  return IsRemoteModel(options.items.model.model) ? GenerateByMessages(options, watch)
                                                  : GenerateByTokens(options, watch);
}

}  // namespace mores::app
