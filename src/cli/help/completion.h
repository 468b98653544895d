// What a shell needs to complete the command line: made from the commands as they are.
#ifndef MORES_CLI_HELP_COMPLETION_H_
#define MORES_CLI_HELP_COMPLETION_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace mores::cli {

enum class Shell { kBash, kZsh, kFish };
std::string_view Name(Shell shell);  // "bash", "zsh", "fish"

// A script for that shell: commands, options, the values of those that have a set of them, and
// files where one is wanted.
std::string CompletionScript(const CLI::App& app, Shell shell);

}  // namespace mores::cli

#endif  // MORES_CLI_HELP_COMPLETION_H_
