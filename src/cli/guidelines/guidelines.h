// What the commands below `mores guidelines` share.
#ifndef MORES_CLI_GUIDELINES_GUIDELINES_H_
#define MORES_CLI_GUIDELINES_GUIDELINES_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/database.h"
#include "base/error.h"
#include "cli/command.h"
#include "guidelines/review/review.h"
#include "guidelines/store/database.h"

namespace mores::cli {

// --db FILE.
void AddDatabaseOption(CLI::App* command, std::string& path);
// --by NAME and --reason TEXT; the name is required.
void AddChangeOptions(CLI::App* command, guidelines::Change& change);

// app::DatabasePath, with an error that names --db.
Expected<std::string> DatabasePath(const std::string& path);

// kUsage for a name that is none.
Expected<std::vector<guidelines::Standing>> ParseStandings(const std::vector<std::string>& names);

// --reviewer and --adjudicator, of who wants to see rulings: at most one of them.
struct ViewerFlags {
  std::string reviewer, adjudicator;
  bool given() const { return !reviewer.empty() || !adjudicator.empty(); }
};
void AddViewerOptions(CLI::App* command, ViewerFlags& flags);
guidelines::RulingViewer ViewerOf(const ViewerFlags& flags);
// "correct by ann from NG+tiv, 2026-01-31T12:00:00Z: reason", control characters made harmless.
std::string Describe(const guidelines::StoredRuling& ruling);

// A version in lines for a person, control characters made harmless.
std::string Describe(const guidelines::Version& version);
Json ToJson(const guidelines::Version& version);

// Each below `mores guidelines`.
void AddGuidelinesImportCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesListCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesShowCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesHistoryCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesAddCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesDiffCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesStatsCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesExportCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesMigrateCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesSearchCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesEvaluateCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesEmbedCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesGenerateCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesVaryCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesValidateCommand(CommandLine& line, CLI::App& parent);
void AddGuidelinesReviewCommand(CommandLine& line, CLI::App& parent);

}  // namespace mores::cli

#endif  // MORES_CLI_GUIDELINES_GUIDELINES_H_
