#include "app/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/figure_options.h"
#include "cli/gate_options.h"
#include "cli/guidelines/guidelines.h"
#include "cli/telling.h"
#include "cli/thresholds.h"
#include "format/gate.h"

namespace mores::cli {
namespace {

struct ReportCommand {
  app::ReportJob job;
  std::vector<std::string> thresholds;
  GateFlags gate;
};

Status CheckBaselineOptions(const app::BaselineFiles& files) {
  if (!files.train.empty() && !files.load.empty()) {
    return MakeError(ErrorKind::kUsage, "--baseline-train and --baseline-model: give one of them");
  }
  if (!files.save.empty() && files.train.empty()) {
    return MakeError(ErrorKind::kUsage, "--save-baseline: needs --baseline-train");
  }
  return {};
}

format::JUnitSuite SuiteOf(const report::Report& report) {
  const report::Collection& collection = report.collection;
  format::JUnitSuite suite{.name = "mores report"};
  for (const report::InputFile& file : collection.verdict_files) {
    suite.properties.emplace_back("verdicts", file.path);
    suite.properties.emplace_back("sha256", file.sha256);
  }
  for (const std::string& model : collection.models) suite.properties.emplace_back("model", model);
  suite.properties.emplace_back("items", std::to_string(report.all.items));
  suite.properties.emplace_back("failed", std::to_string(collection.failed));
  suite.properties.emplace_back("undecided", std::to_string(report.undecided));
  return suite;
}

Expected<int> RunReportCommand(const ReportCommand& command) {
  MORES_ASSIGN_OR_RETURN(const format::Gate gate,
                         ReadGate(command.gate, report::ReportFigures(), command.job.verdicts));
  app::ReportJob job = command.job;
  MORES_ASSIGN_OR_RETURN(job.thresholds, ParseThresholds(command.thresholds));
  MORES_RETURN_IF_ERROR(SettleFigureFiles(job.files));
  MORES_RETURN_IF_ERROR(CheckBaselineOptions(job.baselines));
  MORES_RETURN_IF_ERROR(CheckFigureFiles(job.verdicts, job.files));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const report::Report report, app::ReportVerdicts(job, telling.watch()));
  if (TablePrinted(job.files) && command.gate.junit != "-") {
    fmt::print("{}", report::FormatTable(report));
  }
  std::fflush(stdout);
  return EndGate(
      gate, command.gate, SuiteOf(report),
      [&](const format::Bound& bound) { return report::FigureOf(report, bound); }, kExitDone);
}

}  // namespace

void AddReportCommand(CommandLine& line) {
  auto options = std::make_shared<ReportCommand>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "report",
       .summary =
           "Measure stored verdicts and draw one self-contained page, without judging again.",
       .example =
           "  mores judge examples/dialogues.jsonl -o verdicts.jsonl\n"
           "  mores report verdicts.jsonl --page report.html\n"
           "Opens as a file in any browser. Thresholds can be tried without judging again:\n"
           "  mores report verdicts.jsonl --threshold en=0.4 --threshold zh=0.6\n"
           "What was judged in places is told by place; with --db (or MORES_GUIDELINES) the\n"
           "guidelines cited are told with their texts (docs/formats/report.md).\n\n"
           "Bounds of --fail-if:\n" +
           std::string(kGateHelp)});
  command->add_option("VERDICTS", options->job.verdicts, "Verdict files; each is a set of its own")
      ->required();
  command
      ->add_option("--labels", options->job.labels,
                   "Expected labels by id: {\"id\",\"label\"} lines, or the dialogues themselves, "
                   "from which the texts are taken too")
      ->allow_extra_args(false);
  command
      ->add_option("--threshold", options->thresholds,
                   "Decide anew: unsafe above this; NUMBER, or en=, zh= or other=NUMBER")
      ->allow_extra_args(false);
  command->add_option("--baseline-train", options->job.baselines.train,
                      "Labelled dialogues (such as SFT data) to fix the baselines on");
  command->add_option("--save-baseline", options->job.baselines.save,
                      "Keep the baselines trained here in a file");
  command->add_option("--baseline-model", options->job.baselines.load,
                      "Baselines kept by --save-baseline");
  AddFigureFiles(command, options->job.files);
  command->add_option("--pairs", options->job.pairs,
                      "Field of the dialogues that names their content: verdicts with the same "
                      "value, such as an English and a Chinese wording, are compared");
  AddDatabaseOption(command, options->job.database);
  AddGateOptions(command, options->gate, report::ReportFigures(), "accuracy<0.8");
  command->add_option("--seed", options->job.seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunReportCommand(*options); });
}

}  // namespace mores::cli
