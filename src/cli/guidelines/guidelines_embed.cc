// mores guidelines embed: vectors of what search finds.
#include <fmt/format.h>

#include <memory>
#include <string>

#include "base/clock.h"
#include "cli/guidelines/embed_options.h"
#include "cli/guidelines/guidelines.h"
#include "guidelines/search/vectors.h"
#include "job/progress.h"
#include "job/stop_handlers.h"

namespace mores::cli {
namespace {

struct EmbedCommand {
  std::string database;
  EmbedOptions embed;
};

Expected<int> RunEmbed(const EmbedCommand& command) {
  EmbedOptions embed = command.embed;
  embed.stop = job::InstallStopHandlers();
  MORES_ASSIGN_OR_RETURN(const auto embedder, OpenEmbedder(embed));
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kWrite));
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  bool started = false;
  MORES_ASSIGN_OR_RETURN(
      const guidelines::EmbedCounts counts,
      guidelines::EmbedDocuments(*database, *embedder, [&](int64_t done, int64_t total) {
        if (!started) progress->Start("embed", "documents", total, done);
        if (started) progress->Update(done, "");
        started = true;
      }));
  progress->Finish("");
  fmt::print("vectors     {} made, {} as they were, by {}\n", counts.made, counts.current,
             Printable(embedder->name()));
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
  OnRun(line, command, [options] {
    const Expected<int> code = RunEmbed(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
