// mores meta agree: a meta-judge against people.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "app/agreement.h"
#include "base/files.h"
#include "cli/command.h"

namespace mores::cli {
namespace {

Expected<int> RunAgreeCommand(const app::AgreementJob& job) {
  if (!job.output.empty()) {
    MORES_RETURN_IF_ERROR(CheckOutput({job.humans, job.rulings}, job.output));
  }
  MORES_ASSIGN_OR_RETURN(const app::AgreementResult result, app::MeasureAgreement(job));
  if (!IsStandardOutput(job.output)) fmt::print("{}", meta::FormatTable(result.report));
  if (result.failed > 0) {
    fmt::print(stderr, "mores: {} critiques failed in {} and are left out\n", result.failed,
               Printable(job.rulings));
  }
  return kExitDone;
}

constexpr const char kMetaAgreeExample[] =
    R"(  mores meta --critiques examples/critiques.jsonl --references examples/references.jsonl \
    -o measured.jsonl
  mores meta agree examples/people.jsonl --rulings measured.jsonl -o agreement.json

In:  rulings by people, a critique a line: {"id","aius":[true,false,null...],"reference":[...],
     "by"?}; or a ruling a line: {"id","kind":"precision"|"recall","index","correct","by"?}
     (docs/formats/human-rulings.md). The other file is an output of mores meta.
Out: kappa between the judge and each person over AIUs, tau-b over critiques, and between people.)";

}  // namespace

void AddMetaAgreeCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<app::AgreementJob>();
  CLI::App* command =
      AddCommand(parent, {.name = "agree",
                          .summary = "How far a meta-judge agrees with people's rulings.",
                          .example = kMetaAgreeExample});
  command->add_option("humans", options->humans, "Rulings by people, JSON lines")->required();
  command->add_option("--rulings", options->rulings, "An output of mores meta over the same")
      ->required();
  command->add_option("-o,--output", options->output, "All figures as JSON");
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunAgreeCommand(*options); });
}

}  // namespace mores::cli
