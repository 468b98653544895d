#include "app/compare.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/figure_options.h"
#include "cli/gate_options.h"
#include "cli/thresholds.h"

namespace mores::cli {
namespace {

struct CompareCommand {
  app::CompareJob job;
  std::vector<std::string> thresholds;
  GateFlags gate;
};

format::JUnitSuite SuiteOfComparison(const report::Comparison& comparison) {
  format::JUnitSuite suite{.name = "mores compare"};
  for (const auto& [name, side] :
       {std::pair("first", &comparison.first), std::pair("second", &comparison.second)}) {
    for (const report::InputFile& file : side->verdict_files) {
      suite.properties.emplace_back(name, file.path);
      suite.properties.emplace_back(std::string(name) + " sha256", file.sha256);
    }
    for (const std::string& model : side->models) {
      suite.properties.emplace_back(std::string(name) + " model", model);
    }
  }
  suite.properties.emplace_back("items", std::to_string(comparison.items.size()));
  suite.properties.emplace_back("missing", std::to_string(comparison.only_first.size()));
  return suite;
}

Expected<int> RunCompareCommand(const CompareCommand& command) {
  app::CompareJob job = command.job;
  const std::vector<std::string> inputs = {job.first, job.second};
  MORES_ASSIGN_OR_RETURN(const format::Gate gate,
                         ReadGate(command.gate, report::ComparisonFigures(), inputs));
  MORES_RETURN_IF_ERROR(CheckFigureFiles(inputs, job.files));
  MORES_ASSIGN_OR_RETURN(job.thresholds, ParseThresholds(command.thresholds));
  MORES_RETURN_IF_ERROR(SettleFigureFiles(job.files));
  MORES_ASSIGN_OR_RETURN(const report::Comparison comparison, app::CompareVerdicts(job));
  if (TablePrinted(job.files) && command.gate.junit != "-") {
    fmt::print("{}", report::FormatTable(comparison));
  }
  std::fflush(stdout);
  return EndGate(
      gate, command.gate, SuiteOfComparison(comparison),
      [&](const format::Bound& bound) { return report::FigureOf(comparison, bound); }, kExitDone);
}

}  // namespace

void AddCompareCommand(CommandLine& line) {
  auto options = std::make_shared<CompareCommand>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "compare",
       .summary = "Compare two sets of verdicts over the same items, without judging again.",
       .example =
           "  mores judge examples/dialogues.jsonl -o a.jsonl\n"
           "  mores judge examples/dialogues.jsonl -o b.jsonl --threshold 0.7\n"
           "  mores compare a.jsonl b.jsonl --labels examples/dialogues.jsonl --page flips.html\n"
           "As a gate against the verdicts of a release:\n"
           "  mores compare a.jsonl b.jsonl --fail-if 'became_safe>1%' --fail-if "
           "'accuracy_drop>0.02'\n\n"
           "Bounds of --fail-if are shares of the items in both; mended and broken of those with "
           "a label,\nmissing of the first's. What the second lacks counts as not judged.\n" +
           std::string(kGateHelp)});
  command->add_option("FIRST", options->job.first, "Verdicts, such as those of before")->required();
  command->add_option("SECOND", options->job.second, "Verdicts, such as those of after")
      ->required();
  command
      ->add_option("--labels", options->job.labels,
                   "Expected labels by id: {\"id\",\"label\"} lines, or the dialogues themselves")
      ->allow_extra_args(false);
  command
      ->add_option("--threshold", options->thresholds,
                   "Decide both anew: unsafe above this; NUMBER, or en=, zh= or other=NUMBER")
      ->allow_extra_args(false);
  AddFigureFiles(command, options->job.files);
  AddGateOptions(command, options->gate, report::ComparisonFigures(), "became_safe>0");
  command->add_option("--seed", options->job.seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunCompareCommand(*options); });
}

}  // namespace mores::cli
