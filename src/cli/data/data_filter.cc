// mores data filter: data that a judge confirms.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/data/data_models.h"
#include "cli/judge_options.h"
#include "curate/filter.h"

namespace mores::cli {
namespace {

struct FilterCommand {
  DataFileOptions files;
  JudgeOptions judge;
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
  MORES_RETURN_IF_ERROR(CheckJudgeOptions(command.judge));
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(command.files.input, options.failed_before));
  std::vector<std::string> inputs = {command.files.input};
  if (!command.judge.rules.empty()) inputs.push_back(command.judge.rules);
  MORES_ASSIGN_OR_RETURN(curate::RunOptions run,
                         MakeRunOptions({"data filter", inputs, {command.judge.judge}},
                                        command.files, command.judge.local, command.judge.chat));
  JudgeOptions judge_options = command.judge;
  judge_options.chat.fresh = command.files.fresh;
  judge_options.no_content = true;  // the records hold it
  MORES_ASSIGN_OR_RETURN(const OpenedJudge opened, OpenJudge(judge_options, command.files.output));
  const bool bounds = std::any_of(options.drop_if.begin(), options.drop_if.end(),
                                  [](const auto& condition) { return condition.p_unsafe; });
  if (bounds && opened.chat && !opened.chat->model().has_logprobs()) {
    return MakeError(ErrorKind::kUsage, "{} gives no log-probabilities, so p_unsafe is unknown",
                     opened.judge().model_name());
  }
  options.judge = &opened.judge();
  if (!options.judge->options().rules.empty()) {
    run.manifest["rules"] = options.judge->options().rules;
  }
  MORES_ASSIGN_OR_RETURN(const int code, RunDataJob(run, [&](const curate::RunOptions& one) {
                           options.run = one;
                           options.run.results = [&] { return opened.judge().Usage(); };
                           return curate::FilterRecords(records, options);
                         }));
  if (opened.chat) {
    fmt::print("{}: {}\n", Printable(opened.judge().model_name()),
               Describe(opened.chat->model().totals()));
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
  mores data filter in.jsonl -o out.jsonl --judge scripted:replies.jsonl

Dropped is a record of which any --drop-if holds: label!=expected (the judge's label is another than
the record's; the default), or p_unsafe>T, of a judge that tells probabilities. It stands in
OUTPUT.rejected.jsonl with what the judge said. Formats: docs/formats/curation.md.)"});
  AddDataFileOptions(command, "Dialogues, SFT records or verdicts, or - for standard input",
                     options->files);
  AddModelChoice(command, "--judge", "The model that judges", options->judge.judge);
  AddEngineOptions(command, options->judge.local);
  AddJudgeOptions(command, options->judge);
  command->remove_option(command->get_option("--no-content"));
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
