#include "guidelines/search/evaluate.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "guidelines/places/place_words.h"

namespace mores::guidelines {
namespace {

constexpr size_t kDeepest = 10;

double Share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json ToJson(const RecallCounts& counts) {
  return {{"queries", counts.queries},
          {"recall_at_1", Share(counts.at_1, counts.queries)},
          {"recall_at_5", Share(counts.at_5, counts.queries)},
          {"recall_at_10", Share(counts.at_10, counts.queries)}};
}

class Evaluator {
 public:
  Evaluator(Database& database, Searcher& searcher, const SearchEvaluation& options)
      : database_(&database), searcher_(&searcher), options_(&options) {}

  Expected<SearchFigures> Run();

 private:
  std::string CountryOf(const std::string& place) const {
    const auto codes = database_->places().WithAncestors(place);
    return codes.empty() ? place : codes.back();
  }
  // The country that a query was made for, as the benchmark has it: of a place with a code of its
  // own (Hong Kong) that of the record.
  std::string MadeFor(const BenchmarkQuery& query) const {
    const auto name = query.fields.find("country");
    const bool one = query.guidelines.size() == 1 && name != query.fields.end();
    const Place* const country =
        one && name->is_string()
            ? database_->places().FindCountry(name->get_ref<const std::string&>())
            : nullptr;
    return country ? country->code : CountryOf(query.places.front());
  }
  // Whether the country's name, or one of its usual ones, stands in the query by its words.
  bool Names(const std::string& query, const std::string& country) const;
  Status Find(const BenchmarkQuery& query, const SearchOptions& options, RecallCounts& counts);
  void CountMentions(const BenchmarkQuery& query);

  Database* database_;
  Searcher* searcher_;
  const SearchEvaluation* options_;
  SearchFigures figures_;
};

bool Evaluator::Names(const std::string& query, const std::string& country) const {
  constexpr size_t kMostNameWords = 6;
  const std::vector<NameWord> words = NameWords(query);
  for (size_t i = 0; i < words.size(); ++i) {
    if (!words[i].capital) continue;
    const size_t last = std::min(words.size(), i + kMostNameWords);
    for (size_t end = i; end < last; ++end) {
      const size_t size = words[end].end - words[i].begin;
      // Two letters alone are a code, and no name.
      const bool code = size <= 2 && words[i].key != "us" && words[i].key != "uk";
      const Place* place =
          code ? nullptr : database_->places().FindCountry(query.substr(words[i].begin, size));
      if (place && place->code == country) return true;
    }
  }
  return false;
}

Status Evaluator::Find(const BenchmarkQuery& query, const SearchOptions& options,
                       RecallCounts& counts) {
  MORES_ASSIGN_OR_RETURN(const std::vector<Hit> hits, searcher_->Search(query.query, options));
  ++counts.queries;
  for (size_t rank = 0; rank < hits.size(); ++rank) {
    if (hits[rank].what != What::kGuidelines || hits[rank].guideline.id != query.guidelines[0]) {
      continue;
    }
    counts.at_1 += rank < 1 ? 1 : 0;
    counts.at_5 += rank < 5 ? 1 : 0;
    counts.at_10 += 1;
  }
  return {};
}

void Evaluator::CountMentions(const BenchmarkQuery& query) {
  std::set<std::string> own, mentioned;
  for (const std::string& place : query.places) own.insert(CountryOf(place));
  own.insert(MadeFor(query));
  for (const PlaceMention& mention : database_->places().Mentions(query.query)) {
    mentioned.insert(CountryOf(mention.code));
  }
  ++figures_.queries;
  const auto named = [&](const std::string& country) { return Names(query.query, country); };
  const auto found = [&](const std::string& country) { return mentioned.contains(country); };
  if (std::any_of(own.begin(), own.end(), named)) {
    ++figures_.naming;
    figures_.found += std::any_of(own.begin(), own.end(), found) ? 1 : 0;
  }
  const bool all_own = std::includes(own.begin(), own.end(), mentioned.begin(), mentioned.end());
  figures_.wrong += all_own ? 0 : 1;
}

Expected<SearchFigures> Evaluator::Run() {
  std::vector<BenchmarkQuery> queries;
  std::map<std::string, std::string> names;  // of countries as released, to their codes
  MORES_RETURN_IF_ERROR(database_->ForEachQuery([&](const BenchmarkQuery& query) -> Status {
    if (query.guidelines.size() == 1 && !query.places.empty()) {
      const Place* country = database_->places().Find(MadeFor(query));
      if (country) names.emplace(query.fields.value("country", country->name_en), country->code);
    }
    queries.push_back(query);
    return {};
  }));
  std::set<std::string> chosen;
  bool odd = true;
  for (const auto& [name, code] : names) {
    const Countries wanted = options_->countries;
    if (wanted == Countries::kAll || odd == (wanted == Countries::kOdd)) chosen.insert(code);
    odd = !odd;
  }
  figures_.countries = static_cast<int64_t>(chosen.size());
  std::vector<double> times;
  for (const BenchmarkQuery& query : queries) {
    MORES_RETURN_IF_ERROR(options_->stop.Check());
    if (query.places.empty() || !chosen.contains(MadeFor(query))) continue;
    CountMentions(query);
    if ((query.type != 1 && query.type != 4) || query.guidelines.size() != 1) continue;
    const double begin = options_->milliseconds();
    SearchOptions within = {.within = {{.place = MadeFor(query)}}, .limit = kDeepest};
    const std::string own = CountryOf(query.places.front());
    if (own != within.within.front().place) within.within.push_back({.place = own});
    MORES_RETURN_IF_ERROR(Find(query, within, figures_.within_country));
    times.push_back(options_->milliseconds() - begin);
    MORES_RETURN_IF_ERROR(Find(query, {.limit = kDeepest}, figures_.everywhere));
  }
  std::sort(times.begin(), times.end());
  if (!times.empty()) {
    figures_.median_ms = times[times.size() / 2];
    figures_.p99_ms = times[(times.size() - 1) * 99 / 100];
  }
  return figures_;
}

}  // namespace

Json ToJson(const SearchFigures& figures) {
  return {{"countries", figures.countries},
          {"within_country", ToJson(figures.within_country)},
          {"everywhere", ToJson(figures.everywhere)},
          {"queries", figures.queries},
          {"naming_their_country", figures.naming},
          {"named_and_found", Share(figures.found, figures.naming)},
          {"wrong_country", Share(figures.wrong, figures.queries)},
          {"median_ms", figures.median_ms},
          {"p99_ms", figures.p99_ms}};
}

Expected<SearchFigures> EvaluateSearch(Database& database, Searcher& searcher,
                                       const SearchEvaluation& options) {
  return Evaluator(database, searcher, options).Run();
}

}  // namespace mores::guidelines
