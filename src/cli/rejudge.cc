// mores rejudge: verdicts with places, after the guidelines changed.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/rejudge_job.h"
#include "cli/command.h"
#include "cli/guidelines/guidelines.h"
#include "cli/judge_options.h"
#include "cli/model_options.h"
#include "cli/place_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

struct RejudgeCommand {
  JudgeFlags judge;
  app::RejudgeJob job;
};

Expected<int> RunRejudgeCommand(const RejudgeCommand& command) {
  app::RejudgeJob job = command.job;
  MORES_ASSIGN_OR_RETURN(job.judge, ReadJudgeFlags(command.judge, "--model"));
  MORES_RETURN_IF_ERROR(CheckOutput(app::InputsOf(job), job.output));
  MORES_RETURN_IF_ERROR(CheckDay(job.guidelines.as_of));
  MORES_ASSIGN_OR_RETURN(job.guidelines.database, DatabasePath(job.guidelines.database));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::RejudgeResult result, app::RejudgeFile(job, telling.watch()));
  fmt::print(stderr, "{}\n", result.counts.Describe());
  if (!result.changes.empty()) {
    fmt::print(stderr, "verdicts: {}\nchanges: {}\n", Printable(job.output),
               Printable(result.changes));
  }
  TellNotes(result.notes);
  return ExitCodeOf(result.run);
}

constexpr const char kRejudgeExample[] =
    R"(  mores guidelines import jsonl examples/guidelines.jsonl --db places.db --by me --trusted
  mores judge examples/places.jsonl -o placed.jsonl --db places.db --table
  mores guidelines review withdraw SG-b4362bc760 --by me --reason "to see what rests on it" \
    --db places.db
  mores rejudge placed.jsonl -o again.jsonl --db places.db

In:  verdicts with places, as mores judge writes them. What each place was shown is compared with what
the database has for it now; places that differ are judged again by the model that made them. The
general result is copied, and beside a changed place other places say anew how well they are covered
(docs/formats/places.md). The day and the number of guidelines
shown are those that each verdict was made with; with --as-of, what another day alone changes is told
apart.
Out: every verdict in order, and OUT.changes.jsonl: a line for each place that rests on something
changed, why, its label before and after. Nothing else is asked of the model.
Exit codes: 0 done, 1 some verdicts failed, 2 bad usage or input, 3 a resource is missing or broken,
130 stopped.)";

}  // namespace

void AddRejudgeCommand(CommandLine& line) {
  auto options = std::make_shared<RejudgeCommand>();
  CLI::App* command =
      AddCommand(line.app, {.name = "rejudge",
                            .summary = "Judges again what rests on guidelines that changed.",
                            .example = kRejudgeExample});
  command->add_option("input", options->job.input, "Verdicts")->required();
  options->job.output = "-";
  command->add_option("-o,--output", options->job.output, "Verdicts, or - for standard output")
      ->capture_default_str();
  AddModelOptions(command, options->judge.options.local);
  AddJudgeOptions(command, options->judge);
  AddDatabaseOption(command, options->job.guidelines.database);
  command->add_option("--as-of", options->job.guidelines.as_of,
                      "Day whose guidelines hold, as 2026-01-31 (default: that of each verdict)");
  command
      ->add_option("--guidelines-shown", options->job.guidelines.shown,
                   "As the verdicts were made, where they don't say it (default: 5)")
      ->check(CLI::Range(1, 50));
  AddTrustOption(command, options->job.guidelines.imports);
  AddLabelOnlyOption(command, options->judge);
  AddFreshOption(command, options->job.start);
  OnRun(line, command, [options] {
    options->judge.options.judge = options->judge.options.local.model;
    return RunRejudgeCommand(*options);
  });
}

}  // namespace mores::cli
