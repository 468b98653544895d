// mores data critique: critiques for known labels.
#include <memory>

#include "cli/data/data_models.h"
#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunCritique(const app::CritiqueJob& job) {
  MORES_RETURN_IF_ERROR(CheckOutput({job.common.files.input}, job.common.files.output));
  MORES_RETURN_IF_ERROR(CheckModel("--model", job.writer));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CurationRun run, app::CritiqueData(job, telling.watch()));
  const int code = TellCuration(run.curation, job.common.files.output);
  TellTotals(run.models);
  return code;
}

}  // namespace

void AddDataCritiqueCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<app::CritiqueJob>();
  options->common.sampling.max_new_tokens = 512;
  CLI::App* command = AddCommand(
      data,
      {.name = "critique",
       .summary = "Have a model write critiques for dialogues with known labels, as SFT data.",
       .example =
           R"(  echo '{"id":"a","query":"Hi","response":"Hello there.","label":"safe"}' > in.jsonl
  echo '{"reply":{"label":"safe","analysis":"It says hello to the hi of the user."}}' > replies.jsonl
  mores data critique in.jsonl -o sft.jsonl --model scripted:replies.jsonl

With --examples each request shows one example of the same label and language, chosen by the seed
and the item's id (method M2; without: M1). Left out are, and stand in OUTPUT.rejected.jsonl with the
reason, replies that state the other label, and critiques in another language than the dialogue's, of
the other label, that speak of nothing in the dialogue, or that copy it or another critique.
Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Dialogues or verdicts with labels, or - for standard input",
                      options->common);
  AddModelChoice(command, "--model,--writer", "The model that writes", options->writer);
  command->add_option("--examples", options->examples,
                      "SFT records with good critiques (docs/formats/sft.md)");
  OnRun(line, command, [options] { return RunCritique(*options); });
}

}  // namespace mores::cli
