#include "app/compare.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/command.h"
#include "cli/figure_options.h"
#include "cli/thresholds.h"

namespace mores::cli {
namespace {

struct CompareCommand {
  app::CompareJob job;
  std::vector<std::string> thresholds;
};

Expected<int> RunCompareCommand(const CompareCommand& command) {
  app::CompareJob job = command.job;
  MORES_ASSIGN_OR_RETURN(job.thresholds, ParseThresholds(command.thresholds));
  MORES_RETURN_IF_ERROR(SettleFigureFiles(job.files));
  MORES_ASSIGN_OR_RETURN(const report::Comparison comparison, app::CompareVerdicts(job));
  if (job.files.page != "-" && job.files.summary != "-") {
    fmt::print("{}", report::FormatTable(comparison));
  }
  return kExitDone;
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
           "  mores compare a.jsonl b.jsonl --labels examples/dialogues.jsonl --page flips.html"});
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
  command->add_option("--seed", options->job.seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunCompareCommand(*options); });
}

}  // namespace mores::cli
