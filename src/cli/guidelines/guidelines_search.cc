// mores guidelines search, evaluate: what is found, and how well.
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/guidelines/embed_options.h"
#include "cli/guidelines/guidelines.h"
#include "cli/place_options.h"
#include "guidelines/search/evaluate.h"
#include "guidelines/search/search.h"

namespace mores::cli {
namespace {

struct SearchCommand {
  std::string text, database, as_of, only;
  std::vector<std::string> places;
  size_t limit = 10;
  app::EmbedOptions embed;
  bool json = false;
};

struct EvaluateCommand {
  std::string database, countries = "all";
  app::EmbedOptions embed;
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
  MORES_RETURN_IF_ERROR(CheckDay(command.as_of));
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kRead));
  guidelines::SearchOptions options = {
      .deciding_only = !command.as_of.empty(), .as_of = command.as_of, .limit = command.limit};
  if (command.only == "guidelines") options.what = guidelines::What::kGuidelines;
  if (command.only == "passages") options.what = guidelines::What::kPassages;
  for (const std::string& place : command.places) {
    MORES_ASSIGN_OR_RETURN(guidelines::PlaceScope scope,
                           guidelines::ParsePlaceScope(place, *database));
    options.within.push_back(std::move(scope));
  }
  MORES_ASSIGN_OR_RETURN(const app::OpenSearch search, app::OpenSearcher(*database, command.embed));
  MORES_ASSIGN_OR_RETURN(const std::vector<guidelines::Hit> hits,
                         search.searcher->Search(command.text, options));
  for (const guidelines::Hit& hit : hits) Print(hit, command.json);
  return kExitDone;
}

double Milliseconds() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Expected<int> RunEvaluate(const EvaluateCommand& command) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(command.database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(const app::OpenSearch search, app::OpenSearcher(*database, command.embed));
  const auto countries = command.countries == "odd"    ? guidelines::Countries::kOdd
                         : command.countries == "even" ? guidelines::Countries::kEven
                                                       : guidelines::Countries::kAll;
  MORES_ASSIGN_OR_RETURN(
      const guidelines::SearchFigures figures,
      guidelines::EvaluateSearch(*database, *search.searcher, countries, Milliseconds));
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
  command->add_option("text", options->text, "Words, in English or Chinese")->required();
  command->add_option("--place", options->places,
                      "A code, a country's name, or with a group 'NG+Tiv'; may be repeated");
  command->add_option("--as-of", options->as_of,
                      "YYYY-MM-DD: only guidelines that may decide on that day");
  command->add_option("--limit", options->limit, "At most so many")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--only", options->only, "guidelines or passages")
      ->check(CLI::IsMember({"guidelines", "passages"}));
  command->add_flag("--json", options->json, "JSON lines");
  AddEmbedOptions(command, options->embed);
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] { return RunSearch(*options); });
}

void AddGuidelinesEvaluateCommand(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<EvaluateCommand>();
  CLI::App* command = AddCommand(
      parent, {.name = "evaluate",
               .summary = "Measure search and place names on an imported benchmark's queries.",
               .example = "  mores guidelines evaluate --countries even --db guidelines.db"});
  command
      ->add_option("--countries", options->countries,
                   "Which half of the countries, by English name: odd, even, or all")
      ->check(CLI::IsMember({"odd", "even", "all"}))
      ->capture_default_str();
  command->add_flag("--json", options->json, "One line");
  AddEmbedOptions(command, options->embed);
  AddDatabaseOption(command, options->database);
  OnRun(line, command, [options] { return RunEvaluate(*options); });
}

}  // namespace mores::cli
