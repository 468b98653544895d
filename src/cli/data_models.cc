#include "cli/data_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/cpu.h"
#include "base/files.h"
#include "base/version.h"
#include "job/job.h"

namespace mores::cli {
namespace {

// Items asked about at once. Our engine has no cache of replies: a kill loses its batch.
constexpr size_t kLocalBatch = 16, kRemoteBatch = 64;

Expected<Json> DescribeFile(const std::string& input) {
  if (FileExists(input) && std::filesystem::is_regular_file(input)) {
    return job::DescribeInput(input);
  }
  return Json{{"path", input}};
}

std::string ReasonsOf(const Json& summary) {
  std::string text;
  for (const auto& [reason, count] : summary["reasons"].items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<int64_t>(), reason);
  }
  return text;
}

}  // namespace

void AddDataModelOptions(CLI::App* command, const std::string& input_help,
                         DataModelOptions& options) {
  command->add_option("input", options.input, input_help)->required();
  command
      ->add_option("-o,--output", options.output,
                   "JSON lines; OUTPUT.rejected.jsonl and OUTPUT.summary.json stand beside it")
      ->required();
  command->add_flag("--fresh", options.fresh, "Drop unfinished work of an earlier run");
  chat::Sampling& sampling = options.sampling;
  command->add_option("--max-new-tokens", sampling.max_new_tokens, "Tokens of a reply at most")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_option("--temperature", sampling.temperature, "0: always the likeliest token")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  command->add_option("--top-p", sampling.top_p, "Share of probability that is drawn from")
      ->check(CLI::Range(1e-6, 1.0))
      ->capture_default_str();
  command->add_option("--seed", sampling.seed, "Of draws and choices")->capture_default_str();
  AddModelOptions(command, options.local);
  command->remove_option(command->get_option("--model"));
  AddChatOptions(command, options.chat);
}

void AddModelChoice(CLI::App* command, const std::string& name, const std::string& help,
                    std::string& model) {
  command
      ->add_option(name, model, help + ": a directory, http://HOST:PORT/v1#NAME, or scripted:FILE")
      ->required();
}

Expected<std::unique_ptr<chat::ChatModel>> OpenDataModel(const DataModelOptions& options,
                                                         const std::string& model) {
  ChatOptions chat = options.chat;
  chat.model = model;
  chat.fresh = options.fresh;
  return OpenChatModel(chat, options.local, options.output);
}

Expected<curate::RunOptions> MakeRunOptions(const std::string& command,
                                            const DataModelOptions& options,
                                            std::span<const std::string> inputs,
                                            std::span<const std::string> models) {
  Json described = Json::array();
  for (const std::string& input : inputs) {
    MORES_RETURN_IF_ERROR(CheckOutput(input, options.output));
    MORES_ASSIGN_OR_RETURN(Json one, DescribeFile(input));
    described.push_back(std::move(one));
  }
  const bool local = std::any_of(models.begin(), models.end(),
                                 [](const std::string& model) { return !IsRemoteModel(model); });
  curate::RunOptions run;
  run.input = options.input;
  run.output = options.output;
  run.manifest = {{"command", command},
                  {"version", Version()},
                  {"inputs", std::move(described)},
                  {"models", models}};
  if (local) {
    run.manifest["precision"] = run.fingerprint["precision"] = options.local.precision;
    run.manifest["isa"] = run.fingerprint["isa"] = Name(CurrentIsaLevel());
    run.fingerprint["chat_format"] = options.chat.chat_format;
  }
  run.batch_size =
      local ? kLocalBatch : std::max(kRemoteBatch, 4 * static_cast<size_t>(options.chat.in_flight));
  run.start = options.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  return run;
}

Expected<int> RunDataJob(curate::RunOptions options, const RunData& run) {
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  options.progress = progress.get();
  job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const curate::CurationResult result, run(options));
  const std::string reasons = ReasonsOf(result.summary);
  fmt::print("kept {}, rejected {}{}{}{}\n", result.kept, result.rejected,
             reasons.empty() ? "" : " (", reasons, reasons.empty() ? "" : ")");
  if (result.job.failed == 0) return kExitDone;
  fmt::print(stderr, "mores: {} of {} items failed; they are in {}.rejected.jsonl\n",
             result.job.failed, result.job.done, Printable(options.output));
  return kExitFailedItems;
}

void TellTotals(std::span<const std::unique_ptr<chat::ChatModel>> models) {
  for (const std::unique_ptr<chat::ChatModel>& model : models) {
    fmt::print("{}: {}\n", Printable(model->name()), Describe(model->totals()));
  }
}

}  // namespace mores::cli
