// What the commands of `mores data` that ask models share: options, and what they tell.
#ifndef MORES_CLI_DATA_DATA_MODELS_H_
#define MORES_CLI_DATA_DATA_MODELS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/curation.h"
#include "base/error.h"
#include "cli/chat_options.h"
#include "cli/command.h"

namespace mores::cli {

void AddDataFileOptions(CLI::App* command, const std::string& input_help,
                        app::CurationFiles& files);

// Files, sampling and the options of models but for which model it is.
void AddDataModelOptions(CLI::App* command, const std::string& input_help,
                         app::CurationOptions& options);

// What came of it, and the exit code. `output`: as given.
int TellCuration(const curate::CurationResult& result, const std::string& output);
// "asked 20 times ..." of each of `models`, on standard output.
void TellTotals(std::span<const std::unique_ptr<chat::ChatModel>> models);

// One a command, in src/cli/data/data_NAME.cc; under `data`.
void AddDataLabelCommand(CommandLine& line, CLI::App& data);
void AddDataCritiqueCommand(CommandLine& line, CLI::App& data);
void AddDataQueriesCommand(CommandLine& line, CLI::App& data);
void AddDataFilterCommand(CommandLine& line, CLI::App& data);

}  // namespace mores::cli

#endif  // MORES_CLI_DATA_DATA_MODELS_H_
