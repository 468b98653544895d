// mores costs: what the stages of a study cost, from their manifests.
#include "app/costs.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "base/files.h"
#include "cli/command.h"

namespace mores::cli {
namespace {

Expected<int> RunCosts(const app::CostsJob& job) {
  if (!job.output.empty()) {
    MORES_RETURN_IF_ERROR(CheckOutput(job.manifests, job.output));
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<report::StageCost> stages, app::TellCosts(job));
  if (!IsStandardOutput(job.output)) fmt::print("{}", report::FormatCosts(stages));
  return kExitDone;
}

}  // namespace

void AddCostsCommand(CommandLine& line) {
  auto options = std::make_shared<app::CostsJob>();
  CLI::App* command = AddCommand(
      line.app, {.name = "costs",
                 .summary = "What runs cost: tokens, seconds, memory, from their manifests.",
                 .example =
                     R"(  mores judge examples/dialogues.jsonl -o verdicts.jsonl
  mores costs verdicts.jsonl

A line a run, in the order given. Tokens are those that models were asked for and wrote in that run;
replies kept from before cost nothing again. Formats: docs/formats/costs.md.)"});
  command
      ->add_option("MANIFEST", options->manifests,
                   "OUTPUT.manifest.json of runs, or the outputs beside it")
      ->required();
  command->add_option("-o,--output,--json", options->output,
                      "The same as JSON; - for standard output");
  OnRun(line, command, [options] { return RunCosts(*options); });
}

}  // namespace mores::cli
