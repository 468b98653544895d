// mores score: the log-probabilities that a model gives to the tokens of given completions.
#include <memory>
#include <utility>
#include <vector>

#include "chat/language_model.h"
#include "cli/command.h"
#include "cli/item_command.h"

namespace mores::cli {
namespace {

struct ScoreOptions {
  ItemOptions items;
  bool no_bos = false;
};

struct ScoreRequest {
  std::vector<int32_t> prompt, completion;
};

Expected<ScoreRequest> ParseScoreRequest(const Json& value, const std::string& where,
                                         const chat::LanguageModel& model, StartToken start) {
  ScoreRequest request;
  const bool ids = value.contains("prompt_ids") || value.contains("completion_ids");
  if (ids) {
    for (const char* field : {"prompt", "completion"}) {
      if (value.contains(field)) return FieldError(where, field, "stands beside token ids");
    }
    for (const char* field : {"prompt_ids", "completion_ids"}) {
      if (!value.contains(field)) return FieldError(where, field, "missing");
    }
    const int32_t vocab_size = model.vocab_size();
    MORES_ASSIGN_OR_RETURN(request.prompt,
                           ParseIds(value["prompt_ids"], "prompt_ids", where, vocab_size));
    MORES_ASSIGN_OR_RETURN(request.completion,
                           ParseIds(value["completion_ids"], "completion_ids", where, vocab_size));
  } else {
    MORES_ASSIGN_OR_RETURN(const std::string prompt, RequiredString(value, "prompt", where));
    MORES_ASSIGN_OR_RETURN(const std::string completion,
                           RequiredString(value, "completion", where));
    if (!model.has_tokenizer()) {
      return FieldError(where, "prompt", "the model has no tokenizer; give prompt_ids");
    }
    request.prompt = EncodeText(prompt, model.tokenizer(), start);
    request.completion = model.tokenizer().Encode(completion);
  }
  if (request.prompt.empty()) {
    return FieldError(where, ids ? "prompt_ids" : "prompt",
                      "empty, so the first token would have nothing to follow");
  }
  if (request.completion.empty()) {
    return FieldError(where, ids ? "completion_ids" : "completion", "empty, nothing to score");
  }
  return request;
}

Json ScoredLine(const std::string& id, const ScoreRequest& request,
                const std::vector<float>& logprobs) {
  double sum = 0;
  for (const float logprob : logprobs) sum += logprob;
  return {{"id", id},
          {"token_ids", request.completion},
          {"token_logprobs", logprobs},
          {"logprob", sum}};
}

int RunScore(const ScoreOptions& options) {
  auto model = OpenModel(options.items.model, chat::TokenizerNeed::kOptional);
  if (!model) return Fail(model.error());
  ItemJob job;
  job.command = "score";
  job.model_name = (*model)->name();
  job.fingerprint["no_bos"] = options.no_bos;
  std::vector<ScoreRequest> requests;
  const Status read = ReadItems(
      options.items.input, job, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(
            ScoreRequest request,
            ParseScoreRequest(value, where, **model,
                              options.no_bos ? StartToken::kLeftOut : StartToken::kAdded));
        job.costs.push_back(
            static_cast<int64_t>(request.prompt.size() + request.completion.size()));
        requests.push_back(std::move(request));
        return {};
      });
  if (!read) return Fail(read.error());
  chat::ChatTotals totals;
  job.totals = [&totals] { return totals; };
  return RunItems(
      job, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<engine::ScoreItem> batch;
        for (const size_t item : items) {
          batch.push_back(
              {.prompt = requests[item].prompt, .continuation = requests[item].completion});
        }
        MORES_ASSIGN_OR_RETURN(auto results, (*model)->Score(batch));
        totals.asked += static_cast<int64_t>(results.size());
        std::vector<job::ItemResult> lines;
        for (size_t i = 0; i < items.size(); ++i) {
          if (!results[i]) ++totals.failed;
          // What is scored is read, not written.
          totals.usage.prompt_tokens += job.costs[items[i]];
          lines.push_back(std::move(results[i]).map([&](const std::vector<float>& logprobs) {
            return ScoredLine(job.keys[items[i]], requests[items[i]], logprobs);
          }));
        }
        return lines;
      });
}

}  // namespace

void AddScoreCommand(CommandLine& line) {
  auto options = std::make_shared<ScoreOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "score",
       .summary = "Log-probabilities that a model gives to completions, token by token.",
       .example =
           R"(  echo '{"id":"a","prompt":"The sky is","completion":" blue"}' | mores score -

In:  {"id","prompt","completion"}, or {"id","prompt_ids","completion_ids"} with token ids.
Out: {"id","token_ids","token_logprobs","logprob"} of the completion, natural logarithms.
Prompt and completion are encoded apart, as plain text; the model's start token is put in front of
the prompt.)"});
  AddItemOptions(command, options->items);
  command->add_flag("--no-bos", options->no_bos, "Put no start token in front of prompts");
  OnRun(line, command, [options] { return RunScore(*options); });
}

}  // namespace mores::cli
