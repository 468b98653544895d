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
#include "text/unicode.h"

namespace mores::cli {
namespace {

constexpr size_t kNameColumns = 32;

std::string LabelledShare(int64_t part, int64_t whole) {
  if (whole == 0) return "-";
  return fmt::format("{:.1f}%", 100 * static_cast<double>(part) / static_cast<double>(whole));
}

// A row an annotator: alpha looks only at labels, and says nothing of who gave none.
void TellAnnotators(const Json& annotators) {
  fmt::print("{:<{}}{:>7}{:>7}{:>8}{:>10}{:>8}{:>11}{:>15}\n", "annotator", kNameColumns, "asked",
             "safe", "unsafe", "unparsed", "failed", "labelled", "with majority");
  for (const auto& annotator : annotators.items()) {
    const std::string& by = annotator.key();
    const auto count = [&](const char* field) { return annotator.value()[field].get<int64_t>(); };
    const std::string name = text::FitColumns(Printable(by), kNameColumns - 2);
    fmt::print("{}{:{}}{:>7}{:>7}{:>8}{:>10}{:>8}{:>11}{:>15}\n", name, "",
               kNameColumns - text::CountColumns(name), count("votes"), count("safe"),
               count("unsafe"), count("unparsed"), count("failed"),
               LabelledShare(count("labelled"), count("votes")),
               fmt::format("{} of {}", count("with_majority"), count("compared")));
  }
}

void TellAlpha(const std::string& name, const Json& alpha, int64_t annotators) {
  if (!alpha["value"].is_number()) {
    fmt::print("Krippendorff's alpha{}: undefined: {}\n", name,
               alpha["undefined"].get<std::string>());
    return;
  }
  fmt::print("Krippendorff's alpha{}: {:.3f}", name, alpha["value"].get<double>());
  if (alpha["low"].is_number()) {
    fmt::print(" [{:.3f}, {:.3f}]", alpha["low"].get<double>(), alpha["high"].get<double>());
  }
  const auto who = alpha["annotators"].get<int64_t>();
  fmt::print(" over {} items, from the labels of {} of {} annotators\n",
             alpha["items"].get<int64_t>(), who, annotators);
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
  TellAnnotators(summary["annotators"]);
  const auto annotators = static_cast<int64_t>(summary["annotators"].size());
  TellAlpha("", summary["alpha"], annotators);
  const Json& languages = summary["by_language"];
  const bool several = languages.size() > 1 && summary["alpha"]["value"].is_number();
  for (const auto& [language, counts] : languages.items()) {
    if (several) TellAlpha(", " + language, counts["alpha"], annotators);
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
could not be read. The rest goes to OUTPUT.rejected.jsonl. OUTPUT.summary.json has what became of
each annotator's votes, and Krippendorff's alpha, overall and by language, over the labels alone.
Formats: docs/formats/curation.md.)"});
  AddDataModelOptions(command, "Dialogues or verdicts, or - for standard input", options->common);
  command
      ->add_option("--model,--annotator", options->annotators,
                   "A model (several times): a directory, a GGUF file, a name of mores model list, "
                   "http://HOST:PORT/v1#NAME, scripted:FILE")
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
