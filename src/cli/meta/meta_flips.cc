// mores meta flips: how often guidelines change a judge's labels.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/flips.h"
#include "base/files.h"
#include "cli/command.h"
#include "cli/judge_options.h"
#include "cli/model_options.h"
#include "cli/telling.h"
#include "judge/places/guideline_flips.h"

namespace mores::cli {
namespace {

struct FlipsCommand {
  JudgeFlags judge;
  app::FlipsJob job;
};

Expected<int> RunFlipsCommand(const FlipsCommand& command) {
  app::FlipsJob job = command.job;
  if (!job.output.empty()) {
    job.judge = command.judge.options;
    MORES_RETURN_IF_ERROR(CheckOutput(app::InputsOf(job), job.output));
  }
  MORES_ASSIGN_OR_RETURN(job.judge, ReadJudgeFlags(command.judge, "--model"));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::FlipsResult result, app::MeasureFlips(job, telling.watch()));
  fmt::print(IsStandardOutput(job.output) ? stderr : stdout, "{}",
             judge::FormatFlips(result.figures));
  if (result.was_finished) {
    fmt::print(stderr,
               "mores: {}: finished before by the same run: nothing to do (--fresh does it "
               "again)\n",
               Printable(job.output));
  }
  std::fflush(stdout);
  TellNotes(result.notes);
  if (result.failed == 0) return kExitDone;
  fmt::print(stderr, "mores: {} of {} triples could not be judged and are in no figure\n",
             result.failed, result.triples);
  return kExitFailedItems;
}

}  // namespace

void AddMetaFlipsCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<FlipsCommand>();
  options->judge.options.reply = judge::Reply::kLabelOnly;
  CLI::App* command = AddCommand(
      parent,
      {.name = "flips",
       .summary = "Measure how often a guideline changes a judge's label.",
       .example =
           "  mores data build recipes/mini/places-data.toml --data-root ../shared/data -o "
           "out/mini/places\n"
           "  mores meta flips out/mini/places/triples.jsonl --model models/mini -o flips.json\n\n"
           "In:  {\"id\",\"messages\",\"place\",\"deciding\",\"irrelevant\",\"opposite\"} a line: "
           "a\n"
           "     dialogue and three guidelines. Out: docs/formats/flips.md."});
  command->add_option("TRIPLES", options->job.triples, "Dialogues with three guidelines each")
      ->required();
  command->add_option("--model,--judge", options->judge.options.judge, kJudgeModelHelp);
  command->add_option("-o,--output", options->job.output,
                      "All figures as JSON; - for standard output");
  AddFreshOption(command, options->job.start);
  AddJudgeOptions(command, options->judge);
  AddEngineOptions(command, options->judge.options.local);
  command->add_option("--seed", options->job.seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunFlipsCommand(*options); });
}

}  // namespace mores::cli
