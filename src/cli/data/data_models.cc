#include "cli/data/data_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "base/cpu.h"
#include "base/files.h"
#include "base/version.h"
#include "cli/judge_options.h"
#include "job/job.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

// Items asked of our engine at once. It has no cache of replies: a kill loses its batch.
constexpr size_t kLocalBatch = 16;

std::string ReasonsOf(const Json& summary) {
  std::string text;
  for (const auto& [reason, count] : summary["reasons"].items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count.get<int64_t>(), reason);
  }
  return text;
}

}  // namespace

void AddDataFileOptions(CLI::App* command, const std::string& input_help, DataFileOptions& files) {
  command->add_option("input", files.input, input_help)->required();
  command
      ->add_option("-o,--output", files.output,
                   "JSON lines; OUTPUT.rejected.jsonl and OUTPUT.summary.json stand beside it")
      ->required();
  command->add_flag("--fresh", files.fresh, "Drop unfinished work of an earlier run");
}

void AddDataModelOptions(CLI::App* command, const std::string& input_help,
                         DataModelOptions& options) {
  AddDataFileOptions(command, input_help, options.files);
  AddSamplingOptions(command, options.sampling, "Of draws and choices");
  AddEngineOptions(command, options.local);
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
  chat.stop = job::InstallStopHandlers();
  chat.fresh = options.files.fresh;
  return OpenChatModel(chat, options.local, options.files.output);
}

Expected<curate::RunOptions> MakeRunOptions(const DataRun& run, const DataFileOptions& files,
                                            const ModelOptions& local, const ChatOptions& chat) {
  Json inputs = Json::array();
  for (const std::string& input : run.inputs) {
    MORES_RETURN_IF_ERROR(CheckOutput(input, files.output));
    MORES_ASSIGN_OR_RETURN(Json one, job::DescribeInput(input));
    inputs.push_back(std::move(one));
  }
  const bool ours = std::any_of(run.models.begin(), run.models.end(),
                                [](const std::string& model) { return !IsRemoteModel(model); });
  curate::RunOptions options;
  options.input = files.input;
  options.output = files.output;
  options.manifest = {{"command", run.command},
                      {"version", Version()},
                      {"inputs", std::move(inputs)},
                      {"models", run.models}};
  if (ours) {
    options.manifest["precision"] = options.fingerprint["precision"] = local.precision;
    options.manifest["isa"] = options.fingerprint["isa"] = Name(CurrentIsaLevel());
    options.fingerprint["chat_format"] = chat.chat_format;
  }
  options.batch_size = ours ? kLocalBatch : BatchRequests(chat);
  options.start = files.fresh ? job::JournalStart::kFresh : job::JournalStart::kResume;
  return options;
}

Expected<int> RunDataJob(curate::RunOptions options, const RunData& run) {
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  options.progress = progress.get();
  options.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const curate::CurationResult result, run(options));
  const std::string reasons = ReasonsOf(result.summary);
  fmt::print("kept {}, rejected {}{}{}{}\n", result.kept, result.rejected,
             reasons.empty() ? "" : " (", reasons, reasons.empty() ? "" : ")");
  if (result.job.failed == 0) return kExitDone;
  fmt::print(stderr, "mores: {} of {} items failed; they are in {}.rejected.jsonl\n",
             result.job.failed, result.job.done, Printable(options.output));
  return kExitFailedItems;
}

std::function<Json()> UsageOf(const std::string& role,
                              std::span<const std::unique_ptr<chat::ChatModel>> models) {
  return [role, models] {
    std::vector<chat::ModelUse> uses;
    for (const auto& model : models) uses.push_back({role, model->name(), model->totals()});
    return chat::UsageToJson(uses);
  };
}

void TellTotals(std::span<const std::unique_ptr<chat::ChatModel>> models) {
  for (const std::unique_ptr<chat::ChatModel>& model : models) {
    fmt::print("{}: {}\n", Printable(model->name()), Describe(model->totals()));
  }
}

}  // namespace mores::cli
