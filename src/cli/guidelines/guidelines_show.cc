// mores guidelines show, history: one guideline or passage, and how it came to be.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "app/guideline_lookup.h"
#include "cli/guidelines/guidelines.h"
#include "guidelines/import/jsonl.h"

namespace mores::cli {
namespace {

struct ShowCommand {
  std::string id, database;
  int version = 0;
  bool json = false;
};

void PrintPassage(const guidelines::Passage& passage) {
  const guidelines::Source& source = passage.source;
  fmt::print("{}  passage\n  places    {}\n  topic     {}\n  heading   {}\n  text      {}\n",
             Printable(passage.id), fmt::join(passage.places, ", "), Printable(passage.topic),
             Printable(passage.heading), Printable(passage.text));
  fmt::print("  source    {}; {}; {}; licence {}\n", Printable(source.title),
             Printable(source.publisher), Printable(source.address),
             source.licence.empty() ? "not stated" : Printable(source.licence));
}

Expected<int> RunShow(const ShowCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const app::FoundById found,
                         app::FindById(database, command.id, command.version));
  const auto* version = std::get_if<guidelines::Version>(&found);
  if (command.json) {
    fmt::print("{}\n",
               DumpJson(version ? ToJson(*version) : ToJson(std::get<guidelines::Passage>(found))));
  } else if (version) {
    fmt::print("{}", Describe(*version));
  } else {
    PrintPassage(std::get<guidelines::Passage>(found));
  }
  return kExitDone;
}

Expected<int> RunHistory(const ShowCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Version> versions,
                         app::GuidelineHistory(database, command.id));
  for (const guidelines::Version& version : versions) {
    if (command.json) {
      fmt::print("{}\n", DumpJson(ToJson(version)));
      continue;
    }
    const guidelines::Change& change = version.change;
    fmt::print("{}  {}  {}  {}{}{}\n", version.guideline.version, change.at,
               guidelines::Name(version.guideline.status), Printable(change.by),
               change.reason.empty() ? "" : ": ", Printable(change.reason));
  }
  return kExitDone;
}

}  // namespace

void AddGuidelinesShowCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<ShowCommand>();
  CLI::App* command = AddCommand(parent, {.name = "show",
                                          .summary = "Show a guideline or a passage.",
                                          .example = "  mores guidelines show JP-c57fa280b3 "
                                                     "--db guidelines.db"});
  command->add_option("id", options->id, "Of a guideline or a passage")->required();
  command->add_option("--version", options->version, "An earlier version of a guideline")
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", options->json, "As JSON");
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] { return RunShow(*options); });
}

void AddGuidelinesHistoryCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<ShowCommand>();
  CLI::App* command = AddCommand(parent, {.name = "history",
                                          .summary = "Who changed a guideline, when and why.",
                                          .example = "  mores guidelines history JP-c57fa280b3 "
                                                     "--db guidelines.db"});
  command->add_option("id", options->id, "Of a guideline")->required();
  command->add_flag("--json", options->json, "Every version whole, as JSON lines");
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] { return RunHistory(*options); });
}

}  // namespace mores::cli
