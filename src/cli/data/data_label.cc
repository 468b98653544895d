// mores data label: labels by majority over annotators.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/data/data_models.h"
#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

void TellAlpha(const std::string& name, const Json& alpha) {
  if (!alpha["value"].is_number()) {
    fmt::print("Krippendorff's alpha{}: undefined\n", name);
    return;
  }
  fmt::print("Krippendorff's alpha{}: {:.3f}", name, alpha["value"].get<double>());
  if (alpha["low"].is_number()) {
    fmt::print(" (95% from {:.3f} to {:.3f})", alpha["low"].get<double>(),
               alpha["high"].get<double>());
  }
  fmt::print(" over {} items\n", alpha["items"].get<int64_t>());
}

Expected<int> RunLabel(const app::LabelJob& job) {
  const std::string& output = job.common.files.output;
  std::vector<std::string> inputs = {job.common.files.input};
  inputs.insert(inputs.end(), job.annotations.begin(), job.annotations.end());
  MORES_RETURN_IF_ERROR(CheckOutput(inputs, output));
  for (const std::string& annotator : job.annotators) {
    MORES_RETURN_IF_ERROR(CheckModel("--model", annotator));
  }
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CurationRun run, app::LabelData(job, telling.watch()));
  const int code = TellCuration(run.curation, output);
  const Json& summary = run.curation.summary;
  TellAlpha("", summary["alpha"]);
  for (const auto& [language, counts] : summary["by_language"].items()) {
    TellAlpha(", " + language, counts["alpha"]);
  }
  int64_t failed = 0;
  for (const auto& [by, counts] : summary["annotators"].items()) {
    failed += counts["failed"].get<int64_t>();
  }
  TellTotals(run.models);
  if (failed == 0) return code;
  fmt::print(stderr, "mores: {} requests to annotators failed; their votes count as no label\n",
             failed);
  return kExitFailedItems;
}

}  // namespace

void AddDataLabelCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<app::LabelJob>();
  options->common.sampling.max_new_tokens = 256;
  CLI::App* command = AddCommand(
      data, {.name = "label",
             .summary = "Label dialogues by majority over models and files of annotations.",
             .example =
                 R"(  echo '{"id":"a","query":"Hi","response":"Hello, how are you?"}' > in.jsonl
  echo '{"id":"a","label":"safe","by":"ann"}' > ann.jsonl
  echo '{"reply":{"label":"safe","analysis":"A greeting.","rule":null}}' > replies.jsonl
  mores data label in.jsonl -o labelled.jsonl --model scripted:replies.jsonl --annotations ann.jsonl

A label stands where more than half of an item's annotators give it, those included whose reply
could not be read. The rest goes to OUTPUT.rejected.jsonl. OUTPUT.summary.json has Krippendorff's
alpha, overall and by language. Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Dialogues or verdicts, or - for standard input", options->common);
  command
      ->add_option("--model,--annotator", options->annotators,
                   "A model (several times): a directory, http://HOST:PORT/v1#NAME, scripted:FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--annotations", options->annotations,
                   "A file of {\"id\",\"label\",\"by\"} (several times)")
      ->allow_extra_args(false);
  command->add_flag_callback(
      "--keep-ties", [options] { options->ties = curate::Ties::kKept; },
      "Keep records without a majority, with label null");
  OnRun(line, command, [options] { return RunLabel(*options); });
}

}  // namespace mores::cli
