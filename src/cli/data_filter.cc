// mores data filter: data that a judge confirms.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/data_models.h"
#include "curate/filter.h"

namespace mores::cli {
namespace {

struct FilterCommand {
  DataModelOptions common;
  std::string judge;
  std::vector<std::string> drop_if;
};

Expected<int> RunFilter(const FilterCommand& command) {
  curate::FilterOptions options;
  for (const std::string& text : command.drop_if) {
    Expected<curate::DropCondition> condition = curate::ParseDropCondition(text);
    if (!condition) {
      return MakeError(condition.error().kind, "--drop-if {}", condition.error().message);
    }
    options.drop_if.push_back(std::move(*condition));
  }
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(command.common.input, options.failed_before));
  const std::vector<std::string> inputs = {command.common.input}, names = {command.judge};
  MORES_ASSIGN_OR_RETURN(const curate::RunOptions run,
                         MakeRunOptions("data filter", command.common, inputs, names));
  std::vector<std::unique_ptr<chat::ChatModel>> models(1);
  MORES_ASSIGN_OR_RETURN(models[0], OpenDataModel(command.common, command.judge));
  options.judge = models[0].get();
  options.sampling = command.common.sampling;
  MORES_ASSIGN_OR_RETURN(const int code, RunDataJob(run, [&](const curate::RunOptions& one) {
                           options.run = one;
                           return curate::FilterRecords(records, options);
                         }));
  TellTotals(models);
  return code;
}

}  // namespace

void AddDataFilterCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<FilterCommand>();
  options->common.sampling.max_new_tokens = 256;
  CLI::App* command = AddCommand(
      data,
      {.name = "filter",
       .summary = "Keep the data that a judge confirms.",
       .example =
           R"(  echo '{"id":"a","query":"Hi","response":"Hello there.","label":"safe"}' > in.jsonl
  echo '{"reply":{"label":"safe","analysis":"A greeting.","rule":null}}' > replies.jsonl
  mores data filter in.jsonl -o out.jsonl --judge scripted:replies.jsonl

Dropped is a record of which any --drop-if holds: label!=expected (the judge's label is another than
the record's; the default), or p_unsafe>T, of a judge that gives log-probabilities. It stands in
OUTPUT.rejected.jsonl with what the judge said. Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Dialogues, SFT records or verdicts, or - for standard input",
                      options->common);
  AddModelChoice(command, "--judge", "The model that judges", options->judge);
  command
      ->add_option("--drop-if", options->drop_if,
                   "label!=expected, or p_unsafe with >, >=, < or <= and a number (several times)")
      ->allow_extra_args(false);
  OnRun(line, command, [options] {
    const Expected<int> code = RunFilter(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
