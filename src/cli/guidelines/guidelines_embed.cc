// mores guidelines embed: vectors of what search finds.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/guideline_building.h"
#include "cli/guidelines/embed_options.h"
#include "cli/guidelines/guidelines.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

struct EmbedCommand {
  std::string database;
  app::EmbedOptions embed;
};

Expected<int> RunEmbed(const EmbedCommand& command) {
  MORES_ASSIGN_OR_RETURN(const std::string database, DatabasePath(command.database));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::EmbedResult result,
                         app::EmbedGuidelines(database, command.embed, telling.watch()));
  fmt::print("vectors     {} made, {} as they were, by {}\n", result.made, result.current,
             Printable(result.model));
  return kExitDone;
}

constexpr const char kGuidelinesEmbedExample[] =
    R"(  mores guidelines embed --db guidelines.db --embed http://127.0.0.1:8000/v1#MODEL

Makes the vectors of guidelines and passages that have none by this model, or one of an older text.
What is stopped goes on where it was. Then 'mores guidelines search --embed' searches with them.)";

}  // namespace

void AddGuidelinesEmbedCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<EmbedCommand>();
  CLI::App* command = AddCommand(
      parent, {.name = "embed",
               .summary = "Make vectors of guidelines and passages, for search by meaning.",
               .example = kGuidelinesEmbedExample});
  AddDatabaseOption(command, options->database);
  AddEmbedOptions(command, options->embed)->required();
  OnRun(line, command, [options] { return RunEmbed(*options); });
}

}  // namespace mores::cli
