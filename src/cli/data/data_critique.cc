// mores data critique: critiques for known labels.
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/data/data_models.h"
#include "curate/critiques.h"
#include "format/sft.h"

namespace mores::cli {
namespace {

struct CritiqueCommand {
  DataModelOptions common;
  std::string writer;
  std::string examples;
};

Expected<int> RunCritique(const CritiqueCommand& command) {
  curate::CritiqueOptions options;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(command.common.files.input, options.failed_before));
  std::vector<std::string> inputs = {command.common.files.input};
  std::optional<curate::CritiqueExamples> examples;
  if (!command.examples.empty()) {
    inputs.push_back(command.examples);
    MORES_ASSIGN_OR_RETURN(const auto profile,
                           format::FindJudgeProfile(format::JudgeConfig().profile));
    MORES_ASSIGN_OR_RETURN(auto read, format::ReadSftRecords(command.examples, *profile));
    examples.emplace(std::move(read), command.common.sampling.seed);
    options.examples = &*examples;
  }
  MORES_ASSIGN_OR_RETURN(
      const curate::RunOptions run,
      MakeRunOptions({"data critique", inputs, {command.writer}}, command.common.files,
                     command.common.local, command.common.chat));
  std::vector<std::unique_ptr<chat::ChatModel>> models(1);
  MORES_ASSIGN_OR_RETURN(models[0], OpenDataModel(command.common, command.writer));
  options.writer = models[0].get();
  options.sampling = command.common.sampling;
  MORES_ASSIGN_OR_RETURN(const int code, RunDataJob(run, [&](const curate::RunOptions& one) {
                           options.run = one;
                           options.run.results = UsageOf("writer", models);
                           return curate::WriteCritiques(records, options);
                         }));
  TellTotals(models);
  return code;
}

}  // namespace

void AddDataCritiqueCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<CritiqueCommand>();
  options->common.sampling.max_new_tokens = 512;
  CLI::App* command = AddCommand(
      data,
      {.name = "critique",
       .summary = "Have a model write critiques for dialogues with known labels, as SFT data.",
       .example =
           R"(  echo '{"id":"a","query":"Hi","response":"Hello there.","label":"safe"}' > in.jsonl
  echo '{"reply":{"label":"safe","analysis":"The answer greets back."}}' > replies.jsonl
  mores data critique in.jsonl -o sft.jsonl --writer scripted:replies.jsonl

With --examples each request shows one example of the same label and language, chosen by the seed
and the item's id (method M2; without: M1). A reply that states the other label is left out, and
stands in OUTPUT.rejected.jsonl as `contradicted`. Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Dialogues or verdicts with labels, or - for standard input",
                      options->common);
  AddModelChoice(command, "--writer", "The model that writes", options->writer);
  command->add_option("--examples", options->examples,
                      "SFT records with good critiques (docs/formats/sft.md)");
  OnRun(line, command, [options] {
    const Expected<int> code = RunCritique(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
