// mores data queries: requests that test rules or laws.
#include <memory>
#include <string>
#include <vector>

#include "cli/data/data_models.h"
#include "curate/queries.h"

namespace mores::cli {
namespace {

struct QueriesCommand {
  DataModelOptions common;
  std::string writer;
  std::string examples;
  int count = 5;
};

Expected<int> RunQueries(const QueriesCommand& command) {
  curate::QueryOptions options;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::SourceRule> rules,
                         curate::ReadSourceRules(command.common.files.input));
  std::vector<std::string> inputs = {command.common.files.input};
  if (!command.examples.empty()) {
    inputs.push_back(command.examples);
    MORES_ASSIGN_OR_RETURN(options.examples, curate::ReadExampleQueries(command.examples));
  }
  MORES_ASSIGN_OR_RETURN(
      const curate::RunOptions run,
      MakeRunOptions({"data queries", inputs, {command.writer}}, command.common.files,
                     command.common.local, command.common.chat));
  std::vector<std::unique_ptr<chat::ChatModel>> models(1);
  MORES_ASSIGN_OR_RETURN(models[0], OpenDataModel(command.common, command.writer));
  options.writer = models[0].get();
  options.sampling = command.common.sampling;
  options.seed = command.common.sampling.seed;
  options.count = command.count;
  MORES_ASSIGN_OR_RETURN(const int code, RunDataJob(run, [&](const curate::RunOptions& one) {
                           options.run = one;
                           options.run.results = UsageOf("writer", models);
                           return curate::WriteQueries(rules, options);
                         }));
  TellTotals(models);
  return code;
}

}  // namespace

void AddDataQueriesCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<QueriesCommand>();
  options->common.sampling.max_new_tokens = 1024;
  CLI::App* command =
      AddCommand(data, {.name = "queries",
                        .summary = "Have a model write user requests that test rules or laws.",
                        .example =
                            R"(  echo 'Nobody may feed the pigeons in the square.' > rules.txt
  echo '{"reply":{"queries":["Where can I buy grain for pigeons?"]}}' > replies.jsonl
  mores data queries rules.txt -o queries.jsonl --writer scripted:replies.jsonl --count 1

A rule a line; blank lines and those that begin with # are skipped. Queries that are alike but for
case, width and punctuation, or that copy an example, are dropped and counted.
Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Rules or laws, a line each, or - for standard input",
                      options->common);
  AddModelChoice(command, "--writer", "The model that writes", options->writer);
  command->add_option("--count", options->count, "Queries wanted for each rule")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--examples", options->examples,
                      "JSON lines of {\"query\"}, or of dialogues: shown as the manner to follow");
  OnRun(line, command, [options] {
    const Expected<int> code = RunQueries(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
