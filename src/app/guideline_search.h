// Guidelines and passages found, and how well they are.
#ifndef MORES_APP_GUIDELINE_SEARCH_H_
#define MORES_APP_GUIDELINE_SEARCH_H_

#include <cstddef>
#include <string>
#include <vector>

#include "app/database.h"
#include "app/run.h"
#include "base/error.h"
#include "guidelines/search/evaluate.h"
#include "guidelines/search/search.h"

namespace mores::app {

struct SearchJob {
  std::string database, text;
  std::vector<std::string> places;  // names, groups included; empty: everywhere
  guidelines::What what = guidelines::What::kBoth;
  std::string as_of;  // a day: only guidelines that may decide on it; empty: whatever the day
  guidelines::ImportTrust imports = guidelines::ImportTrust::kMarkedSets;  // with a day
  size_t limit = 10;
  EmbedOptions embed;
};
Expected<std::vector<guidelines::Hit>> SearchGuidelines(const SearchJob& options,
                                                        const Watch& watch);

struct SearchEvaluationJob {
  std::string database;
  guidelines::Countries countries = guidelines::Countries::kAll;
  EmbedOptions embed;
};
Expected<guidelines::SearchFigures> EvaluateGuidelineSearch(const SearchEvaluationJob& options,
                                                            const Watch& watch);

}  // namespace mores::app

#endif  // MORES_APP_GUIDELINE_SEARCH_H_
