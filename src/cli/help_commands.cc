// mores help, completion, man: about the command line itself.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/version.h"
#include "cli/command.h"
#include "cli/help/completion.h"
#include "cli/help/help.h"
#include "cli/help/man.h"
#include "cli/help/option_text.h"
#include "cli/help/suggest.h"

namespace mores::cli {
namespace {

Expected<int> RunHelp(const CLI::App& app, const std::vector<std::string>& words) {
  MORES_RETURN_IF_ERROR(CheckCommand(app, words));
  const CLI::App* command = &app;
  std::string path = app.get_name();
  for (const std::string& word : words) {
    const CLI::App* found = nullptr;
    for (const CLI::App* below : CommandsOf(*command)) {
      if (below->get_name() == word) found = below;
    }
    if (found == nullptr) {
      return MakeError(ErrorKind::kUsage, "no command '{}' in {} (see {} --help)", word, path,
                       path);
    }
    command = found;
    path += " " + word;
  }
  fmt::print("{}", HelpText(*command, path, HelpColumns()));
  return kExitDone;
}

}  // namespace

void AddHelpCommands(CommandLine& line) {
  const auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* help = AddCommand(line.app, {.name = "help",
                                         .summary = "What a command does: the same as its --help.",
                                         .example = "  mores help guidelines add"});
  help->add_option("command", *words, "Words of the command; none: of mores itself");
  OnRun(line, help, [&line, words] { return RunHelp(line.app, *words); });

  const auto shell = std::make_shared<Shell>(Shell::kBash);
  CLI::App* completion = AddCommand(
      line.app,
      {.name = "completion",
       .summary = "A script by which a shell completes commands, options and values.",
       .example = R"(  mores completion bash > ~/.local/share/bash-completion/completions/mores
  source <(mores completion bash)              for this shell alone
  mores completion zsh > ~/.zfunc/_mores       a folder of fpath
  mores completion fish > ~/.config/fish/completions/mores.fish)"});
  AddNamed(completion, "shell", *shell, {Shell::kBash, Shell::kZsh, Shell::kFish},
           "bash, zsh or fish");
  completion->get_option("shell")->required();
  OnRun(line, completion, [&line, shell]() -> Expected<int> {
    fmt::print("{}", CompletionScript(line.app, *shell));
    return kExitDone;
  });

  CLI::App* man = AddCommand(line.app, {.name = "man",
                                        .summary = "The manual page of all commands, for man.",
                                        .example = "  mores man | man -l -"});
  OnRun(line, man, [&line]() -> Expected<int> {
    fmt::print("{}", ManPage(line.app, Version()));
    return kExitDone;
  });
}

}  // namespace mores::cli
