// mores meta compare: two outputs of mores meta over the same references.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/agreement.h"
#include "base/json.h"
#include "cli/command.h"
#include "meta/summary.h"

namespace mores::cli {
namespace {

Expected<int> RunMetaCompareCommand(const app::MeasurementsJob& job) {
  MORES_ASSIGN_OR_RETURN(const Json comparison, app::CompareMeasurements(job));
  if (job.output == "-") return kExitDone;
  for (const char* side : {"first", "second"}) {
    const Json& source = comparison["sources"][side];
    fmt::print("{}: {}, judge {}\n", side, Printable(source["path"].get<std::string>()),
               Printable(DumpJson(source["judges"])));
  }
  fmt::print("{}", meta::FormatComparison(comparison));
  return kExitDone;
}

}  // namespace

void AddMetaCompareCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<app::MeasurementsJob>();
  CLI::App* command = AddCommand(
      parent,
      {.name = "compare",
       .summary = "Compare two measurements over the same references, without asking again.",
       .example =
           "  mores meta --critiques a.jsonl --references refs.json -o a.measured.jsonl\n"
           "  mores meta --critiques b.jsonl --references refs.json -o b.measured.jsonl\n"
           "  mores meta compare a.measured.jsonl b.measured.jsonl\n\n"
           "Two judges over the same critiques, or two sets of critiques by the same judge;\n"
           "matched by id. Differences are of the second less the first."});
  command->add_option("FIRST", options->first, "Output of mores meta")->required();
  command->add_option("SECOND", options->second, "Output of mores meta")->required();
  command->add_option("-o,--output,--json", options->output,
                      "All figures as JSON; - for standard output");
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunMetaCompareCommand(*options); });
}

}  // namespace mores::cli
