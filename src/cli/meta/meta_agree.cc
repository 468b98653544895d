// mores meta agree: a meta-judge against people.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/command.h"
#include "meta/agreement.h"

namespace mores::cli {
namespace {

struct AgreeCommand {
  std::string humans, rulings, output;
  uint64_t seed = 1;
};

Expected<int> RunAgreeCommand(const AgreeCommand& command) {
  if (!command.output.empty()) {
    MORES_RETURN_IF_ERROR(CheckOutput({command.humans, command.rulings}, command.output));
  }
  size_t failed = 0;
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::Evaluation> evaluations,
                         meta::ReadEvaluations(command.rulings, &failed));
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::HumanRater> raters,
                         meta::ReadHumanRulings(command.humans, evaluations));
  const meta::AgreementReport report =
      meta::AssessAgreement(evaluations, raters, {.seed = command.seed});
  if (!command.output.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(command.output, DumpJson(meta::ToJson(report)) + "\n"));
  }
  if (!IsStandardOutput(command.output)) fmt::print("{}", meta::FormatTable(report));
  if (failed > 0) {
    fmt::print(stderr, "mores: {} critiques failed in {} and are left out\n", failed,
               Printable(command.rulings));
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
  auto options = std::make_shared<AgreeCommand>();
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
