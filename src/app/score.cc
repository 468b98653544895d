#include "app/score.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/opened_model.h"
#include "base/json_fields.h"
#include "chat/language_model.h"

namespace mores::app {
namespace {

struct ScoreRequest {
  std::vector<int32_t> prompt, completion;
  std::string adapter;  // its name, or ""
};

Expected<ScoreRequest> ParseScoreRequest(const Json& value, const std::string& where,
                                         const chat::LanguageModel& model, StartToken start) {
  ScoreRequest request;
  MORES_ASSIGN_OR_RETURN(request.adapter, ParseAdapterName(value, where, model));
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
  Json line = {{"id", id},
               {"token_ids", request.completion},
               {"token_logprobs", logprobs},
               {"logprob", sum}};
  if (!request.adapter.empty()) line["adapter"] = request.adapter;
  return line;
}

}  // namespace

Expected<job::JobSummary> ScoreFile(const ScoreOptions& options, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckItemRun(options.items));
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened,
                         OpenModel(options.items.model, AdapterChoice::kByItem));
  MORES_ASSIGN_OR_RETURN(const auto model,
                         LoadModel(opened, options.items.model, chat::TokenizerNeed::kOptional));
  ItemRun run{.command = "score", .model_name = model->name()};
  run.fingerprint["no_bos"] = options.start_token == StartToken::kLeftOut;
  if (const auto computed = model->computation()) run.fingerprint.update(ToJson(*computed));
  if (const Json names = opened.AdapterNames(); !names.empty()) run.fingerprint["adapters"] = names;
  std::vector<ScoreRequest> requests;
  MORES_RETURN_IF_ERROR(ReadItems(
      options.items.input, run, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(ScoreRequest request,
                               ParseScoreRequest(value, where, *model, options.start_token));
        run.costs.push_back(
            static_cast<int64_t>(request.prompt.size() + request.completion.size()));
        requests.push_back(std::move(request));
        return {};
      }));
  chat::ChatTotals totals;
  run.totals = [&totals] { return totals; };
  return RunItems(
      run, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<engine::ScoreItem> batch;
        for (const size_t item : items) {
          batch.push_back({.prompt = requests[item].prompt,
                           .continuation = requests[item].completion,
                           .adapter = model->adapter(requests[item].adapter)});
        }
        MORES_ASSIGN_OR_RETURN(auto results, model->Score(batch));
        totals.asked += static_cast<int64_t>(results.size());
        std::vector<job::ItemResult> lines;
        for (size_t i = 0; i < items.size(); ++i) {
          if (!results[i]) ++totals.failed;
          // What is scored is read, not written.
          totals.usage.prompt_tokens += run.costs[items[i]];
          lines.push_back(std::move(results[i]).map([&](const std::vector<float>& logprobs) {
            return ScoredLine(run.keys[items[i]], requests[items[i]], logprobs);
          }));
        }
        return lines;
      },
      watch);
}

}  // namespace mores::app
