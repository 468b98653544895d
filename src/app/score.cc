#include "app/score.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chat/language_model.h"

namespace mores::app {
namespace {

Expected<chat::ScoreRequest> ParseScoreRequest(const Json& value, const std::string& where,
                                               const chat::LanguageModel& model, StartToken start) {
  chat::ScoreRequest request;
  const bool ids = value.contains("prompt_ids") || value.contains("completion_ids");
  if (ids) {
    for (const char* field : {"prompt", "completion"}) {
      if (value.contains(field)) return ItemFieldError(where, field, "stands beside token ids");
    }
    for (const char* field : {"prompt_ids", "completion_ids"}) {
      if (!value.contains(field)) return ItemFieldError(where, field, "missing");
    }
    const int32_t vocab_size = model.vocab_size();
    MORES_ASSIGN_OR_RETURN(request.prompt_ids,
                           ParseIds(value["prompt_ids"], "prompt_ids", where, vocab_size));
    MORES_ASSIGN_OR_RETURN(request.completion_ids,
                           ParseIds(value["completion_ids"], "completion_ids", where, vocab_size));
  } else {
    MORES_ASSIGN_OR_RETURN(const std::string prompt, RequiredString(value, "prompt", where));
    MORES_ASSIGN_OR_RETURN(const std::string completion,
                           RequiredString(value, "completion", where));
    if (!model.has_tokenizer()) {
      return ItemFieldError(where, "prompt", "the model has no tokenizer; give prompt_ids");
    }
    request.prompt_ids = EncodeText(prompt, model.tokenizer(), start);
    request.completion_ids = model.tokenizer().Encode(completion);
  }
  if (request.prompt_ids.empty()) {
    return ItemFieldError(where, ids ? "prompt_ids" : "prompt",
                          "empty, so the first token would have nothing to follow");
  }
  if (request.completion_ids.empty()) {
    return ItemFieldError(where, ids ? "completion_ids" : "completion", "empty, nothing to score");
  }
  return request;
}

Json ScoredLine(const std::string& id, const chat::ScoreRequest& request,
                const chat::ScoreResult& result) {
  double sum = 0;
  for (const float logprob : result.token_logprobs) sum += logprob;
  return {{"id", id},
          {"token_ids", request.completion_ids},
          {"token_logprobs", result.token_logprobs},
          {"logprob", sum}};
}

}  // namespace

Expected<job::JobSummary> ScoreFile(const ScoreOptions& options, const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(const auto model,
                         OpenModel(options.items.model, chat::TokenizerNeed::kOptional));
  if (!model->capabilities().token_logprobs) {
    return MakeError(ErrorKind::kUnsupported, "{}: gives no log-probabilities", model->name());
  }
  ItemRun run{.command = "score", .model_name = model->name()};
  run.fingerprint["no_bos"] = options.start_token == StartToken::kLeftOut;
  if (const auto computed = model->computation()) run.fingerprint.update(ToJson(*computed));
  std::vector<chat::ScoreRequest> requests;
  MORES_RETURN_IF_ERROR(ReadItems(
      options.items.input, run, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(chat::ScoreRequest request,
                               ParseScoreRequest(value, where, *model, options.start_token));
        run.costs.push_back(
            static_cast<int64_t>(request.prompt_ids.size() + request.completion_ids.size()));
        requests.push_back(std::move(request));
        return {};
      }));
  chat::ChatTotals totals;
  run.totals = [&totals] { return totals; };
  return RunItems(
      run, options.items,
      [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
        std::vector<chat::ScoreRequest> batch;
        for (const size_t item : items) batch.push_back(requests[item]);
        MORES_ASSIGN_OR_RETURN(auto results, model->Score(batch));
        totals.asked += static_cast<int64_t>(results.size());
        std::vector<job::ItemResult> lines;
        for (size_t i = 0; i < items.size(); ++i) {
          if (!results[i]) ++totals.failed;
          // What is scored is read, not written.
          totals.usage.prompt_tokens += run.costs[items[i]];
          lines.push_back(std::move(results[i]).map([&](const chat::ScoreResult& result) {
            return ScoredLine(run.keys[items[i]], batch[i], result);
          }));
        }
        return lines;
      },
      watch);
}

}  // namespace mores::app
