#include "data/item.h"

namespace mores::data {

std::string_view Name(Fate fate) {
  switch (fate) {
    case Fate::kKept:
      return "kept";
    case Fate::kFiltered:
      return "filtered";
    case Fate::kBlank:
      return "blank";
    case Fate::kNothingLearned:
      return "nothing_learned";
    case Fate::kDuplicate:
      return "duplicate";
    case Fate::kConflict:
      return "conflict";
    case Fate::kTestQuery:
      return "test_query";
    case Fate::kTestResponse:
      return "test_response";
    case Fate::kNearTestQuery:
      return "near_test_query";
    case Fate::kNearTestResponse:
      return "near_test_response";
    case Fate::kNearTestPair:
      return "near_test_pair";
    case Fate::kNearValidation:
      return "near_validation";
    case Fate::kTooLong:
      return "too_long";
    case Fate::kSampling:
      return "sampling";
    case Fate::kLengths:
      return "lengths";
    case Fate::kBalance:
      return "balance";
  }
  return "kept";
}

std::string_view Name(Split split) {
  switch (split) {
    case Split::kTrain:
      return "train";
    case Split::kValid:
      return "valid";
    case Split::kHoldout:
      return "holdout";
  }
  return "train";
}

}  // namespace mores::data
