#include "cli/run.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "base/cpu.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/help/suggest.h"

namespace mores::cli {
namespace {

// The command that was being parsed, as typed: "mores data build".
std::string CommandPath(const CLI::App& app) {
  std::string path = app.get_name();
  for (const CLI::App* chosen : app.get_subcommands()) path += " " + CommandPath(*chosen);
  return path;
}

// With the instruction set levels that kernels can run at here.
std::string VersionText() {
  std::string text = "mores " + Version() + ", instruction sets:";
  for (const IsaLevel level : SupportedIsaLevels()) text += fmt::format(" {}", Name(level));
  return text;
}

int Parse(int argc, char** argv) {
  CommandLine line;
  line.app.set_version_flag("--version", VersionText());
  line.app.require_subcommand(1);
  line.app.footer(
      "\nEach command has its own --help with an example; 'mores help COMMAND' shows it, "
      "too.");
  AddJudgeCommand(line);
  AddRejudgeCommand(line);
  AddReportCommand(line);
  AddCompareCommand(line);
  AddCorrectCommand(line);
  AddCostsCommand(line);
  AddMetaCommand(line);
  AddGuidelinesCommand(line);
  AddScoreCommand(line);
  AddFeaturesCommand(line);
  AddGenerateCommand(line);
  AddTokenizeCommand(line);
  AddModelCommand(line);
  AddDataCommand(line);
  AddTrainCommand(line);
  AddHelpCommands(line);
  const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  if (const Status command = CheckCommand(line.app, arguments); !command) {
    return Fail(command.error());
  }
  try {
    line.app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help and --version
    return line.app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    if (const auto unknown = UnknownOption(line.app)) return Fail(*unknown);
    return Fail({ErrorKind::kUsage,
                 fmt::format("{} (see {} --help)", error.what(), CommandPath(line.app))});
  }
  return line.run ? line.run() : ExitCode(ErrorKind::kUsage);
}

// A file that is mapped, such as a model's, was cut short by somebody else while it was in use.
void OnBusError(int) {
  constexpr char kLine[] = "mores: a file was cut short while it was in use\n";
  [[maybe_unused]] const ssize_t told = write(STDERR_FILENO, kLine, sizeof(kLine) - 1);
  _exit(ExitCode(ErrorKind::kCorrupt));
}

void TellBusErrors() {
  struct sigaction action {};
  action.sa_handler = OnBusError;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

int Run(int argc, char** argv) {
  TellBusErrors();
  int exit_code = 0;
  try {
    exit_code = Parse(argc, argv);
  } catch (const std::bad_alloc&) {
    return Fail({ErrorKind::kIo, "out of memory"});
  } catch (const std::system_error& error) {  // of fmt::print, where standard output is full
    return Fail({ErrorKind::kIo, fmt::format("standard output: {}", error.what())});
  }
  // What was printed may not have arrived: a full disk, a closed pipe.
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && exit_code == 0) {
    return Fail({ErrorKind::kIo, "standard output: cannot be written"});
  }
  return exit_code;
}

}  // namespace mores::cli
