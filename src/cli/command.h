// How a command of `mores` is added: one file a command, one `Add...Command` function each, called
// by main.cc. Nothing below src/cli prints or exits; commands do, and return their exit code.
#ifndef MORES_CLI_COMMAND_H_
#define MORES_CLI_COMMAND_H_

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/error.h"
#include "job/job.h"

namespace mores::cli {

struct CommandLine {
  CommandLine();
  CLI::App app{"Judge, measure and improve the safety of language-model answers.", "mores"};
  std::function<int()> run;  // of the command chosen; called once parsing is over
};

struct CommandText {
  std::string name;
  std::string summary;  // one sentence
  std::string example;  // one or more shell lines that work from a fresh clone
};

// Adds a command under `parent` (line.app, or another command's).
CLI::App* AddCommand(CLI::App& parent, const CommandText& text);

// `run` is called, and its result is the exit code (an error is told, and gives its own), when
// `command` is the one on the command line. Keep what the options are parsed into alive by
// capturing a shared_ptr to it. A command that runs by itself and has commands below it runs where
// none of those is chosen.
void OnRun(CommandLine& line, CLI::App* command, std::function<Expected<int>()> run);

// Prints "mores: MESSAGE" as one line on standard error, control characters made harmless; returns
// the error's exit code.
int Fail(const Error& error);

// The error, as one of what that option gives.
Error Named(const char* option, Error error);

// app::CheckOutputs of what `option` gives, which its error then names.
Status CheckOutput(const std::vector<std::string>& inputs, const std::string& output,
                   const char* option = "-o");

// An option of values with names (by Name), the first of which is the default.
template <typename Value>
void AddNamed(CLI::App* command, const char* option, Value& value, const std::vector<Value>& values,
              const std::string& help) {
  std::vector<std::string> names;
  for (const Value one : values) names.emplace_back(Name(one));
  command
      ->add_option_function<std::string>(
          option,
          [&value, values, names](const std::string& name) {
            const auto found = std::find(names.begin(), names.end(), name);
            value = values[static_cast<size_t>(found - names.begin())];
          },
          help)
      ->check(CLI::IsMember(names))
      ->default_str(names.front());
}

// --fresh.
void AddFreshOption(CLI::App* command, job::JournalStart& start);

// As shown to a person: control characters, line breaks included, become \xNN.
std::string Printable(const std::string& text);

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailedItems = 1;
inline constexpr int kExitBoundExceeded = 4;

// kExitFailedItems where any failed.
int ExitCodeOf(const job::JobSummary& run);

// One a command, in src/cli/NAME.cc.
void AddJudgeCommand(CommandLine& line);
void AddRejudgeCommand(CommandLine& line);
void AddScoreCommand(CommandLine& line);
void AddFeaturesCommand(CommandLine& line);
void AddGenerateCommand(CommandLine& line);
void AddTokenizeCommand(CommandLine& line);
void AddDataCommand(CommandLine& line);
void AddTrainCommand(CommandLine& line);
void AddModelCommand(CommandLine& line);
void AddReportCommand(CommandLine& line);
void AddCompareCommand(CommandLine& line);
void AddCorrectCommand(CommandLine& line);
void AddCostsCommand(CommandLine& line);
void AddMetaCommand(CommandLine& line);
void AddGuidelinesCommand(CommandLine& line);
void AddHelpCommands(CommandLine& line);  // help, completion, man
// Below another command.
void AddMetaCompareCommand(CommandLine& line, CLI::App& parent);
void AddMetaFitnessCommand(CommandLine& line, CLI::App& parent);
void AddMetaAgreeCommand(CommandLine& line, CLI::App& parent);
void AddMetaFlipsCommand(CommandLine& line, CLI::App& parent);

}  // namespace mores::cli

#endif  // MORES_CLI_COMMAND_H_
