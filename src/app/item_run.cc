#include "app/item_run.h"

#include <fmt/format.h>

#include <memory>
#include <unordered_map>
#include <utility>

#include "app/manifest.h"
#include "base/files.h"
#include "base/hash.h"

namespace mores::app {
namespace {

constexpr int64_t kBatchTokens = 16384;

Expected<std::string> ItemId(const Json& value, const std::string& where, int64_t number) {
  const auto found = value.find("id");
  if (found == value.end() || found->is_null()) return std::to_string(number);
  if (found->is_number_integer()) return found->dump();
  if (!found->is_string()) return ItemFieldError(where, "id", "must be a string or an integer");
  return found->get<std::string>();
}

}  // namespace

Status ReadItems(const std::string& path, ItemRun& run, const AddItem& add) {
  MORES_ASSIGN_OR_RETURN(const std::unique_ptr<LineReader> reader, LineReader::Open(path));
  std::unordered_map<std::string, int64_t> first;
  std::string line, hashes;
  for (;;) {
    MORES_ASSIGN_OR_RETURN(const bool more, reader->Next(line));
    if (!more) break;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const int64_t number = reader->line_number();
    const std::string where = fmt::format("{}:{}", path == "-" ? "<stdin>" : path, number);
    MORES_ASSIGN_OR_RETURN(const Json value, ParseJson(line, where));
    if (!value.is_object()) {
      return MakeError(ErrorKind::kInput, "{}: must be an object, not {}", where,
                       value.type_name());
    }
    MORES_ASSIGN_OR_RETURN(std::string id, ItemId(value, where, number));
    const auto [seen, fresh] = first.emplace(id, number);
    if (!fresh) {
      return ItemFieldError(where, "id", fmt::format("already the id of line {}", seen->second));
    }
    run.keys.push_back(std::move(id));
    MORES_RETURN_IF_ERROR(add(value, where));
    hashes += Sha256Hex(line);
  }
  if (run.keys.empty()) return MakeError(ErrorKind::kInput, "{}: no items in it", path);
  run.fingerprint["input"] = Sha256Hex(hashes);
  return {};
}

Expected<job::JobSummary> RunItems(const ItemRun& item_run, const ItemOptions& options,
                                   const job::BatchFunction& run, const Watch& watch) {
  MORES_RETURN_IF_ERROR(CheckOutput(options.input, options.output));
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

tl::unexpected<Error> ItemFieldError(const std::string& where, const std::string& field,
                                     const std::string& problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
}

Expected<std::vector<int32_t>> ParseIds(const Json& value, const std::string& field,
                                        const std::string& where, int32_t vocab_size) {
  if (!value.is_array()) return ItemFieldError(where, field, "must be an array of token ids");
  std::vector<int32_t> ids;
  for (const Json& id : value) {
    if (!id.is_number_integer() || id < 0 || id >= vocab_size) {
      return ItemFieldError(where, fmt::format("{}[{}]", field, ids.size()),
                            fmt::format("must be a token id from 0 to {}", vocab_size - 1));
    }
    ids.push_back(id.get<int32_t>());
  }
  return ids;
}

}  // namespace mores::app
