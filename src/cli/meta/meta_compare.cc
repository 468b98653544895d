// mores meta compare: two outputs of mores meta over the same references.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "cli/command.h"
#include "job/job.h"
#include "meta/evaluation.h"
#include "meta/summary.h"

namespace mores::cli {
namespace {

struct MetaCompareCommand {
  std::string first, second, summary;
  uint64_t seed = 1;
};

// Where a side comes from, who ruled, and how many of its lines are failures.
Expected<Json> DescribeComparison(const std::string& path,
                                  const std::vector<meta::Evaluation>& evaluations, size_t failed) {
  std::set<std::string> judges;
  for (const meta::Evaluation& evaluation : evaluations) judges.insert(evaluation.judge);
  MORES_ASSIGN_OR_RETURN(Json source, job::DescribeInput(path));
  source["judges"] = judges;
  source["critiques"] = evaluations.size();
  source["failed"] = failed;
  return source;
}

Expected<int> RunMetaCompareCommand(const MetaCompareCommand& options) {
  size_t first_failed = 0, second_failed = 0;
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::Evaluation> first,
                         meta::ReadEvaluations(options.first, &first_failed));
  MORES_ASSIGN_OR_RETURN(const std::vector<meta::Evaluation> second,
                         meta::ReadEvaluations(options.second, &second_failed));
  const auto pairs = meta::PairEvaluations(first, second);
  if (!pairs) {
    return MakeError(pairs.error().kind, "{} and {}: {}", options.first, options.second,
                     pairs.error().message);
  }
  Json comparison = meta::Compare(*pairs, {.seed = options.seed});
  MORES_ASSIGN_OR_RETURN(comparison["sources"]["first"],
                         DescribeComparison(options.first, first, first_failed));
  MORES_ASSIGN_OR_RETURN(comparison["sources"]["second"],
                         DescribeComparison(options.second, second, second_failed));
  if (!options.summary.empty()) {
    MORES_RETURN_IF_ERROR(WriteFileAtomically(options.summary, DumpJson(comparison) + "\n"));
  }
  if (options.summary != "-") {
    for (const char* side : {"first", "second"}) {
      const Json& source = comparison["sources"][side];
      fmt::print("{}: {}, judge {}\n", side, Printable(source["path"].get<std::string>()),
                 Printable(DumpJson(source["judges"])));
    }
    fmt::print("{}", meta::FormatComparison(comparison));
  }
  return kExitDone;
}

}  // namespace

void AddMetaCompareCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<MetaCompareCommand>();
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
  command->add_option("--json", options->summary, "All figures as JSON; - for standard output");
  command->add_option("--seed", options->seed, "Of the resampling")->capture_default_str();
  OnRun(line, command, [options] { return RunMetaCompareCommand(*options); });
}

}  // namespace mores::cli
