#include "app/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/command.h"
#include "cli/figure_options.h"
#include "cli/telling.h"
#include "cli/thresholds.h"
#include "format/bound.h"

namespace mores::cli {
namespace {

struct ReportCommand {
  app::ReportJob job;
  std::vector<std::string> thresholds, fail_if;
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

// Prints the bounds that are exceeded and says whether there are any.
bool AnyFigureExceeded(const std::vector<format::Bound>& bounds, const report::Report& report) {
  bool any = false;
  for (const format::Bound& bound : bounds) {
    const double figure = report::FigureNamed(report, bound.metric);
    if (!format::Exceeds(bound, figure)) continue;
    any = true;
    fmt::print(stderr, "mores: bound exceeded: {}, it is {:.4f}\n", format::ToString(bound),
               figure);
  }
  return any;
}

Expected<int> RunReportCommand(const ReportCommand& command) {
  std::vector<format::Bound> bounds;
  for (const std::string& text : command.fail_if) {
    MORES_ASSIGN_OR_RETURN(format::Bound bound, format::ParseBound(text, report::kBoundFigures));
    bounds.push_back(std::move(bound));
  }
  app::ReportJob job = command.job;
  MORES_ASSIGN_OR_RETURN(job.thresholds, ParseThresholds(command.thresholds));
  MORES_RETURN_IF_ERROR(SettleFigureFiles(job.files));
  MORES_RETURN_IF_ERROR(CheckBaselineOptions(job.baselines));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const report::Report report, app::ReportVerdicts(job, telling.watch()));
  if (job.files.page != "-" && job.files.summary != "-") {
    fmt::print("{}", report::FormatTable(report));
  }
  return AnyFigureExceeded(bounds, report) ? kExitBoundExceeded : kExitDone;
}

}  // namespace

void AddReportCommand(CommandLine& line) {
  auto options = std::make_shared<ReportCommand>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "report",
       .summary =
           "Measure stored verdicts and draw one self-contained page, without judging again.",
       .example = "  mores judge examples/dialogues.jsonl -o verdicts.jsonl\n"
                  "  mores report verdicts.jsonl --page report.html\n"
                  "Opens as a file in any browser. Thresholds can be tried without judging again:\n"
                  "  mores report verdicts.jsonl --threshold en=0.4 --threshold zh=0.6"});
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
  command
      ->add_option("--fail-if", options->fail_if,
                   fmt::format("Exit with {} when so, such as 'accuracy<0.8'; figures: {}",
                               kExitBoundExceeded, fmt::join(report::kBoundFigures, ", ")))
      ->allow_extra_args(false);
  command->add_option("--seed", options->job.seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunReportCommand(*options); });
}

}  // namespace mores::cli
