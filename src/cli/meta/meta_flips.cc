// mores meta flips: how often guidelines change a judge's labels.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/version.h"
#include "cli/command.h"
#include "cli/judge_options.h"
#include "job/job.h"
#include "job/stop_handlers.h"
#include "judge/places/guideline_flips.h"

namespace mores::cli {
namespace {

struct FlipsCommand {
  JudgeOptions judge;
  std::string triples, output;
  uint64_t seed = 1;
};

Expected<int> RunFlipsCommand(const FlipsCommand& command) {
  MORES_RETURN_IF_ERROR(CheckOutput(command.triples, command.output));
  MORES_RETURN_IF_ERROR(CheckJudgeOptions(command.judge));
  MORES_ASSIGN_OR_RETURN(const std::vector<format::GuidelineTriple> triples,
                         format::ReadGuidelineTriples(command.triples));
  MORES_ASSIGN_OR_RETURN(const OpenedJudge opened, OpenJudge(command.judge, command.output));
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  MORES_ASSIGN_OR_RETURN(Json figures, judge::MeasureFlips(opened.judge(), triples,
                                                           {.bootstrap = {.seed = command.seed},
                                                            .stop = job::InstallStopHandlers(),
                                                            .progress = progress.get()}));
  MORES_ASSIGN_OR_RETURN(figures["input"], job::DescribeInput(command.triples));
  figures["prompt_hash"] = opened.judge().prompt_hash();
  figures["mores"] = Version();
  MORES_RETURN_IF_ERROR(WriteFileAtomically(command.output, figures.dump(2) + "\n"));
  fmt::print(IsStandardOutput(command.output) ? stderr : stdout, "{}", judge::FormatFlips(figures));
  const auto failed = figures["failed"].get<size_t>();
  if (failed == 0) return kExitDone;
  fmt::print(stderr, "mores: {} of {} triples could not be judged and are in no figure\n", failed,
             triples.size());
  return kExitFailedItems;
}

}  // namespace

void AddMetaFlipsCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<FlipsCommand>();
  options->judge.label_only = true;
  CLI::App* command = AddCommand(
      parent,
      {.name = "flips",
       .summary = "Measure how often a guideline changes a judge's label.",
       .example =
           "  mores data build recipes/mini/places-data.toml --data-root ../shared/data -o "
           "out/mini/places\n"
           "  mores meta flips out/mini/places/triples.jsonl --judge models/mini -o flips.json\n\n"
           "In:  {\"id\",\"messages\",\"place\",\"deciding\",\"irrelevant\",\"opposite\"} a line: "
           "a\n"
           "     dialogue and three guidelines. Out: docs/formats/flips.md."});
  command->add_option("TRIPLES", options->triples, "Dialogues with three guidelines each")
      ->required();
  command->add_option("--judge", options->judge.judge,
                      "Model directory (default: $MORES_MODEL, else models/mini), endpoint or "
                      "scripted:FILE");
  command->add_option("-o,--output", options->output, "Figures, or - for standard output")
      ->required();
  AddJudgeOptions(command, options->judge);
  AddEngineOptions(command, options->judge.local);
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] {
    const Expected<int> code = RunFlipsCommand(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
