// What the commands of `mores guidelines` that review and build share: the database, and places.
#ifndef MORES_CLI_GUIDELINES_OPTIONS_H_
#define MORES_CLI_GUIDELINES_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "guidelines/database.h"
#include "guidelines/search.h"

namespace mores::cli {

// --db FILE, required.
void AddDatabaseOption(CLI::App* command, std::string& path);
Expected<std::unique_ptr<guidelines::Database>> OpenDatabase(const std::string& path,
                                                             guidelines::Connection::Access access);

// Codes of places as given on the command line; kUsage for one that isn't known, or has a group.
Expected<std::vector<std::string>> PlaceCodes(const std::vector<std::string>& given,
                                              guidelines::Database& database);

Expected<std::vector<guidelines::Standing>> Standings(const std::vector<std::string>& names);

// One a command, in src/cli/guidelines_NAME.cc; under `guidelines`.
void AddGuidelinesReviewCommand(CommandLine& line, CLI::App& guidelines);
void AddGuidelinesGenerateCommand(CommandLine& line, CLI::App& guidelines);
void AddGuidelinesVaryCommand(CommandLine& line, CLI::App& guidelines);
void AddGuidelinesValidateCommand(CommandLine& line, CLI::App& guidelines);

}  // namespace mores::cli

#endif  // MORES_CLI_GUIDELINES_OPTIONS_H_
