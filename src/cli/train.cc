#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/training.h"
#include "base/figure_text.h"
#include "cli/command.h"
#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

std::string ValidationPercent(const Json& slice, const char* field) {
  const Json value = slice.value(field, Json());
  return value.is_number() ? PercentText(value.get<double>()) : "-";
}

void PrintSlice(const std::string& name, const Json& slice) {
  fmt::print("{:<28} {:>9} {:>11} {:>8} {:>13} {:>11}\n", Printable(name),
             slice.value("examples", int64_t{0}), ValidationPercent(slice, "accuracy"),
             ValidationPercent(slice, "auroc"), ValidationPercent(slice, "label_mass"),
             ValidationPercent(slice, "unparsed"));
}

void PrintResult(const std::string& output, const train::SftResult& result) {
  fmt::print("{:<28} {:>9} {:>11} {:>8} {:>13} {:>11}\n", "validation", "examples", "accuracy %",
             "AUROC %", "label mass %", "unparsed %");
  for (const char* group : {"by_language", "by_source"}) {
    const Json slices = result.evaluation.value(group, Json::object());
    for (const auto& [name, slice] : slices.items()) PrintSlice(name, slice);
  }
  PrintSlice("all", result.evaluation);
  fmt::print("{} {}: {} steps, {} tokens, {:.0f} s of training\n", Printable(output),
             result.already_done ? "was already there" : "written", result.steps, result.tokens,
             result.seconds);
  if (!result.warning.empty()) fmt::print(stderr, "mores: {}\n", Printable(result.warning));
}

Expected<int> RunSft(const app::SftJob& job) {
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const train::SftResult result, app::TrainSft(job, telling.watch()));
  PrintResult(job.options.output, result);
  return kExitDone;
}

}  // namespace

void AddTrainCommand(CommandLine& line) {
  const std::string example =
      "mores data build recipes/mini/data.toml --data-root ../shared/data -o out/mini/data\n"
      "mores train sft recipes/mini/train.toml --data out/mini/data -o out/mini/base\n"
      "\nStopped or killed, the same command goes on from its last checkpoint "
      "(out/mini/base.train).\n"
      "Loss and validation by step: out/mini/base.metrics.jsonl.";
  CLI::App* train =
      AddCommand(line.app, {.name = "train", .summary = "Train a judge.", .example = example});
  train->require_subcommand(1);
  CLI::App* sft =
      AddCommand(*train, {.name = "sft",
                          .summary = "Train on labelled dialogues with critiques, from random "
                                     "weights or from a model.",
                          .example = example});
  const auto job = std::make_shared<app::SftJob>();
  train::SftOptions& options = job->options;
  sft->add_option("recipe", options.recipe, "Recipe, a TOML file")->required();
  sft->add_option("--data", options.data_directory,
                  "Where the recipe's data paths start; default: the recipe's folder");
  sft->add_option("-o,--output", options.output, "Model directory to write")->required();
  sft->add_option("--threads", options.threads, "Threads (0: one a processor); changes no result")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  AddIsaOption(sft, job->isa);
  sft->add_flag_callback(
      "--fresh", [job] { job->options.start = train::StartMode::kFresh; },
      "Drop checkpoints and replace the output instead of going on");
  OnRun(line, sft, [job] { return RunSft(*job); });
}

}  // namespace mores::cli
