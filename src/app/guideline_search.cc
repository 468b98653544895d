#include "app/guideline_search.h"

#include <chrono>
#include <utility>

namespace mores::app {
namespace {

double Milliseconds() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Expected<OpenSearch> OpenStoppable(guidelines::Database& database, EmbedOptions embed,
                                   const Watch& watch) {
  embed.stop = watch.stop;
  return OpenSearcher(database, embed);
}

}  // namespace

Expected<std::vector<guidelines::Hit>> SearchGuidelines(const SearchJob& options,
                                                        const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kRead));
  guidelines::SearchOptions search = {.what = options.what,
                                      .deciding_only = !options.as_of.empty(),
                                      .as_of = options.as_of,
                                      .imports = options.imports,
                                      .limit = options.limit};
  for (const std::string& place : options.places) {
    MORES_ASSIGN_OR_RETURN(guidelines::PlaceScope scope,
                           guidelines::ParsePlaceScope(place, *database));
    search.within.push_back(std::move(scope));
  }
  MORES_ASSIGN_OR_RETURN(const OpenSearch opened, OpenStoppable(*database, options.embed, watch));
  MORES_RETURN_IF_ERROR(watch.stop.Check());
  return opened.searcher->Search(options.text, search);
}

Expected<guidelines::SearchFigures> EvaluateGuidelineSearch(const SearchEvaluationJob& options,
                                                            const Watch& watch) {
  MORES_ASSIGN_OR_RETURN(const auto database,
                         OpenDatabase(options.database, GuidelineAccess::kRead));
  MORES_ASSIGN_OR_RETURN(const OpenSearch opened, OpenStoppable(*database, options.embed, watch));
  return guidelines::EvaluateSearch(
      *database, *opened.searcher,
      {.countries = options.countries, .milliseconds = Milliseconds, .stop = watch.stop});
}

}  // namespace mores::app
