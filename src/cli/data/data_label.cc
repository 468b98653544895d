// mores data label: labels by majority over annotators.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/data/data_models.h"
#include "curate/annotations.h"
#include "curate/label.h"

namespace mores::cli {
namespace {

struct LabelCommand {
  DataModelOptions common;
  std::vector<std::string> annotators;   // models
  std::vector<std::string> annotations;  // files
  bool keep_ties = false;
};

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

Expected<int> RunLabel(const LabelCommand& command) {
  curate::LabelOptions options;
  MORES_ASSIGN_OR_RETURN(const std::vector<curate::Record> records,
                         curate::ReadRecords(command.common.files.input, options.failed_before));
  MORES_ASSIGN_OR_RETURN(options.annotations, curate::ReadAnnotations(command.annotations));
  std::vector<std::string> inputs = {command.common.files.input};
  inputs.insert(inputs.end(), command.annotations.begin(), command.annotations.end());
  std::vector<std::unique_ptr<chat::ChatModel>> models;
  MORES_ASSIGN_OR_RETURN(
      const curate::RunOptions run,
      MakeRunOptions({"data label", inputs, command.annotators}, command.common.files,
                     command.common.local, command.common.chat));
  for (const std::string& annotator : command.annotators) {
    MORES_ASSIGN_OR_RETURN(auto model, OpenDataModel(command.common, annotator));
    options.annotators.push_back(model.get());
    models.push_back(std::move(model));
  }
  options.sampling = command.common.sampling;
  options.ties = command.keep_ties ? curate::Ties::kKept : curate::Ties::kLeftOut;
  Json summary;
  MORES_ASSIGN_OR_RETURN(const int code, RunDataJob(run, [&](const curate::RunOptions& one) {
                           options.run = one;
                           options.run.results = UsageOf("annotator", models);
                           auto result = curate::LabelRecords(records, options);
                           if (result) summary = result->summary;
                           return result;
                         }));
  TellAlpha("", summary["alpha"]);
  for (const auto& [language, counts] : summary["by_language"].items()) {
    TellAlpha(", " + language, counts["alpha"]);
  }
  int64_t failed = 0;
  for (const auto& [by, counts] : summary["annotators"].items()) {
    failed += counts["failed"].get<int64_t>();
  }
  TellTotals(models);
  if (failed == 0) return code;
  fmt::print(stderr, "mores: {} requests to annotators failed; their votes count as no label\n",
             failed);
  return kExitFailedItems;
}

}  // namespace

void AddDataLabelCommand(CommandLine& line, CLI::App& data) {
  const auto options = std::make_shared<LabelCommand>();
  options->common.sampling.max_new_tokens = 256;
  CLI::App* command = AddCommand(
      data, {.name = "label",
             .summary = "Label dialogues by majority over models and files of annotations.",
             .example =
                 R"(  echo '{"id":"a","query":"Hi","response":"Hello, how are you?"}' > in.jsonl
  echo '{"id":"a","label":"safe","by":"ann"}' > ann.jsonl
  echo '{"reply":{"label":"safe","analysis":"A greeting.","rule":null}}' > replies.jsonl
  mores data label in.jsonl -o out.jsonl --annotator scripted:replies.jsonl --annotations ann.jsonl

A label stands where more than half of an item's annotators give it, those included whose reply
could not be read. The rest goes to OUTPUT.rejected.jsonl. OUTPUT.summary.json has Krippendorff's
alpha, overall and by language. Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Dialogues or verdicts, or - for standard input", options->common);
  command
      ->add_option("--annotator", options->annotators,
                   "A model (several times): a directory, http://HOST:PORT/v1#NAME, scripted:FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--annotations", options->annotations,
                   "A file of {\"id\",\"label\",\"by\"} (several times)")
      ->allow_extra_args(false);
  command->add_flag("--keep-ties", options->keep_ties,
                    "Keep records without a majority, with label null");
  OnRun(line, command, [options] {
    const Expected<int> code = RunLabel(*options);
    return code ? *code : Fail(code.error());
  });
}

}  // namespace mores::cli
