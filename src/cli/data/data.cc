#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>

#include "app/training.h"
#include "cli/command.h"
#include "cli/data/data_models.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunBuild(const data::BuildOptions& options) {
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const data::BuildResult result, app::BuildData(options, telling.watch()));
  std::fputs(result.readable.c_str(), stdout);
  if (result.written == data::SetWritten::kBefore) {
    fmt::print(stderr, "mores: {}: holds this set already: nothing to do\n",
               Printable(options.output_directory));
  }
  for (const std::string& name : result.empty) {
    fmt::print(stderr,
               "mores: {} holds no examples: records whose queries are alike stay in one split "
               "(docs/formats/recipe-data.md)\n",
               name);
  }
  return kExitDone;
}

}  // namespace

void AddDataCommand(CommandLine& line) {
  CLI::App* data = AddCommand(
      line.app,
      {.name = "data",
       .summary = "Curate training data.",
       .example =
           "mores data build recipes/mini/data.toml --data-root ../shared/data -o out/mini/data"});
  data->require_subcommand(1);
  CLI::App* build = AddCommand(
      *data,
      {.name = "build",
       .summary = "Read, de-duplicate, decontaminate, split, balance and render training data.",
       .example =
           "mores data build recipes/mini/data.toml --data-root ../shared/data -o out/mini/data"});
  const auto options = std::make_shared<data::BuildOptions>();
  build->add_option("recipe", options->recipe_path, "the recipe, a TOML file")->required();
  options->data_root = "../shared/data";
  build->add_option("--data-root", options->data_root, "where the sources lie (docs/data.md)")
      ->capture_default_str();
  build->add_option("-o,--output", options->output_directory, "directory for the results")
      ->required();
  build->add_option("--threads", options->threads, "0: one for each processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  AddFreshOption(build, options->start);
  OnRun(line, build, [options] { return RunBuild(*options); });
  AddDataLabelCommand(line, *data);
  AddDataCritiqueCommand(line, *data);
  AddDataQueriesCommand(line, *data);
  AddDataFilterCommand(line, *data);
}

}  // namespace mores::cli
