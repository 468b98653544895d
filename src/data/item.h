// A record on its way through a build, and what became of it. For src/data only.
#ifndef MORES_DATA_ITEM_H_
#define MORES_DATA_ITEM_H_

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "data/record.h"

namespace mores::data {

enum class Fate {
  kKept,
  kFiltered,        // the recipe's `where` leaves it out
  kBlank,           // nothing to judge in it
  kNothingLearned,  // its label isn't learned, and it has no category or critique that is
  kTooLong,         // for the recipe
  kDuplicate,       // same turns and label as one before, after normalisation
  kConflict,        // same turns as another with the other label; both go
  kTestQuery,       // a query of a test set, after normalisation
  kTestResponse,    // a response of a test set
  kNearTestQuery,   // near-duplicate of a test set's query
  kNearTestResponse,
  kNearTestPair,
  kNearValidation,  // its query is near one that is kept for validation
  kSampling,        // not drawn
  kLengths,         // no counterpart of its length, or in excess of them
  kBalance,         // in excess of its label's share or of its source's bound
};
inline constexpr std::array kAllFates = {
    Fate::kKept,          Fate::kFiltered,         Fate::kBlank,        Fate::kNothingLearned,
    Fate::kDuplicate,     Fate::kConflict,         Fate::kTestQuery,    Fate::kTestResponse,
    Fate::kNearTestQuery, Fate::kNearTestResponse, Fate::kNearTestPair, Fate::kNearValidation,
    Fate::kBalance,       Fate::kTooLong,          Fate::kSampling,     Fate::kLengths,
};
std::string_view Name(Fate fate);  // "kept", "filtered", "near_test_query", ...

enum class Split { kTrain, kValid, kHoldout };
std::string_view Name(Split split);  // "train", "valid", "holdout"

struct Item {
  Record record;
  std::vector<std::string> normalized;  // each turn through NormalizeForMatch
  Fate fate = Fate::kKept;
  Split split = Split::kTrain;
  std::string group;  // records of one group are in one split; set by SplitItems

  bool kept() const { return fate == Fate::kKept; }
};

}  // namespace mores::data

#endif  // MORES_DATA_ITEM_H_
