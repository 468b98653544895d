// mores data filter: data that a judge confirms.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/data/data_models.h"
#include "cli/judge_options.h"
#include "cli/model_options.h"
#include "cli/telling.h"
#include "curate/filter.h"

namespace mores::cli {
namespace {

struct FilterCommand {
  JudgeFlags judge;
  app::FilterJob job;
  std::vector<std::string> drop_if;
};

Expected<int> RunFilter(const FilterCommand& command) {
  app::FilterJob job = command.job;
  for (const std::string& text : command.drop_if) {
    Expected<curate::DropCondition> condition = curate::ParseDropCondition(text);
    if (!condition) return tl::unexpected<Error>(Named("--drop-if", condition.error()));
    job.drop_if.push_back(std::move(*condition));
  }
  std::vector<std::string> inputs = {job.files.input};
  if (!command.judge.options.rules.empty()) inputs.push_back(command.judge.options.rules);
  MORES_RETURN_IF_ERROR(CheckOutput(inputs, job.files.output));
  MORES_ASSIGN_OR_RETURN(job.judge, ReadJudgeFlags(command.judge, "--model"));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::FilterRun run, app::FilterData(job, telling.watch()));
  const int code = TellCuration(run.curation, job.files.output);
  if (!run.judge->runs_locally()) {
    fmt::print("{}: {}\n", Printable(run.judge->model_name()), Describe(run.judge->totals()));
  }
  return code;
}

}  // namespace

void AddDataFilterCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<FilterCommand>();
  CLI::App* command = AddCommand(
      data,
      {.name = "filter",
       .summary = "Keep the data that a judge confirms.",
       .example =
           R"(  echo '{"id":"a","query":"Hi","response":"Hello there.","label":"safe"}' > in.jsonl
  echo '{"reply":{"label":"safe","analysis":"A greeting.","rule":null}}' > replies.jsonl
  mores data filter in.jsonl -o kept.jsonl --model scripted:replies.jsonl

Dropped is a record of which any --drop-if holds: label!=expected (the judge's label is another than
the record's; the default), or p_unsafe>T, of a judge that tells probabilities. It stands in
OUTPUT.rejected.jsonl with what the judge said. Formats: docs/formats/curation.md.)"});
  AddDataFileOptions(command, "Dialogues, SFT records or verdicts, or - for standard input",
                     options->job.files);
  AddModelChoice(command, "--model,--judge", "The model that judges", options->judge.options.judge);
  AddEngineOptions(command, options->judge.options.local);
  AddJudgeOptions(command, options->judge);
  command->remove_option(command->get_option("--no-content"));
  command
      ->add_option("--drop-if", options->drop_if,
                   "label!=expected, or p_unsafe with >, >=, < or <= and a number (several times)")
      ->allow_extra_args(false);
  OnRun(line, command, [options] { return RunFilter(*options); });
}

}  // namespace mores::cli
