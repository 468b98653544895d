#include "app/score.h"

#include <fmt/format.h>

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
  return {{"id", id},
          {"token_ids", request.completion},
          {"token_logprobs", logprobs},
          {"logprob", sum}};
}

// Six significant digits, which is more than the states of a model in bf16 have.
Json FeatureArray(const std::vector<float>& values) {
  Json array = Json::array();
  for (const float value : values) array.push_back(std::stod(fmt::format("{:.6g}", value)));
  return array;
}

// Items and their model, read and loaded.
struct ScoreRun {
  std::unique_ptr<chat::LanguageModel> model;
  std::vector<ScoreRequest> requests;
  ItemRun run;

  // `compute(batch)` gives one result an item, of which `line(id, request, result)` makes a line.
  template <class Compute, class Line>
  Expected<job::JobSummary> Finish(const ItemOptions& options, const Watch& watch,
                                   const Compute& compute, const Line& line) {
    chat::ChatTotals totals;
    run.totals = [&totals] { return totals; };
    return RunItems(
        run, options,
        [&](std::span<const size_t> items) -> Expected<std::vector<job::ItemResult>> {
          std::vector<engine::ScoreItem> batch;
          for (const size_t item : items) {
            batch.push_back({.prompt = requests[item].prompt,
                             .continuation = requests[item].completion,
                             .adapter = model->adapter(requests[item].adapter)});
          }
          MORES_ASSIGN_OR_RETURN(auto results, compute(batch));
          totals.asked += static_cast<int64_t>(results.size());
          std::vector<job::ItemResult> lines;
          for (size_t i = 0; i < items.size(); ++i) {
            if (!results[i]) ++totals.failed;
            // What is scored is read, not written.
            totals.usage.prompt_tokens += run.costs[items[i]];
            lines.push_back(std::move(results[i]).map([&](const auto& result) {
              Json made = line(run.keys[items[i]], requests[items[i]], result);
              const std::string& adapter = requests[items[i]].adapter;
              if (!adapter.empty()) made["adapter"] = adapter;
              return made;
            }));
          }
          return lines;
        },
        watch);
  }
};

Expected<ScoreRun> ReadScoreRun(const std::string& command, const ScoreOptions& options,
                                int blocks) {
  MORES_RETURN_IF_ERROR(CheckItemRun(options.items));
  MORES_ASSIGN_OR_RETURN(const OpenedModel opened,
                         OpenModel(options.items.model, AdapterChoice::kByItem));
  ScoreRun read;
  MORES_ASSIGN_OR_RETURN(
      read.model, LoadModel(opened, options.items.model, chat::TokenizerNeed::kOptional, blocks));
  ItemRun& run = read.run;
  run.command = command;
  run.model_name = read.model->name();
  run.fingerprint["no_bos"] = options.start_token == StartToken::kLeftOut;
  if (const auto computed = read.model->computation()) run.fingerprint.update(ToJson(*computed));
  if (const Json names = opened.AdapterNames(); !names.empty()) run.fingerprint["adapters"] = names;
  if (blocks > 0) run.fingerprint["blocks"] = blocks;
  MORES_RETURN_IF_ERROR(ReadItems(
      options.items.input, run, [&](const Json& value, const std::string& where) -> Status {
        MORES_ASSIGN_OR_RETURN(ScoreRequest request,
                               ParseScoreRequest(value, where, *read.model, options.start_token));
        run.costs.push_back(
            static_cast<int64_t>(request.prompt.size() + request.completion.size()));
        read.requests.push_back(std::move(request));
        return {};
      }));
  return read;
}

}  // namespace

Expected<job::JobSummary> ScoreFile(const ScoreOptions& options, const Watch& watch) {
  constexpr int kAllBlocks = 0;
  MORES_ASSIGN_OR_RETURN(ScoreRun read, ReadScoreRun("score", options, kAllBlocks));
  return read.Finish(
      options.items, watch, [&](const auto& batch) { return read.model->Score(batch); },
      ScoredLine);
}

Expected<job::JobSummary> FeaturesFile(const FeatureOptions& options, const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(ScoreRun read, ReadScoreRun("features", options.score, options.blocks));
  return read.Finish(
      options.score.items, watch,
      [&](const auto& batch) { return read.model->FindFeatures(batch); },
      [](const std::string& id, const ScoreRequest&, const engine::Features& features) {
        return Json{{"id", id},
                    {"last", FeatureArray(features.last)},
                    {"mean", FeatureArray(features.mean)}};
      });
}

}  // namespace mores::app
