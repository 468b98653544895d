// mores guidelines search, evaluate: what is found, and how well.
#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "app/guideline_search.h"
#include "cli/guidelines/embed_options.h"
#include "cli/guidelines/guidelines.h"
#include "cli/place_options.h"
#include "cli/telling.h"

namespace mores::cli {
namespace {

struct SearchCommand {
  app::SearchJob job;
  bool json = false;
};

struct EvaluateCommand {
  app::SearchEvaluationJob job;
  bool json = false;
};

void Print(const guidelines::Hit& hit, bool json) {
  const bool guideline = hit.what == guidelines::What::kGuidelines;
  if (json) {
    Json found = guideline ? guidelines::ToJson(hit.guideline)
                           : Json{{"id", hit.passage.id},
                                  {"places", hit.passage.places},
                                  {"topic", hit.passage.topic},
                                  {"heading", hit.passage.heading},
                                  {"text", hit.passage.text}};
    fmt::print("{}\n", DumpJson(Json{{"what", guideline ? "guideline" : "passage"},
                                     {"score", hit.score},
                                     {"found", std::move(found)}}));
    return;
  }
  const auto& places = guideline ? hit.guideline.places : hit.passage.places;
  fmt::print("{}  {}  {}\n    {}\n", Printable(guideline ? hit.guideline.id : hit.passage.id),
             fmt::join(places, ","),
             Printable(guideline ? hit.guideline.topic : hit.passage.heading),
             Printable(guideline ? hit.guideline.text : hit.passage.text));
}

Expected<int> RunSearch(const SearchCommand& command) {
  app::SearchJob job = command.job;
  MORES_RETURN_IF_ERROR(CheckDay(job.as_of));
  if (job.as_of.empty() && job.imports == guidelines::ImportTrust::kAll) {
    return MakeError(ErrorKind::kUsage,
                     "--trust-imports is for --as-of: without it what doesn't decide is found too");
  }
  MORES_RETURN_IF_ERROR(CheckEmbedOptions(job.embed));
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(job.database));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Hit> hits,
                         app::SearchGuidelines(job, telling.watch()));
  for (const guidelines::Hit& hit : hits) Print(hit, command.json);
  return kExitDone;
}

Expected<int> RunEvaluate(const EvaluateCommand& command) {
  app::SearchEvaluationJob job = command.job;
  MORES_RETURN_IF_ERROR(CheckEmbedOptions(job.embed));
  MORES_ASSIGN_OR_RETURN(job.database, DatabasePath(job.database));
  Telling telling;
  MORES_ASSIGN_OR_RETURN(const guidelines::SearchFigures figures,
                         app::EvaluateGuidelineSearch(job, telling.watch()));
  const Json json = guidelines::ToJson(figures);
  if (command.json) {
    fmt::print("{}\n", DumpJson(json));
  } else {
    fmt::print("{}\n", json.dump(2));
  }
  return kExitDone;
}

constexpr const char kSearchExample[] =
    R"(  mores guidelines search "shoes indoors" --place JP --db guidelines.db

With --embed ADDRESS also by vectors, which 'mores guidelines embed' makes
(docs/formats/guideline-search.md).)";

}  // namespace

void AddGuidelinesSearchCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<SearchCommand>();
  CLI::App* command = AddCommand(
      parent, {.name = "search",
               .summary = "Find guidelines and passages by words, in a place or everywhere.",
               .example = kSearchExample});
  command->add_option("text", options->job.text, "Words, in English or Chinese")->required();
  command->add_option("--place", options->job.places,
                      "A code or name, or with a group 'NG+Tiv'; may be repeated");
  command->add_option("--as-of", options->job.as_of,
                      "YYYY-MM-DD: only guidelines that may decide on that day");
  AddTrustOption(command, options->job.imports);
  command->add_option("--limit", options->job.limit, "At most so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      ->add_option_function<std::string>(
          "--only",
          [options](const std::string& name) {
            options->job.what =
                name == "guidelines" ? guidelines::What::kGuidelines : guidelines::What::kPassages;
          },
          "guidelines or passages")
      ->check(CLI::IsMember({"guidelines", "passages"}));
  command->add_flag("--json", options->json, "JSON lines");
  AddEmbedOptions(command, options->job.embed);
  AddDatabaseOption(command, options->job.database);
  OnRun(line, command, [options] { return RunSearch(*options); });
}

void AddGuidelinesEvaluateCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<EvaluateCommand>();
  CLI::App* command = AddCommand(
      parent, {.name = "evaluate",
               .summary = "Measure search and place names on an imported benchmark's queries.",
               .example = "  mores guidelines evaluate --countries even --db guidelines.db"});
  command
      ->add_option_function<std::string>(
          "--countries",
          [options](const std::string& name) {
            options->job.countries = name == "odd"    ? guidelines::Countries::kOdd
                                     : name == "even" ? guidelines::Countries::kEven
                                                      : guidelines::Countries::kAll;
          },
          "Which half of the countries, by English name: odd, even, or all")
      ->check(CLI::IsMember({"odd", "even", "all"}))
      ->default_str("all");
  command->add_flag("--json", options->json, "One line");
  AddEmbedOptions(command, options->job.embed);
  AddDatabaseOption(command, options->job.database);
  OnRun(line, command, [options] { return RunEvaluate(*options); });
}

}  // namespace mores::cli
