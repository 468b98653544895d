// mores score: the log-probabilities that a model gives to the tokens of given completions; and
// mores features: what it makes of them inside.
#include "app/score.h"

#include <memory>

#include "cli/command.h"
#include "cli/item_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunScore(const app::ScoreOptions& options) {
  MORES_RETURN_IF_ERROR(CheckItemOptions(options.items));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const job::JobSummary run, app::ScoreFile(options, telling.watch()));
  return FinishItems(run, "items");
}

Expected<int> RunFeatures(const app::FeatureOptions& options) {
  MORES_RETURN_IF_ERROR(CheckItemOptions(options.score.items));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const job::JobSummary run, app::FeaturesFile(options, telling.watch()));
  return FinishItems(run, "items");
}

}  // namespace

void AddScoreCommand(CommandLine& line) {
  auto options = std::make_shared<app::ScoreOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "score",
       .summary = "Log-probabilities that a model gives to completions, token by token.",
       .example =
           R"(  echo '{"id":"a","prompt":"The sky is","completion":" blue"}' | mores score -

In:  {"id","prompt","completion"}, or {"id","prompt_ids","completion_ids"} with token ids.
Out: {"id","token_ids","token_logprobs","logprob"} of the completion, natural logarithms.
Prompt and completion are encoded apart, as plain text; the model's start token is put in front of
the prompt. An item with "adapter": "NAME" is computed with what --adapter NAME=PATH gave; its line
says so.)"});
  AddItemOptions(command, options->items);
  AddStartTokenOption(command, options->start_token);
  OnRun(line, command, [options] { return RunScore(*options); });
}

void AddFeaturesCommand(CommandLine& line) {
  auto options = std::make_shared<app::FeatureOptions>();
  CLI::App* command = AddCommand(
      line.app,
      {.name = "features",
       .summary = "Hidden states of a model for completions, for a classifier of your own.",
       .example =
           R"(  echo '{"id":"a","prompt":"The sky is","completion":" blue"}' | mores features - --layers 2

In:  as mores score takes them.
Out: {"id","last","mean"}: the hidden state of the completion's last token, and the mean over its
     tokens, after the model's last norm; six significant digits. With --layers N that norm follows
     the first N layers, and the others aren't computed.
What items begin with is computed once: give what many share as the beginning of their prompts.)"});
  AddItemOptions(command, options->score.items);
  AddStartTokenOption(command, options->score.start_token);
  command
      ->add_option("--layers", options->blocks, "The model's first N layers alone (0: all of them)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  OnRun(line, command, [options] { return RunFeatures(*options); });
}

}  // namespace mores::cli
