#include "app/item_run.h"

#include <fmt/format.h>

#include <utility>

#include "app/manifest.h"
#include "base/json_fields.h"
#include "base/json_lines.h"

namespace mores::app {
namespace {

constexpr int64_t kBatchTokens = 16384;

Expected<std::string> ItemId(const Json& value, const std::string& where, int64_t number) {
  const auto found = value.find("id");
  if (found == value.end() || found->is_null()) return std::to_string(number);
  return TextOfId(*found, where);
}

}  // namespace

Status CheckItemRun(const ItemOptions& options) {
  return CheckRunOutput(std::vector{options.input, ScriptOf(options.model.model)}, options.output,
                        options.start);
}

Status ReadItems(const std::string& path, ItemRun& run, const AddItem& add) {
  IdLines ids;
  const auto take = [&](const JsonLine& line) -> Status {
    if (!line.value.is_object()) {
      return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", line.where,
                       TypeName(line.value));
    }
    MORES_ASSIGN_OR_RETURN(std::string id, ItemId(line.value, line.where, line.number));
    MORES_RETURN_IF_ERROR(ids.PutOnce(id, line));
    run.keys.push_back(std::move(id));
    return add(line.value, line.where);
  };
  MORES_ASSIGN_OR_RETURN(
      const JsonLinesRead read,
      ForEachJsonLine(path, {.hash = JsonLinesOptions::Hash::kMade, .when_empty = "no items in it"},
                      take));
  run.fingerprint["input"] = read.hash;
  return {};
}

Expected<job::JobSummary> RunItems(const ItemRun& item_run, const ItemOptions& options,
                                   const job::BatchFunction& run, const Watch& watch) {
  job::JobOptions job;
  MORES_ASSIGN_OR_RETURN(job.manifest, ModelManifest(item_run.command, options.input, options.model,
                                                     item_run.model_name));
  job.output = options.output;
  job.keys = item_run.keys;
  job.fingerprint = item_run.fingerprint;
  job.fingerprint["command"] = item_run.command;
  job.fingerprint["model"] = item_run.model_name;
  job.costs = item_run.costs;
  job.batch_cost = kBatchTokens;
  job.batch_size = item_run.batch_size;
  job.title = item_run.command;
  job.unit = item_run.unit;
  job.progress = watch.progress;
  job.stop = watch.stop;
  job.start = options.start;
  if (item_run.totals) {
    job.results = [&item_run] {
      const chat::ModelUse use = {"model", item_run.model_name, item_run.totals()};
      return chat::UsageToJson({&use, 1});
    };
  }
  job.visit = [&](size_t, const Json& line, bool failed) {
    if (!failed) return;
    watch.Failure(line["id"].get<std::string>(), line["error"]["message"].get<std::string>());
  };
  return job::RunJob(job, run);
}

std::vector<int32_t> EncodeText(const std::string& utf8, const text::Tokenizer& tokenizer,
                                StartToken start) {
  std::vector<int32_t> ids = tokenizer.Encode(utf8);
  if (start == StartToken::kAdded && tokenizer.bos_id()) {
    ids.insert(ids.begin(), *tokenizer.bos_id());
  }
  return ids;
}

Expected<std::string> ParseAdapterName(const Json& value, const std::string& where,
                                       const chat::LanguageModel& model) {
  const auto found = value.find("adapter");
  if (found == value.end() || found->is_null()) return "";
  MORES_ASSIGN_OR_RETURN(const std::string name, RequiredString(value, "adapter", where));
  if (!name.empty() && model.adapter(name) != nullptr) return name;
  return FieldError(where, "adapter",
                    fmt::format("'{}' is the name of none: --adapter NAME=PATH gives one", name));
}

Expected<std::vector<int32_t>> ParseIds(const Json& value, const std::string& field,
                                        const std::string& where, int32_t vocab_size) {
  if (!value.is_array()) return FieldError(where, field, "must be an array of token ids");
  std::vector<int32_t> ids;
  for (const Json& id : value) {
    if (!id.is_number_integer() || id < 0 || id >= vocab_size) {
      return FieldError(where, fmt::format("{}[{}]", field, ids.size()),
                        fmt::format("must be a token id from 0 to {}", vocab_size - 1));
    }
    ids.push_back(id.get<int32_t>());
  }
  return ids;
}

}  // namespace mores::app
