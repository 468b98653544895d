// The manual page: what --help says of all commands, for man.
#ifndef MORES_CLI_HELP_MAN_H_
#define MORES_CLI_HELP_MAN_H_

#include <CLI/CLI.hpp>
#include <string>

namespace mores::cli {

// In the macros of man(7).
std::string ManPage(const CLI::App& app, const std::string& version);

}  // namespace mores::cli

#endif  // MORES_CLI_HELP_MAN_H_
