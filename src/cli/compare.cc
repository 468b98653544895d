#include "report/compare.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/command.h"
#include "report/page.h"

namespace mores::cli {
namespace {

struct CompareCommand {
  std::string first, second;
  std::vector<std::string> labels;
  std::vector<std::string> thresholds;
  std::string page, summary;
  bool no_content = false;
  uint64_t seed = 1;
};

Expected<int> RunCompareCommand(const CompareCommand& options) {
  MORES_ASSIGN_OR_RETURN(const report::Thresholds thresholds,
                         report::ParseThresholds(options.thresholds));
  const auto collect = [&](const std::string& path) {
    return report::Collect(
        {.verdict_paths = {path}, .label_paths = options.labels, .thresholds = thresholds});
  };
  MORES_ASSIGN_OR_RETURN(report::Collection first, collect(options.first));
  MORES_ASSIGN_OR_RETURN(report::Collection second, collect(options.second));
  MORES_ASSIGN_OR_RETURN(
      const report::Comparison comparison,
      report::Compare(std::move(first), std::move(second), {.seed = options.seed}));
  if (!options.summary.empty()) {
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.summary, DumpJson(report::Summarize(comparison)) + "\n"));
  }
  if (!options.page.empty()) {
    const auto content =
        options.no_content ? report::PageContent::kNoText : report::PageContent::kWithText;
    MORES_RETURN_IF_ERROR(
        WriteFileAtomically(options.page, report::RenderComparePage(comparison, content)));
  }
  if (options.page != "-" && options.summary != "-") {
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
           "  mores compare a.jsonl b.jsonl --labels examples/dialogues.jsonl -o flips.html"});
  command->add_option("FIRST", options->first, "Verdicts, such as those of before")->required();
  command->add_option("SECOND", options->second, "Verdicts, such as those of after")->required();
  command
      ->add_option("--labels", options->labels,
                   "Expected labels by id: {\"id\",\"label\"} lines, or the dialogues themselves")
      ->allow_extra_args(false);
  command
      ->add_option("--threshold", options->thresholds,
                   "Decide both anew: unsafe above this; NUMBER, or en=, zh= or other=NUMBER")
      ->allow_extra_args(false);
  command->add_option("-o,--output", options->page, "The page; - for standard output");
  command->add_option("--json", options->summary, "All figures as JSON; - for standard output");
  command->add_flag("--no-content", options->no_content,
                    "Leave the texts of the dialogues out of the page");
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunCompareCommand(*options); });
}

}  // namespace mores::cli
