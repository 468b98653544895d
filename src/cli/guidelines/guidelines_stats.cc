// mores guidelines stats, export, migrate: a database as a whole.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/guideline_stats.h"
#include "cli/guidelines/guidelines.h"

namespace mores::cli {
namespace {

struct WholeCommand {
  std::string database, output;
  bool json = false, redistributable = false;
};

void PrintStats(const Json& stats) {
  constexpr size_t kListed = 12;
  for (const auto& [name, value] : stats.items()) {
    if (!value.is_object()) {
      fmt::print("{:<12} {}\n", name,
                 Printable(value.is_string() ? value.get<std::string>() : DumpJson(value)));
      continue;
    }
    fmt::print("{}\n", name);
    size_t listed = 0;
    for (const auto& [key, count] : value.items()) {
      if (++listed > kListed) break;
      fmt::print("  {:>8}  {}\n", count.get<int64_t>(), Printable(key));
    }
    if (value.size() > kListed) fmt::print("  and {} more\n", value.size() - kListed);
  }
}

Expected<int> RunStats(const WholeCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const Json stats, app::DescribeDatabase(database));
  if (command.json) {
    fmt::print("{}\n", DumpJson(stats));
  } else {
    PrintStats(stats);
  }
  return kExitDone;
}

Expected<int> RunExport(const WholeCommand& command) {
  app::ExportJob job{.output = command.output};
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(command.database));
  MORES_RETURN_IF_ERROR(CheckOutput({job.database}, job.output));
  if (command.redistributable) job.what = guidelines::ExportWhat::kRedistributable;
  MORES_ASSIGN_OR_RETURN(const guidelines::Export exported, app::ExportGuidelines(job));
  fmt::print(stderr, "mores: {} guidelines written", exported.guidelines);
  if (command.redistributable) {
    fmt::print(stderr, ", {} left out: a source that may not be passed on, or none",
               exported.left_out);
  }
  fmt::print(stderr, "\n");
  return kExitDone;
}

Expected<int> RunMigrate(const WholeCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string path, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const app::Migrated migrated, app::MigrateDatabase(path));
  fmt::print("{} has schema {}\n", Printable(migrated.path), guidelines::Database::kSchema);
  if (migrated.unreviewed > 0) {
    fmt::print(
        "{} guidelines were human-validated by nobody but who wrote them: they are proposed now, "
        "and decide once others rule for them ('mores guidelines review next'; 'review enough' "
        "sets how many)\n",
        migrated.unreviewed);
  }
  return kExitDone;
}

// A command that has a database alone.
std::pair<CLI::App*, std::shared_ptr<WholeCommand>> Add(CommandLine& line, CLI::App& parent,
                                                        const CommandText& text,
                                                        Expected<int> (*run)(const WholeCommand&)) {
  auto options = std::make_shared<WholeCommand>();
  CLI::App* command = AddCommand(parent, text);
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options, run] { return run(*options); });
  return {command, options};
}

}  // namespace

void AddGuidelinesStatsCommand(CommandLine& line, CLI::App& parent) {
  const auto [command, options] = Add(line, parent,
                                      {.name = "stats",
                                       .summary = "What a database holds.",
                                       .example = "  mores guidelines stats --db guidelines.db"},
                                      RunStats);
  command->add_flag("--json", options->json, "All of it, as JSON");
}

void AddGuidelinesExportCommand(CommandLine& line, CLI::App& parent) {
  const auto [command, options] =
      Add(line, parent,
          {.name = "export",
           .summary = "Write all guidelines as JSON lines, which import reads.",
           .example = "  mores guidelines export --redistributable -o free.jsonl --db "
                      "guidelines.db"},
          RunExport);
  command->add_option("-o,--output", options->output, "JSON lines, or - for standard output")
      ->required();
  command->add_flag("--redistributable", options->redistributable,
                    "Only what all sources allow to pass on");
}

void AddGuidelinesMigrateCommand(CommandLine& line, CLI::App& parent) {
  Add(line, parent,
      {.name = "migrate",
       .summary = "Bring a database of an older mores to the current schema.",
       .example = "  mores guidelines migrate --db guidelines.db"},
      RunMigrate);
}

}  // namespace mores::cli
