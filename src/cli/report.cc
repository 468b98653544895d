#include "report/report.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "cli/command.h"
#include "format/bound.h"
#include "job/progress.h"
#include "report/page.h"

namespace mores::cli {
namespace {

struct ReportCommand {
  std::vector<std::string> verdicts;
  std::vector<std::string> labels;
  std::vector<std::string> thresholds;
  std::string baseline_train, baseline_model, save_baseline;
  std::string page, summary, pairs;
  std::vector<std::string> fail_if;
  bool no_content = false;
  uint64_t seed = 1;
};

Expected<std::optional<report::TrainedBaselines>> Baselines(const ReportCommand& options,
                                                            job::Progress& progress) {
  if (!options.baseline_train.empty() && !options.baseline_model.empty()) {
    return MakeError(ErrorKind::kUsage, "--baseline-train and --baseline-model: give one of them");
  }
  if (!options.save_baseline.empty() && options.baseline_train.empty()) {
    return MakeError(ErrorKind::kUsage, "--save-baseline: needs --baseline-train");
  }
  if (!options.baseline_model.empty()) {
    MORES_ASSIGN_OR_RETURN(auto loaded, report::TrainedBaselines::Load(options.baseline_model));
    return std::optional(std::move(loaded));
  }
  if (options.baseline_train.empty()) return std::optional<report::TrainedBaselines>();
  MORES_ASSIGN_OR_RETURN(auto trained,
                         report::TrainedBaselines::Train(options.baseline_train, progress));
  if (!options.save_baseline.empty()) {
    MORES_RETURN_IF_ERROR(trained.Save(options.save_baseline));
  }
  return std::optional(std::move(trained));
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

Expected<int> RunReportCommand(const ReportCommand& options) {
  std::vector<format::Bound> bounds;
  for (const std::string& text : options.fail_if) {
    MORES_ASSIGN_OR_RETURN(format::Bound bound, format::ParseBound(text, report::kBoundFigures));
    bounds.push_back(std::move(bound));
  }
  MORES_ASSIGN_OR_RETURN(const report::Thresholds thresholds,
                         report::ParseThresholds(options.thresholds));
  const std::unique_ptr<job::Progress> progress = job::MakeProgress(SystemClock());
  MORES_ASSIGN_OR_RETURN(report::Collection collection,
                         report::Collect({.verdict_paths = options.verdicts,
                                          .label_paths = options.labels,
                                          .thresholds = thresholds}));
  MORES_ASSIGN_OR_RETURN(const auto baselines, Baselines(options, *progress));
  const stats::BootstrapOptions bootstrap = {.seed = options.seed};
  std::optional<report::Pairs> pairs;
  if (!options.pairs.empty()) {
    MORES_ASSIGN_OR_RETURN(pairs, report::MeasurePairs(collection, options.pairs, bootstrap));
  }
  report::Report report =
      report::MakeReport(std::move(collection), baselines,
                         {.thresholds = thresholds, .bootstrap = bootstrap}, *progress);
  report.pairs = std::move(pairs);
  if (!options.summary.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.summary, DumpJson(report::Summarize(report)) + "\n"));
  }
  if (!options.page.empty()) {
    const auto content =
        options.no_content ? report::PageContent::kNoText : report::PageContent::kWithText;
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.page, report::RenderReportPage(report, content)));
  }
  if (options.page != "-" && options.summary != "-") {
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
                  "  mores report verdicts.jsonl -o report.html\n"
                  "Opens as a file in any browser. Thresholds can be tried without judging again:\n"
                  "  mores report verdicts.jsonl --threshold en=0.4 --threshold zh=0.6"});
  command->add_option("VERDICTS", options->verdicts, "Verdict files; each is a set of its own")
      ->required();
  command
      ->add_option("--labels", options->labels,
                   "Expected labels by id: {\"id\",\"label\"} lines, or the dialogues themselves, "
                   "from which the texts are taken too")
      ->allow_extra_args(false);
  command
      ->add_option("--threshold", options->thresholds,
                   "Decide anew: unsafe above this; NUMBER, or en=, zh= or other=NUMBER")
      ->allow_extra_args(false);
  command->add_option("--baseline-train", options->baseline_train,
                      "Labelled dialogues (such as SFT data) to fix the baselines on");
  command->add_option("--save-baseline", options->save_baseline,
                      "Keep the baselines trained here in a file");
  command->add_option("--baseline-model", options->baseline_model,
                      "Baselines kept by --save-baseline");
  command->add_option("-o,--output", options->page, "The page; - for standard output");
  command->add_option("--json", options->summary, "All figures as JSON; - for standard output");
  command->add_option("--pairs", options->pairs,
                      "Field of the dialogues that names their content: verdicts with the same "
                      "value, such as an English and a Chinese wording, are compared");
  command->add_flag("--no-content", options->no_content,
                    "Leave the texts of the dialogues out of the page");
  command
      ->add_option("--fail-if", options->fail_if,
                   fmt::format("Exit with {} when so, such as 'accuracy<0.8'; figures: {}",
                               kExitBoundExceeded, fmt::join(report::kBoundFigures, ", ")))
      ->allow_extra_args(false);
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunReportCommand(*options); });
}

}  // namespace mores::cli
