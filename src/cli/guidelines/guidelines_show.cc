// mores guidelines show, history: one guideline or passage, and how it came to be.
#include <fmt/format.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "app/guideline_lookup.h"
#include "app/guideline_review.h"
#include "cli/guidelines/guidelines.h"
#include "guidelines/import/jsonl.h"

namespace mores::cli {
namespace {

struct ShowCommand {
  std::string id, database;
  int version = 0;
  bool json = false;
  ViewerFlags viewer;
};

using Rulings = std::map<int, std::vector<guidelines::StoredRuling>>;

Expected<Rulings> RulingsOf(const ShowCommand& command, const std::string& database) {
  if (!command.viewer.given()) return Rulings();
  return app::RulingsFor(database, command.id, ViewerOf(command.viewer));
}

// Null where they aren't for the viewer to see.
Json RulingsToJson(const Rulings& rulings, int version) {
  const auto at = rulings.find(version);
  if (at == rulings.end()) return {};
  Json list = Json::array();
  for (const guidelines::StoredRuling& ruling : at->second) list.push_back(ToJson(ruling));
  return list;
}

void PrintRulings(const Rulings& rulings, int version, std::string_view before) {
  const auto at = rulings.find(version);
  if (at == rulings.end()) return;
  for (const guidelines::StoredRuling& ruling : at->second) {
    fmt::print("{}{}\n", before, Describe(ruling));
  }
}

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
  Rulings rulings;
  if (version) {
    MORES_ASSIGN_OR_RETURN(rulings, RulingsOf(command, database));
  }
  if (command.json) {
    Json json = version ? ToJson(*version) : ToJson(std::get<guidelines::Passage>(found));
    if (version && command.viewer.given()) {
      json["rulings"] = RulingsToJson(rulings, version->guideline.version);
    }
    fmt::print("{}\n", DumpJson(json));
  } else if (version) {
    fmt::print("{}", Describe(*version));
    const int number = version->guideline.version;
    PrintRulings(rulings, number, "  ruling    ");
    if (command.viewer.given() && !rulings.contains(number)) {
      fmt::print("  rulings   not shown: {} hasn't ruled on version {}\n",
                 Printable(command.viewer.reviewer), number);
    }
  } else {
    PrintPassage(std::get<guidelines::Passage>(found));
  }
  return kExitDone;
}

Expected<int> RunHistory(const ShowCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Version> versions,
                         app::GuidelineHistory(database, command.id));
  MORES_ASSIGN_OR_RETURN(const Rulings rulings, RulingsOf(command, database));
  for (const guidelines::Version& version : versions) {
    const int number = version.guideline.version;
    if (command.json) {
      Json json = ToJson(version);
      if (command.viewer.given()) json["rulings"] = RulingsToJson(rulings, number);
      fmt::print("{}\n", DumpJson(json));
      continue;
    }
    const guidelines::Change& change = version.change;
    fmt::print("{}  {}  {}  {}{}{}\n", version.guideline.version, change.at,
               guidelines::Name(version.guideline.status), Printable(change.by),
               change.reason.empty() ? "" : ": ", Printable(change.reason));
    PrintRulings(rulings, number, "   ruling  ");
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
  AddViewerOptions(command, options->viewer);
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
  AddViewerOptions(command, options->viewer);
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] { return RunHistory(*options); });
}

}  // namespace mores::cli
