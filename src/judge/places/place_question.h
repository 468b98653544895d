// What a judge is asked of a dialogue in one place, and what it answers
// (judge/places/place_judge.h).
#ifndef MORES_JUDGE_PLACES_PLACE_QUESTION_H_
#define MORES_JUDGE_PLACES_PLACE_QUESTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "format/dialogue.h"
#include "format/place_result.h"
#include "format/verdict.h"
#include "guidelines/store/guideline.h"

namespace mores::judge {

struct PlaceQuestion {
  const format::Dialogue* dialogue = nullptr;
  std::string place, group;                  // by name; "": no group
  std::vector<guidelines::Guideline> shown;  // at least one, the likeliest to matter first
};

// Whatever the model says, `cited` names guidelines of the question alone.
struct PlaceAnswer {
  format::Label label = format::Label::kUnparsed;
  std::optional<double> p_unsafe;
  std::string critique;       // for that label; citations in it are ids of those shown
  std::vector<size_t> cited;  // indices of `shown`, what decided first, each once
  std::optional<format::ResponseType> response_type;  // where the model was asked for it
  int64_t invented = 0;                               // citations of what wasn't shown, taken out
  int64_t unshown = 0;                // sentences that spoke of what wasn't shown, taken out
  bool truncated = false;             // a guideline, or the dialogue beside it, was shown in part
  std::vector<std::string> oddities;  // of the reply, and mended in its reading
  format::Usage usage;
};

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_PLACE_QUESTION_H_
