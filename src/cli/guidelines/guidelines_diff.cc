// mores guidelines diff: two versions of a guideline, or two states of a database.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/guideline_diff.h"
#include "base/files.h"
#include "cli/guidelines/guidelines.h"

namespace mores::cli {
namespace {

struct DiffCommand {
  std::vector<std::string> what;  // an id and up to two versions, or two files
  std::string database;
  bool json = false;
};

void PrintChanged(const Json& changed) {
  const auto shown = [](const Json& value) {
    return Printable(value.is_string() ? value.get<std::string>() : DumpJson(value));
  };
  for (const auto& [name, pair] : changed.items()) {
    fmt::print("  {}\n  - {}\n  + {}\n", name, shown(pair[0]), shown(pair[1]));
  }
}

Expected<int> VersionNumber(const std::string& text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > 100000000) {
      return MakeError(ErrorKind::kUsage, "'{}' is no number of a version", text);
    }
    number = number * 10 + c - '0';
  }
  return number;
}

Expected<int> RunDiffVersions(const DiffCommand& command) {
  const std::string& id = command.what.front();
  app::VersionPair versions;
  if (command.what.size() > 1) {
    MORES_ASSIGN_OR_RETURN(versions.from, VersionNumber(command.what[1]));
  }
  if (command.what.size() > 2) {
    MORES_ASSIGN_OR_RETURN(versions.to, VersionNumber(command.what[2]));
  }
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const std::optional<app::VersionDiff> diff,
                         app::DiffVersions(database, id, versions));
  if (!diff) {
    fmt::print("{} has one version\n", Printable(id));
  } else if (command.json) {
    fmt::print(
        "{}\n",
        DumpJson({{"id", id}, {"from", diff->from}, {"to", diff->to}, {"changed", diff->changed}}));
  } else {
    fmt::print("{} version {} to {}\n", Printable(id), diff->from, diff->to);
    PrintChanged(diff->changed);
  }
  return kExitDone;
}

Expected<int> RunDiffDatabases(const DiffCommand& command) {
  const auto tell = [&](app::GuidelineChange change, const std::string& id, const Json& changed) {
    if (command.json) {
      fmt::print("{}\n", DumpJson({{"id", id}, {"what", Name(change)}, {"changed", changed}}));
    } else {
      fmt::print("{:<9} {}\n", Name(change), Printable(id));
      PrintChanged(changed);
    }
  };
  MORES_ASSIGN_OR_RETURN(const app::DatabaseDiff diff,
                         app::DiffDatabases(command.what[0], command.what[1], tell));
  fmt::print(command.json ? stderr : stdout, "{} added, {} changed, {} withdrawn, {} missing\n",
             diff.added, diff.changed, diff.withdrawn, diff.missing);
  return kExitDone;
}

// Two files, of which one may be missing, and not an id and the number of a version.
bool AreDatabases(const std::vector<std::string>& what) {
  if (what.size() != 2) return false;
  const bool number = what[1].find_first_not_of("0123456789") == std::string::npos;
  return FileExists(what[0]) || !number;
}

constexpr const char kGuidelinesDiffExample[] =
    R"(  mores guidelines diff JP-c57fa280b3 --db guidelines.db
  mores guidelines diff before.db after.db)";

}  // namespace

void AddGuidelinesDiffCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<DiffCommand>();
  CLI::App* command =
      AddCommand(parent, {.name = "diff",
                          .summary = "What changed in a guideline, or between two databases.",
                          .example = kGuidelinesDiffExample});
  command->add_option("what", options->what, "ID [V1 [V2]], or two databases")
      ->required()
      ->expected(1, 3);
  command->add_flag("--json", options->json, "As JSON lines");
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] {
    return AreDatabases(options->what) ? RunDiffDatabases(*options) : RunDiffVersions(*options);
  });
}

}  // namespace mores::cli
