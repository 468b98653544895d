// What the commands of `mores data` that ask models share: options, opening, running, telling.
#ifndef MORES_CLI_DATA_DATA_MODELS_H_
#define MORES_CLI_DATA_DATA_MODELS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/chat_model.h"
#include "cli/chat_options.h"
#include "cli/command.h"
#include "cli/model_options.h"
#include "curate/curation.h"
#include "curate/record.h"

namespace mores::cli {

struct DataFileOptions {
  std::string input, output;
  bool fresh = false;
};
void AddDataFileOptions(CLI::App* command, const std::string& input_help, DataFileOptions& files);

struct DataModelOptions {
  DataFileOptions files;
  ModelOptions local;
  ChatOptions chat;
  chat::Sampling sampling;
};

// Files, sampling and the options of models but for which model it is.
void AddDataModelOptions(CLI::App* command, const std::string& input_help,
                         DataModelOptions& options);

// "--writer": one model, required.
void AddModelChoice(CLI::App* command, const std::string& name, const std::string& help,
                    std::string& model);

Expected<std::unique_ptr<chat::ChatModel>> OpenDataModel(const DataModelOptions& options,
                                                         const std::string& model);

// Checks the output against all inputs, and says how the job runs.
struct DataRun {
  std::string command;              // "data label"
  std::vector<std::string> inputs;  // files read, the first among them
  std::vector<std::string> models;  // as given
};
Expected<curate::RunOptions> MakeRunOptions(const DataRun& run, const DataFileOptions& files,
                                            const ModelOptions& local, const ChatOptions& chat);

// Shows progress while `run` runs, says what came of it, and returns the exit code.
using RunData = std::function<Expected<curate::CurationResult>(const curate::RunOptions&)>;
Expected<int> RunDataJob(curate::RunOptions options, const RunData& run);

// For a manifest: what `models`, which must outlive it, were asked as `role`.
std::function<Json()> UsageOf(const std::string& role,
                              std::span<const std::unique_ptr<chat::ChatModel>> models);

// "asked 20 times ..." of each of `models`, on standard output.
void TellTotals(std::span<const std::unique_ptr<chat::ChatModel>> models);

// One a command, in src/cli/data_NAME.cc; under `data`.
void AddDataLabelCommand(CommandLine& line, CLI::App& data);
void AddDataCritiqueCommand(CommandLine& line, CLI::App& data);
void AddDataQueriesCommand(CommandLine& line, CLI::App& data);
void AddDataFilterCommand(CommandLine& line, CLI::App& data);

}  // namespace mores::cli

#endif  // MORES_CLI_DATA_DATA_MODELS_H_
