// How a command of `mores` is added: one file a command, one `Add...Command` function each, called
// by main.cc. Nothing below src/cli prints or exits; commands do, and return their exit code.
#ifndef MORES_CLI_COMMAND_H_
#define MORES_CLI_COMMAND_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"

namespace mores::cli {

struct CommandLine {
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

// `run` is called, and its result is the exit code, when `command` is the one on the command line.
// Keep what the options are parsed into alive by capturing a shared_ptr to it.
// A command that runs by itself and has commands below it runs where none of those is chosen.
void OnRun(CommandLine& line, CLI::App* command, std::function<int()> run);

// Prints "mores: MESSAGE" as one line on standard error, control characters made harmless; returns
// the error's exit code.
int Fail(const Error& error);

// kUsage for an output without a name, or one that is the input file itself; kIo where there is no
// such folder, or no such descriptor open for writing.
Status CheckOutput(const std::string& input, const std::string& output);

// As shown to a person: control characters, line breaks included, become \xNN.
std::string Printable(const std::string& text);

// Failed items that a command tells of one by one.
inline constexpr int64_t kListedFailures = 10;

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailedItems = 1;
inline constexpr int kExitBoundExceeded = 4;

// One a command, in src/cli/NAME.cc.
void AddJudgeCommand(CommandLine& line);
void AddRejudgeCommand(CommandLine& line);
void AddScoreCommand(CommandLine& line);
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
// Below another command.
void AddMetaCompareCommand(CommandLine& line, CLI::App& parent);
void AddMetaFitnessCommand(CommandLine& line, CLI::App& parent);
void AddMetaAgreeCommand(CommandLine& line, CLI::App& parent);
void AddMetaFlipsCommand(CommandLine& line, CLI::App& parent);

}  // namespace mores::cli

#endif  // MORES_CLI_COMMAND_H_
