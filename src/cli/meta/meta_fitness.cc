// mores meta fitness: may a meta-judge be trusted?
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "base/files.h"
#include "cli/command.h"
#include "cli/meta/meta_judge.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

struct FitnessCommand {
  app::FitnessJob job;
  std::string fail_if;
};

Status CheckFitnessOptions(const FitnessCommand& command) {
  const app::FitnessJob& job = command.job;
  if (!command.fail_if.empty() && command.fail_if != "unfit") {
    return MakeError(ErrorKind::kUsage, "--fail-if {}: must be 'unfit'", command.fail_if);
  }
  if (!job.output.empty()) MORES_RETURN_IF_ERROR(CheckOutput(job.references, job.output));
  return CheckMetaJudge(job.judge);
}

Expected<int> RunFitnessCommand(const FitnessCommand& command) {
  MORES_RETURN_IF_ERROR(CheckFitnessOptions(command));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::FitnessResult result,
                         app::MeasureFitness(command.job, telling.watch()));
  if (!IsStandardOutput(command.job.output)) {
    fmt::print("{}", meta::FormatTable(result.report));
  }
  if (result.totals) fmt::print(stderr, "{}\n", Describe(*result.totals));
  if (command.fail_if == "unfit" && !result.report.fitness.fit) {
    fmt::print(stderr, "mores: --fail-if unfit: the meta-judge is\n");
    return kExitBoundExceeded;
  }
  return result.report.failed > 0 ? kExitFailedItems : kExitDone;
}

constexpr const char kMetaFitnessExample[] =
    R"(  mores meta fitness --references examples/references.jsonl --model lexical -o fitness.json

Measures critiques of which it is known how they ought to score: the references joined, negated,
replaced by the dialogue or by another dialogue's, with a claim dropped, swapped or added, and
reordered, re-cased, merged or reworded. The judge is fit where the references' mean F1 and recall
lie above those of the negated, the copied and the foreign by more than the paired interval, in each
language (docs/formats/fitness.md).
In:  {"prompt","response","aius"} a line, or one JSON array of these.
Out: all figures as JSON, and every ruling in OUT.rulings.jsonl. A run that was stopped goes on
     where it was when it is repeated.
Exit codes: 0 done, whatever the verdict; 1 some critiques failed; 4 unfit, with --fail-if unfit.)";

}  // namespace

void AddMetaFitnessCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<FitnessCommand>();
  CLI::App* command =
      AddCommand(parent, {.name = "fitness",
                          .summary = "Whether a meta-judge ranks critiques as it ought to.",
                          .example = kMetaFitnessExample});
  command
      ->add_option("--references", options->job.references,
                   "Reference AIUs with their dialogues, one file or several")
      ->required();
  command->add_option("-o,--output", options->job.output, "All figures as JSON");
  AddMetaJudgeOptions(command, options->job.judge);
  command
      ->add_option("--limit", options->job.limit, "References at most, drawn by the seed (0: all)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->capture_default_str();
  command->add_option("--seed", options->job.seed, "Of the probes and the resampling")
      ->capture_default_str();
  command->add_option("--fail-if", options->fail_if, "'unfit': exit with 4 then");
  AddFreshOption(command, options->job.start);
  OnRun(line, command, [options] { return RunFitnessCommand(*options); });
}

}  // namespace mores::cli
