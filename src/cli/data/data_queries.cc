// mores data queries: requests that test rules or laws.
#include <memory>

#include "cli/data/data_models.h"
#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunQueries(const app::QueriesJob& job) {
  MORES_RETURN_IF_ERROR(CheckOutput({job.common.files.input}, job.common.files.output));
  MORES_RETURN_IF_ERROR(CheckModel("--model", job.writer));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CurationRun run, app::WriteQueries(job, telling.watch()));
  const int code = TellCuration(run.curation, job.common.files.output);
  TellTotals(run.models);
  return code;
}

}  // namespace

void AddDataQueriesCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<app::QueriesJob>();
  options->common.sampling.max_new_tokens = 1024;
  CLI::App* command =
      AddCommand(data, {.name = "queries",
                        .summary = "Have a model write user requests that test rules or laws.",
                        .example =
                            R"(  echo 'Nobody may feed the pigeons in the square.' > rules.txt
  echo '{"reply":{"queries":["Where can I buy grain for pigeons?"]}}' > replies.jsonl
  mores data queries rules.txt -o queries.jsonl --model scripted:replies.jsonl --count 1

A rule a line; blank lines and those that begin with # are skipped. Queries that are alike but for
case, width and punctuation, or that copy an example, are dropped and counted.
Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Rules or laws, a line each, or - for standard input",
                      options->common);
  AddModelChoice(command, "--model,--writer", "The model that writes", options->writer);
  command->add_option("--count", options->count, "Queries wanted for each rule")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--examples", options->examples,
                      "JSON lines of {\"query\"}, or of dialogues: shown as the manner to follow");
  OnRun(line, command, [options] { return RunQueries(*options); });
}

}  // namespace mores::cli
