#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/training.h"
#include "base/figure_text.h"
#include "cli/command.h"
#include "cli/model_options.h"
#include "cli/telling.h"
#include "train/run_figures.h"
#include "train/sft_output.h"

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

void PrintEnd(const std::string& output, const train::TrainingResult& result) {
  for (const std::string& check : result.checks) fmt::print("{}\n", Printable(check));
  const std::string figures = train::DescribeRun(result.figures);
  if (!figures.empty()) fmt::print("training: {}\n", Printable(figures));
  std::string best;
  if (result.best_step >= 0) best = fmt::format(", those of step {} the best", result.best_step);
  fmt::print("{} {}: {} {}{}, {} tokens, {:.{}f} s of training\n", Printable(output),
             result.already_done ? "was already there" : "written", result.steps,
             result.steps == 1 ? "step" : "steps", best, result.tokens, result.seconds,
             result.seconds < 10 ? 1 : 0);
  const std::string of_loss =
      result.figures.is_object() ? result.figures.value("warning", "") : std::string();
  for (const std::string& warning : {result.warning, of_loss}) {
    if (!warning.empty()) fmt::print(stderr, "mores: {}\n", Printable(warning));
  }
}

void PrintLabels(const Json& evaluation) {
  fmt::print("{:<28} {:>9} {:>11} {:>8} {:>13} {:>11}\n", "validation", "examples", "accuracy %",
             "AUROC %", "label mass %", "unparsed %");
  for (const char* group : {"by_language", "by_source"}) {
    const Json slices = evaluation.value(group, Json::object());
    for (const auto& [name, slice] : slices.items()) PrintSlice(name, slice);
  }
  PrintSlice("all", evaluation);
  if (evaluation.contains("thresholds")) {
    fmt::print("thresholds: {}\n", train::DescribeThresholds(evaluation["thresholds"]));
  }
}

void PrintTokens(const Json& evaluation) {
  fmt::print("{:<28} {:>9} {:>11} {:>17}\n", "validation", "examples", "loss", "token accuracy %");
  fmt::print("{:<28} {:>9} {:>11} {:>17}\n", "all", evaluation.value("examples", int64_t{0}),
             FigureText(evaluation.value("loss", 0.0)),
             ValidationPercent(evaluation, "mean_token_accuracy"));
}

void PrintPreferences(const Json& evaluation) {
  fmt::print("{:<28} {:>9} {:>11} {:>11} {:>11}\n", "validation", "examples", "loss", "accuracy %",
             "margin");
  const auto figure = [&](const char* field) {
    const Json value = evaluation.value(field, Json());
    return value.is_number() ? FigureText(value.get<double>()) : "-";
  };
  fmt::print("{:<28} {:>9} {:>11} {:>11} {:>11}\n", "all", evaluation.value("examples", int64_t{0}),
             figure("loss"), ValidationPercent(evaluation, "rewards/accuracies"),
             figure("rewards/margins"));
}

Expected<int> RunSft(const app::TrainingJob& job) {
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const train::TrainingResult result, app::TrainSft(job, telling.watch()));
  if (result.evaluation.contains("accuracy")) PrintLabels(result.evaluation);
  if (result.evaluation.is_object() && !result.evaluation.contains("accuracy")) {
    PrintTokens(result.evaluation);
  }
  PrintEnd(job.options.output, result);
  return kExitDone;
}

Expected<int> RunPreference(const app::TrainingJob& job) {
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const train::TrainingResult result,
                         app::TrainPreference(job, telling.watch()));
  if (result.evaluation.is_object()) PrintPreferences(result.evaluation);
  PrintEnd(job.options.output, result);
  return kExitDone;
}

// A command that trains; `job` holds what it was called with.
CLI::App* AddTraining(CLI::App& train, const CommandText& texts,
                      const std::shared_ptr<app::TrainingJob>& job) {
  CLI::App* command = AddCommand(train, texts);
  train::TrainingOptions& options = job->options;
  command->add_option("recipe", options.recipe, "Recipe, a TOML file")->required();
  command->add_option("--data", options.data_directory,
                      "Where the recipe's data paths start; default: the recipe's folder");
  command
      ->add_option("-o,--output", options.output,
                   "Directory to write: a model, or an adapter where the recipe trains one")
      ->required();
  command
      ->add_option("--threads", options.threads, "Threads (0: one a processor); changes no result")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  AddIsaOption(command, job->isa);
  command->add_flag_callback(
      "--fresh", [job] { job->options.start = train::StartMode::kFresh; },
      "Drop checkpoints and replace the output instead of going on");
  return command;
}

}  // namespace

void AddTrainCommand(CommandLine& line) {
  const std::string example =
      "mores data build recipes/mini/data.toml --data-root ../shared/data -o out/mini/data\n"
      "mores train sft recipes/mini/train.toml --data out/mini/data -o out/mini/base\n"
      "\nStopped or killed, the same command goes on from its last checkpoint "
      "(out/mini/base.train).\n"
      "Loss and validation by step: out/mini/base.metrics.jsonl.";
  CLI::App* train = AddCommand(
      line.app, {.name = "train", .summary = "Train a judge, or an adapter.", .example = example});
  train->require_subcommand(1);
  const auto sft_job = std::make_shared<app::TrainingJob>();
  CLI::App* sft = AddTraining(
      *train,
      {.name = "sft",
       .summary = "Train on labelled dialogues, with critiques or without, from random weights or "
                  "from a model: every weight, or an adapter.",
       .example = example},
      sft_job);
  OnRun(line, sft, [sft_job] { return RunSft(*sft_job); });
  const auto preference_job = std::make_shared<app::TrainingJob>();
  CLI::App* preference = AddTraining(
      *train,
      {.name = "preference",
       .summary = "Train on preferences (DPO and its kin): every weight of a model, or an adapter.",
       .example = "mores train preference recipes/preference/mini.toml -o out/preference\n"
                  "\nStopped or killed, the same command goes on; log-probabilities of the "
                  "reference are computed once."},
      preference_job);
  OnRun(line, preference, [preference_job] { return RunPreference(*preference_job); });
}

}  // namespace mores::cli
