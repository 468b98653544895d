// What building guidelines with models shares: the texts that are there already, the names of
// places, and adding what is new.
#ifndef MORES_CURATE_GUIDELINES_GUIDELINE_TEXTS_H_
#define MORES_CURATE_GUIDELINES_GUIDELINE_TEXTS_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "curate/guidelines/guideline_building.h"
#include "data/near_duplicates.h"
#include "guidelines/store/database.h"

namespace mores::curate {

// Guidelines of some places, whatever their status, for finding near-duplicates.
class KnownGuidelines {
 public:
  explicit KnownGuidelines(guidelines::Database& database) : database_(database) {}

  // Reads the current guidelines of a place, once.
  Status Load(const std::string& place);
  void Add(guidelines::Guideline guideline);

  using Counts = std::function<bool(const guidelines::Guideline&)>;
  // The first that counts and whose text is alike; nullptr for none.
  const guidelines::Guideline* FindAlike(std::string_view text, const Counts& counts) const;
  // In the order of their loading, up to `limit`.
  std::vector<const guidelines::Guideline*> List(const Counts& counts, size_t limit) const;

 private:
  struct Known {
    guidelines::Guideline guideline;
    data::GramSet grams;
  };
  guidelines::Database& database_;
  std::set<std::string> loaded_, ids_;
  std::vector<Known> known_;
};

bool AreAlike(std::string_view text, std::string_view other);

// Why a text that a model wrote is no guideline: "blank", "too_long"; nullptr where it is fine.
const char* ProblemOf(std::string_view text);

// "Benue, Nigeria": a place and what it is a part of; the code where the name isn't known.
std::string PlaceName(const guidelines::PlaceCatalogue& places, const std::string& code,
                      text::Language language);
std::string GroupName(const guidelines::Group& group, text::Language language);
text::Language LanguageOf(const guidelines::Guideline& guideline);

// Adds a guideline that the database doesn't have; false where its id is there, and stays as it is.
Expected<bool> AddNew(guidelines::Database& database, guidelines::Guideline& guideline,
                      const guidelines::Change& change);

// A guideline as a record of the output: ToJson, and `generator`.
Json GuidelineRecord(const guidelines::Guideline& guideline, const Json& generator);

}  // namespace mores::curate

#endif  // MORES_CURATE_GUIDELINES_GUIDELINE_TEXTS_H_
