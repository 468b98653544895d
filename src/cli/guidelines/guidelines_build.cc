// mores guidelines generate, vary, validate: guidelines built with language models.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "cli/data/data_models.h"
#include "cli/guidelines/guidelines.h"
#include "curate/guidelines/guideline_building.h"
#include "job/job.h"

namespace mores::cli {
namespace {

struct BuildCommand {
  DataModelOptions common;
  std::string database, model, kind, language = "en";
  std::vector<std::string> ids, places, topics, groups, statuses;
  int count = 10;
};

// Models, database and options of one run; `build` asks and writes.
using Build = std::function<Expected<curate::CurationResult>(const curate::BuildingOptions&)>;

Expected<int> RunBuilding(const std::string& name, BuildCommand& command,
                          guidelines::Database& database, const Build& build) {
  DataFileOptions& files = command.common.files;
  files.input = database.path();
  if (files.output.empty()) files.output = job::BesidePath(files.input, name + ".jsonl");
  MORES_ASSIGN_OR_RETURN(curate::RunOptions run,
                         MakeRunOptions({"guidelines " + name, {files.input}, {command.model}},
                                        files, command.common.local, command.common.chat));
  MORES_ASSIGN_OR_RETURN(run.manifest["guideline_set"], database.SetHash());
  std::vector<std::unique_ptr<chat::ChatModel>> models(1);
  MORES_ASSIGN_OR_RETURN(models[0], OpenDataModel(command.common, command.model));
  curate::BuildingOptions options{
      .model = models[0].get(), .sampling = command.common.sampling, .database = &database};
  MORES_ASSIGN_OR_RETURN(const int code, RunDataJob(run, [&](const curate::RunOptions& one) {
                           options.run = one;
                           options.run.results =
                               UsageOf(name == "validate" ? "judge" : "writer", models);
                           return build(options);
                         }));
  TellTotals(models);
  return code;
}

Expected<int> RunGenerate(BuildCommand& command) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kCreate));
  curate::GenerationOptions options;
  for (const std::string& place : command.places) {
    MORES_ASSIGN_OR_RETURN(options.places.emplace_back(),
                           guidelines::ParsePlaceScope(place, *database));
    const auto& added = options.places.back();
    for (size_t i = 0; i + 1 < options.places.size(); ++i) {
      if (options.places[i].place == added.place && options.places[i].group == added.group) {
        return MakeError(ErrorKind::kUsage, "--place {}: named twice", place);
      }
    }
  }
  options.kinds = {guidelines::Kind::kNorm, guidelines::Kind::kPolicy};
  if (!command.kind.empty()) options.kinds = {*guidelines::ParseKind(command.kind)};
  options.count = command.count;
  options.topics = command.topics;
  options.language = command.language == "zh" ? text::Language::kChinese : text::Language::kEnglish;
  return RunBuilding("generate", command, *database, [&](const curate::BuildingOptions& building) {
    options.building = building;
    return curate::GenerateGuidelines(options);
  });
}

Expected<curate::GuidelineSelection> SelectionOf(const BuildCommand& command,
                                                 guidelines::Database& database) {
  curate::GuidelineSelection selection{.ids = command.ids};
  MORES_ASSIGN_OR_RETURN(selection.statuses, ParseStandings(command.statuses));
  MORES_ASSIGN_OR_RETURN(selection.places, PlaceCodes(command.places, database));
  return selection;
}

Expected<int> RunVary(BuildCommand& command) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kWrite));
  curate::VariationOptions options{.groups = command.groups};
  MORES_ASSIGN_OR_RETURN(const auto selection, SelectionOf(command, *database));
  MORES_ASSIGN_OR_RETURN(options.guidelines, curate::SelectToVary(*database, selection));
  return RunBuilding("vary", command, *database, [&](const curate::BuildingOptions& building) {
    options.building = building;
    return curate::VaryGuidelines(options);
  });
}

Expected<int> RunValidate(BuildCommand& command) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kWrite));
  curate::ValidationOptions options;
  MORES_ASSIGN_OR_RETURN(const auto selection, SelectionOf(command, *database));
  MORES_ASSIGN_OR_RETURN(options.guidelines, curate::SelectToValidate(*database, selection));
  MORES_ASSIGN_OR_RETURN(const auto searcher, guidelines::Searcher::Create(*database));
  options.searcher = searcher.get();
  Json summary;
  const auto validate = [&](const curate::BuildingOptions& building) {
    options.building = building;
    Expected<curate::CurationResult> result = curate::ValidateGuidelines(options);
    if (result) summary = result->summary;
    return result;
  };
  MORES_ASSIGN_OR_RETURN(const int code, RunBuilding("validate", command, *database, validate));
  std::string verdicts;
  for (const auto& [verdict, count] : summary["by_verdict"].items()) {
    verdicts += fmt::format("{} {}, ", verdict, count.get<int64_t>());
  }
  fmt::print("{}ids that weren't shown {}\n", verdicts, summary["invented"].get<int64_t>());
  return code;
}

struct Part {
  const char* name;
  const char* summary;
  const char* example;
  Expected<int> (*run)(BuildCommand&);
};

CLI::App* AddPart(CommandLine& line, CLI::App& parent, const Part& part,
                  const std::shared_ptr<BuildCommand>& options) {
  CLI::App* command =
      AddCommand(parent, {.name = part.name, .summary = part.summary, .example = part.example});
  DataModelOptions& common = options->common;
  AddDatabaseOption(command, options->database);
  AddModelChoice(command, "--model", "The model that is asked", options->model);
  command->add_option(
      "-o,--output", common.files.output,
      std::string("JSON lines of what came of it; by default DB.") + part.name + ".jsonl");
  command->add_flag("--fresh", common.files.fresh, "Drop unfinished work of an earlier run");
  AddSamplingOptions(command, common.sampling, "Of draws");
  AddEngineOptions(command, common.local);
  AddChatOptions(command, common.chat);
  OnRun(line, command, [options, run = part.run] {
    const Expected<int> code = run(*options);
    return code ? *code : Fail(code.error());
  });
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
  options->common.sampling.max_new_tokens = 4096;
  CLI::App* command = AddPart(
      line, parent,
      {"generate", "Have a model write norms and policies of places.",
       R"(  echo '{"reply":{"guidelines":[{"kind":"norm","topic":"Shoes","text":"In Tonga, shoes stay at the door."}]}}' > replies.jsonl
  mores guidelines generate --db mine.db --place TO --kind norm --count 1 --model scripted:replies.jsonl

What is written has the status 'generated', and never decides before it is checked. Near-duplicates
of what is there are dropped and counted. Formats: docs/formats/guideline-building.md.)",
       RunGenerate},
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
  options->common.sampling.max_new_tokens = 4096;
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
  options->common.sampling.max_new_tokens = 1024;
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
