#include "cli/item_command.h"

#include <fmt/format.h>

#include <cstdio>
#include <unordered_map>
#include <utility>

#include "base/cpu.h"
#include "base/files.h"
#include "base/hash.h"
#include "cli/command.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

constexpr int64_t kBatchTokens = 16384;
Expected<std::string> ItemId(const Json& value, const std::string& where, int64_t number) {
  const auto found = value.find("id");
  if (found == value.end() || found->is_null()) return std::to_string(number);
  if (found->is_number_integer()) return found->dump();
  if (!found->is_string()) return FieldError(where, "id", "must be a string or an integer");
  return found->get<std::string>();
}

}  // namespace

void AddItemOptions(CLI::App* command, ItemOptions& options) {
  command->add_option("input", options.input, "JSON lines, or - for standard input")->required();
  command->add_option("-o,--output", options.output, "JSON lines, or - for standard output")
      ->capture_default_str();
  command->add_flag("--fresh", options.fresh, "Drop unfinished work of an earlier run");
  AddModelOptions(command, options.model);
}

Status ReadItems(const std::string& path, ItemJob& job, const AddItem& add) {
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
      return FieldError(where, "id", fmt::format("already the id of line {}", seen->second));
    }
    job.keys.push_back(std::move(id));
    MORES_RETURN_IF_ERROR(add(value, where));
    hashes += Sha256Hex(line);
  }
  if (job.keys.empty()) return MakeError(ErrorKind::kInput, "{}: no items in it", path);
  job.fingerprint["input"] = Sha256Hex(hashes);
  return {};
}

int RunItems(const ItemJob& item_job, const ItemOptions& options, const job::BatchFunction& run) {
  if (const Status output = CheckOutput(options.input, options.output); !output) {
    return Fail(output.error());
  }
  Expected<Json> manifest =
      MakeManifest(item_job.command, options.input, options.model, item_job.model_name);
  if (!manifest) return Fail(manifest.error());
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  int64_t listed = 0;
  job::JobOptions job;
  job.output = options.output;
  job.keys = item_job.keys;
  job.fingerprint = item_job.fingerprint;
  job.fingerprint["command"] = item_job.command;
  job.fingerprint["model"] = item_job.model_name;
  job.fingerprint["precision"] = options.model.precision;
  job.fingerprint["isa"] = Name(CurrentIsaLevel());
  job.manifest = std::move(*manifest);
  job.costs = item_job.costs;
  job.batch_cost = kBatchTokens;
  job.batch_size = item_job.batch_size;
  job.title = item_job.command;
  job.unit = item_job.unit;
  job.progress = progress.get();
  job.start = options.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  if (item_job.totals) {
    job.results = [&item_job] {
      const chat::ModelUse use = {"model", item_job.model_name, item_job.totals()};
      return chat::UsageToJson({&use, 1});
    };
  }
  job.visit = [&](size_t, const Json& line, bool failed) {
    if (!failed || ++listed > kListedFailures) return;
    fmt::print(stderr, "mores: item '{}': {}\n", Printable(line["id"].get<std::string>()),
               Printable(line["error"]["message"].get<std::string>()));
  };
  job.stop = job::InstallStopHandlers();
  const Expected<job::JobSummary> summary = job::RunJob(job, run);
  if (!summary) return Fail(summary.error());
  if (summary->failed == 0) return kExitDone;
  fmt::print(stderr, "mores: {} of {} {} failed\n", summary->failed, summary->done, job.unit);
  return kExitFailedItems;
}

std::vector<int32_t> EncodeText(const std::string& utf8, const text::Tokenizer& tokenizer,
                                StartToken start) {
  std::vector<int32_t> ids = tokenizer.Encode(utf8);
  if (start == StartToken::kAdded && tokenizer.bos_id()) {
    ids.insert(ids.begin(), *tokenizer.bos_id());
  }
  return ids;
}

tl::unexpected<Error> FieldError(const std::string& where, const std::string& field,
                                 const std::string& problem) {
  return MakeError(ErrorKind::kInput, "{}: field '{}': {}", where, field, problem);
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

}  // namespace mores::cli
