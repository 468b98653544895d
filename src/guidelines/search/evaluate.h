// How well search and place names do on the queries of a benchmark that is in the database.
#ifndef MORES_GUIDELINES_SEARCH_EVALUATE_H_
#define MORES_GUIDELINES_SEARCH_EVALUATE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "base/json.h"
#include "base/stop.h"
#include "guidelines/search/search.h"
#include "guidelines/store/database.h"

namespace mores::guidelines {

// Which countries count: of those that queries have, by English name from 1, the odd or even ones.
enum class Countries { kOdd, kEven, kAll };

struct RecallCounts {
  int64_t queries = 0, at_1 = 0, at_5 = 0, at_10 = 0;
};

struct SearchFigures {
  int64_t countries = 0;
  // Queries made from one guideline (types 1 and 4), by their text alone, passages among the
  // answers: with the country given, and over all places.
  RecallCounts within_country, everywhere;
  // Of the queries of all types: those whose country's name, as ISO and usage have it, stands in
  // them; those where it was found; and those that lead to a country that isn't the query's.
  int64_t queries = 0, naming = 0, found = 0, wrong = 0;
  double median_ms = 0, p99_ms = 0;  // of a search within the country
};
Json ToJson(const SearchFigures& figures);

struct SearchEvaluation {
  Countries countries = Countries::kAll;
  std::function<double()> milliseconds;  // the time, by any clock that moves forward
  StopToken stop;                        // looked at between queries
};
Expected<SearchFigures> EvaluateSearch(Database& database, Searcher& searcher,
                                       const SearchEvaluation& options);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_SEARCH_EVALUATE_H_
