// The guidelines of a place that may decide about an answer.
#ifndef MORES_JUDGE_PLACES_PLACE_RETRIEVAL_H_
#define MORES_JUDGE_PLACES_PLACE_RETRIEVAL_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/error.h"
#include "format/dialogue.h"
#include "format/place_result.h"
#include "guidelines/search/search.h"
#include "guidelines/store/database.h"
#include "text/language.h"

namespace mores::judge {

// A place that a dialogue is judged in, and how it came to that.
struct AskedPlace {
  guidelines::PlaceScope scope;
  format::PlaceOrigin origin = format::PlaceOrigin::kGiven;
};

struct PlaceOptions {
  std::string as_of;  // YYYY-MM-DD
  size_t shown = 5;   // guidelines, at most
  guidelines::ImportTrust imports = guidelines::ImportTrust::kMarkedSets;
};

struct RetrievedPlace {
  std::string place, group;                       // by name, in the dialogue's language
  std::vector<guidelines::Guideline> guidelines;  // best first
  format::Coverage coverage = format::Coverage::kLow;
  std::set<std::string> name_terms;  // content words of the names, which say nothing of the matter
};

// One caller at a time.
class PlaceRetrieval {
 public:
  // Both must outlive it.
  PlaceRetrieval(guidelines::Database& database, guidelines::Searcher& searcher)
      : database_(database), searcher_(searcher) {}

  // Those of the place, of what it is a part of, and of the group where one is named, that may
  // decide on the day and have to do with the judged exchange: by the search, at least
  // `kLeastScore` of the best one's score, and at least two content words in common with it that
  // no name of the place has, or one of the topic.
  Expected<RetrievedPlace> Find(const format::Dialogue& dialogue,
                                const guidelines::PlaceScope& scope, const PlaceOptions& options);

  guidelines::Database& database() { return database_; }

  static constexpr double kLeastScore = 0.2;
  // Fewer that may decide than this, and a place is thinly covered.
  static constexpr int64_t kThin = 10;

 private:
  Status ReadNames(const guidelines::PlaceScope& scope, text::Language language,
                   RetrievedPlace& retrieved);
  Expected<int64_t> CountDeciding(const guidelines::PlaceScope& scope, const PlaceOptions& options);

  guidelines::Database& database_;
  guidelines::Searcher& searcher_;
  std::map<std::string, int64_t> deciding_;  // by scope, day and trust
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_PLACE_RETRIEVAL_H_
