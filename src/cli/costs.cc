// mores costs: what the stages of a study cost, from their manifests.
#include "report/costs.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/command.h"

namespace mores::cli {
namespace {

struct CostsCommand {
  std::vector<std::string> manifests;
  std::string json;
};

Expected<int> RunCosts(const CostsCommand& command) {
  std::vector<report::StageCost> stages;
  if (!command.json.empty()) {
    MORES_RETURN_IF_ERROR(CheckOutput(command.manifests, command.json, "--json"));
  }
  for (const std::string& path : command.manifests) {
    MORES_ASSIGN_OR_RETURN(report::StageCost stage, report::ReadStageCost(path));
    stages.push_back(std::move(stage));
  }
  if (!command.json.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(command.json, DumpJson(report::ToJson(stages)) + "\n"));
  }
  if (!IsStandardOutput(command.json)) fmt::print("{}", report::FormatCosts(stages));
  return kExitDone;
}

}  // namespace

void AddCostsCommand(CommandLine& line) {
  auto options = std::make_shared<CostsCommand>();
  CLI::App* command = AddCommand(
      line.app, {.name = "costs",
                 .summary = "What runs cost: tokens, seconds, memory, from their manifests.",
                 .example =
                     R"(  mores judge examples/dialogues.jsonl -o verdicts.jsonl
  mores costs verdicts.jsonl.manifest.json

A line a run, in the order given. Tokens are those that models were asked for and wrote in that run;
replies kept from before cost nothing again. Formats: docs/formats/costs.md.)"});
  command->add_option("MANIFEST", options->manifests, "OUTPUT.manifest.json of runs")->required();
  command->add_option("--json", options->json, "The same as JSON; - for standard output");
  OnRun(line, command, [options] { return RunCosts(*options); });
}

}  // namespace mores::cli
