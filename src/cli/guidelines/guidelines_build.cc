// mores guidelines generate, vary, validate: guidelines built with language models.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/guideline_building.h"
#include "cli/data/data_models.h"
#include "cli/guidelines/guidelines.h"
#include "cli/model_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

struct BuildCommand {
  app::BuildingOptions building;
  std::string kind, language = "en";
  std::vector<std::string> ids, places, topics, groups, statuses;
  int count = 10;
};

app::NamedPlaces PlacesOf(const BuildCommand& command) {
  return {.names = command.places, .called = "--place"};
}

// With the database that is meant, of which the output is no file.
Expected<app::BuildingOptions> BuildingOf(const BuildCommand& command) {
  app::BuildingOptions building = command.building;
  MORES_ASSIGN_OR_RETURN(building.database, DatabasePath(building.database));
  const std::string& output = building.common.files.output;
  if (!output.empty()) MORES_RETURN_IF_ERROR(CheckOutput({building.database}, output));
  MORES_RETURN_IF_ERROR(CheckModel("--model", building.model));
  return building;
}

Expected<app::SelectionOptions> SelectionOf(const BuildCommand& command) {
  app::SelectionOptions selection{.ids = command.ids, .places = PlacesOf(command)};
  MORES_ASSIGN_OR_RETURN(selection.statuses, ParseStandings(command.statuses));
  return selection;
}

int TellBuilt(const app::CurationRun& run, const app::BuildingOptions& building, const char* step) {
  const std::string& output = building.common.files.output;
  const int code = TellCuration(
      run.curation,
      output.empty() ? job::BesidePath(building.database, std::string(step) + ".jsonl") : output);
  TellTotals(run.models);
  return code;
}

Expected<int> RunGenerateGuidelines(const BuildCommand& command) {
  app::GenerationJob job{.places = PlacesOf(command)};
  MORES_ASSIGN_OR_RETURN(job.building, BuildingOf(command));
  job.options.kinds = {guidelines::Kind::kNorm, guidelines::Kind::kPolicy};
  if (!command.kind.empty()) job.options.kinds = {*guidelines::ParseKind(command.kind)};
  job.options.count = command.count;
  job.options.topics = command.topics;
  job.options.language =
      command.language == "zh" ? text::Language::kChinese : text::Language::kEnglish;
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CurationRun run, app::GenerateGuidelines(job, telling.watch()));
  return TellBuilt(run, job.building, "generate");
}

Expected<int> RunVary(const BuildCommand& command) {
  app::VariationJob job{.groups = command.groups};
  MORES_ASSIGN_OR_RETURN(job.building, BuildingOf(command));
  MORES_ASSIGN_OR_RETURN(job.selection, SelectionOf(command));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CurationRun run, app::VaryGuidelines(job, telling.watch()));
  return TellBuilt(run, job.building, "vary");
}

Expected<int> RunValidate(const BuildCommand& command) {
  app::ValidationJob job;
  MORES_ASSIGN_OR_RETURN(job.building, BuildingOf(command));
  MORES_ASSIGN_OR_RETURN(job.selection, SelectionOf(command));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const app::CurationRun run, app::ValidateGuidelines(job, telling.watch()));
  const int code = TellBuilt(run, job.building, "validate");
  std::string verdicts;
  for (const auto& [verdict, count] : run.curation.summary["by_verdict"].items()) {
    verdicts += fmt::format("{} {}, ", verdict, count.get<int64_t>());
  }
  fmt::print("{}ids that weren't shown {}\n", verdicts,
             run.curation.summary["invented"].get<int64_t>());
  return code;
}

struct Part {
  const char* name;
  const char* summary;
  const char* example;
  Expected<int> (*run)(const BuildCommand&);
};

CLI::App* AddPart(CommandLine& line, CLI::App& parent, const Part& part,
                  const std::shared_ptr<BuildCommand>& options) {
  CLI::App* command =
      AddCommand(parent, {.name = part.name, .summary = part.summary, .example = part.example});
  app::CurationOptions& common = options->building.common;
  AddDatabaseOption(command, options->building.database);
  AddModelChoice(command, "--model", "The model that is asked", options->building.model);
  command->add_option(
      "-o,--output", common.files.output,
      std::string("JSON lines of what came of it; by default DB.") + part.name + ".jsonl");
  AddFreshOption(command, common.files.start);
  AddSamplingOptions(command, common.sampling, "Of draws");
  AddEngineOptions(command, common.local);
  AddChatOptions(command, common.chat);
  OnRun(line, command, [options, run = part.run] { return run(*options); });
  return command;
}

// The guidelines that vary and validate are about.
void AddSelection(CLI::App* command, BuildCommand& options,
                  const std::vector<std::string>& statuses) {
  command->add_option("id", options.ids, "Guidelines; without any all that fit");
  command->add_option("--place", options.places, "Of these places and their parts alone");
  command->add_option("--status", options.statuses, "Of these alone")
      ->check(CLI::IsMember(statuses))
      ->capture_default_str();
}

}  // namespace

void AddGuidelinesGenerateCommand(CommandLine& line, CLI::App& parent) {
  const auto options = std::make_shared<BuildCommand>();
  options->building.common.sampling.max_new_tokens = 4096;
  CLI::App* command = AddPart(
      line, parent,
      {"generate", "Have a model write norms and policies of places.",
       R"(  echo '{"reply":{"guidelines":[{"kind":"norm","topic":"Shoes","text":"In Tonga, shoes stay at the door."}]}}' > replies.jsonl
  mores guidelines generate --db mine.db --place TO --kind norm --count 1 --model scripted:replies.jsonl

What is written has the status 'generated', and never decides before it is checked. Near-duplicates
of what is there are dropped and counted. Formats: docs/formats/guideline-building.md.)",
       RunGenerateGuidelines},
      options);
  command->add_option("--place", options->places, "Places, as NG, NG-BE, or NG+tiv for a group")
      ->required();
  command->add_option("--kind", options->kind, "One kind; by default both")
      ->check(CLI::IsMember({"norm", "policy"}));
  command->add_option("--count", options->count, "Guidelines wanted for each place and kind")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--topic", options->topics, "Topics wanted");
  command->add_option("--lang", options->language, "Language that they are written in")
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str();
}

void AddGuidelinesVaryCommand(CommandLine& line, CLI::App& parent) {
  const auto options = std::make_shared<BuildCommand>();
  options->building.common.sampling.max_new_tokens = 4096;
  options->statuses = {"imported", "generated", "machine-validated", "human-validated"};
  CLI::App* command = AddPart(
      line, parent,
      {"vary", "Have a model say how guidelines differ among the groups of a place.",
       R"(  echo '{"task":"guideline_generation","reply":{"guidelines":[{"kind":"norm","topic":"Shoes","text":"In Tonga, shoes stay at the door."}]}}' > replies.jsonl
  echo '{"task":"guideline_variation","reply":{"variants":[{"group":"TO-02","text":"On the islands of Haapai sandals may stay on."}]}}' >> replies.jsonl
  mores guidelines generate --db mine.db --place TO --kind norm --count 1 --model scripted:replies.jsonl
  mores guidelines vary --db mine.db --place TO --group TO-02 --model scripted:replies.jsonl

Variants of a group have the status 'generated', and take a source and two reviewers of that group
to become more. Formats: docs/formats/guideline-building.md.)",
       RunVary},
      options);
  AddSelection(command, *options, options->statuses);
  command->add_option("--group", options->groups,
                      "Ids of groups and codes of parts; by default all groups of the place");
}

void AddGuidelinesValidateCommand(CommandLine& line, CLI::App& parent) {
  const auto options = std::make_shared<BuildCommand>();
  options->building.common.sampling.max_new_tokens = 1024;
  options->statuses = {"generated"};
  CLI::App* command = AddPart(
      line, parent,
      {"validate", "Have a model check guidelines against passages, and cite them.",
       R"(  echo '{"task":"guideline_generation","reply":{"guidelines":[{"kind":"norm","topic":"Shoes","text":"In Tonga, shoes stay at the door."}]}}' > replies.jsonl
  echo '{"reply":{"verdict":"unknown","evidence":[],"analysis":"No passage speaks of it."}}' >> replies.jsonl
  mores guidelines generate --db mine.db --place TO --kind norm --count 1 --model scripted:replies.jsonl
  mores guidelines validate --db mine.db --model scripted:replies.jsonl -o results.jsonl

Supported makes a guideline machine-validated, refuted contests it, and a verdict without evidence
that was shown counts as unknown. Formats: docs/formats/guideline-building.md.)",
       RunValidate},
      options);
  AddSelection(command, *options, {"imported", "generated", "machine-validated"});
}

}  // namespace mores::cli
