// mores meta: critiques measured against reference critiques, by their atomic information units.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/command.h"
#include "cli/meta/meta_judge.h"
#include "cli/telling.h"
#include "meta/summary.h"

namespace mores::cli {
namespace {

// What is needed by the command itself, not by those below it.
Status CheckMetaOptions(const app::MetaJob& job) {
  const auto require = [](bool given, const char* option) -> Status {
    if (given) return {};
    return MakeError(ErrorKind::kUsage, "{} is required (see mores meta --help)", option);
  };
  MORES_RETURN_IF_ERROR(require(!job.critiques.empty(), "--critiques"));
  MORES_RETURN_IF_ERROR(require(!job.references.empty(), "--references"));
  std::vector<std::string> inputs = job.references;
  inputs.push_back(job.critiques);
  MORES_RETURN_IF_ERROR(CheckOutput(inputs, job.output));
  if (!job.page.empty()) MORES_RETURN_IF_ERROR(CheckOutput(inputs, job.page, "--page"));
  if (job.page == job.output) {
    return MakeError(ErrorKind::kUsage, "--page and -o both want {}", job.output);
  }
  return CheckMetaJudge(job.judge);
}

Expected<int> RunMetaCommand(const app::MetaJob& job) {
  MORES_RETURN_IF_ERROR(CheckMetaOptions(job));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::MetaResult result, app::MeasureCritiques(job, telling.watch()));
  const bool taken = IsStandardOutput(job.output) || IsStandardOutput(job.page);
  fmt::print(taken ? stderr : stdout, "{}", meta::FormatSummary(result.summary));
  if (result.totals) fmt::print(stderr, "{}\n", Describe(*result.totals));
  const size_t failed = result.run.failures.size();
  if (failed == 0) return kExitDone;
  fmt::print(stderr,
             "mores: {} of {} critiques failed and are in no figure; run the command again for "
             "them\n",
             failed, result.run.job.done);
  return kExitFailedItems;
}

constexpr const char kMetaExample[] =
    R"(  mores meta --critiques examples/critiques.jsonl --references examples/references.jsonl \
    -o measured.jsonl --page measured.html

In:  critiques: verdicts of mores judge, or {"id","critique"} a line with "dialogue", "messages" or
     "query" and "response"; references: JSON lines or one array of {"prompt","response","aius"} or
     {"id","aius"} (docs/formats/meta.md).
Out: a line a critique with every ruling, and OUT.summary.json: precision is the share of a
     critique's claims that hold given the dialogue, recall the share of the reference's claims that
     the critique states. A run that was stopped goes on where it was when it is repeated.
Exit codes: 0 done, 1 some critiques failed, 2 bad usage or input, 3 a resource is missing or broken,
130 stopped.)";

}  // namespace

void AddMetaCommand(CommandLine& line) {
  auto options = std::make_shared<app::MetaJob>();
  CLI::App* command = AddCommand(
      line.app, {.name = "meta",
                 .summary = "Measure critiques: precision and recall of their single claims.",
                 .example = kMetaExample});
  command->require_subcommand(0, 1);
  command->add_option("--critiques", options->critiques, "Verdicts or critiques, JSON lines");
  command->add_option("--references", options->references,
                      "AIUs of reference critiques, one file or several");
  options->output = "-";
  command->add_option("-o,--output", options->output, "Rulings, or - for standard output")
      ->capture_default_str();
  command->add_option("--page,--report", options->page, "A page to read critiques and rulings on");
  AddMetaJudgeOptions(command, options->judge);
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  command->add_flag_callback(
      "--no-content", [options] { options->content = meta::Content::kLeftOut; },
      "Keep no turns of the dialogues in the output and the page");
  AddFreshOption(command, options->start);
  AddMetaCompareCommand(line, *command);
  AddMetaFitnessCommand(line, *command);
  AddMetaAgreeCommand(line, *command);
  AddMetaFlipsCommand(line, *command);
  OnRun(line, command, [options] { return RunMetaCommand(*options); });
}

}  // namespace mores::cli
