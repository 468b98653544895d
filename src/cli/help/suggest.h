// What was meant by a command or an option that there is not.
#ifndef MORES_CLI_HELP_SUGGEST_H_
#define MORES_CLI_HELP_SUGGEST_H_

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace mores::cli {

// kUsage where `arguments` (without the program's name) begin with a command that there is not.
Status CheckCommand(const CLI::App& app, const std::vector<std::string>& arguments);

// Of a command line that could not be parsed: the option that there is not, if that is why.
std::optional<Error> UnknownOption(const CLI::App& app);

}  // namespace mores::cli

#endif  // MORES_CLI_HELP_SUGGEST_H_
