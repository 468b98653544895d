#include "cli/item_options.h"

#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "cli/model_options.h"

namespace mores::cli {

void AddItemOptions(CLI::App* command, app::ItemOptions& options) {
  command->add_option("input", options.input, "JSON lines, or - for standard input")->required();
  command->add_option("-o,--output", options.output, "JSON lines, or - for standard output")
      ->capture_default_str();
  AddFreshOption(command, options.start);
  AddModelOptions(command, options.model);
}

void AddStartTokenOption(CLI::App* command, app::StartToken& start_token) {
  command->add_flag_callback(
      "--no-bos", [&start_token] { start_token = app::StartToken::kLeftOut; },
      "Put no start token in front of prompts");
}

Status CheckItemOptions(const app::ItemOptions& options) {
  MORES_RETURN_IF_ERROR(
      CheckOutput({options.input, app::ScriptOf(options.model.model)}, options.output));
  return CheckModel("--model", options.model.model);
}

int FinishItems(const job::JobSummary& run, const char* unit) {
  if (run.failed > 0) {
    fmt::print(stderr, "mores: {} of {} {} failed\n", run.failed, run.done, unit);
  }
  return ExitCodeOf(run);
}

}  // namespace mores::cli
