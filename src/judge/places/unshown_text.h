// What a critique says of guidelines, norms and laws that the judge was not shown. Words and rules
// of our own, no model.
#ifndef MORES_JUDGE_PLACES_UNSHOWN_TEXT_H_
#define MORES_JUDGE_PLACES_UNSHOWN_TEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "format/dialogue.h"
#include "guidelines/store/guideline.h"
#include "judge/places/place_question.h"

namespace mores::judge {

struct ShownClaims {
  std::string text;     // the critique without the sentences taken out
  int64_t unshown = 0;  // how many these are
};

// Takes out each sentence that speaks of what wasn't shown, English or Chinese:
// - of a guideline, or of a place's norm or custom as such, where none was shown;
// - of a numbered guideline beyond those shown;
// - of an id that wasn't shown, and none that was;
// - of an article, a section, a code or a titled law that stands in no text shown;
// - of the local law where norms alone were shown, or of local custom where laws alone were.
// What the dialogue or its rules say themselves is spoken of freely. A critique in which nothing is
// taken out is the same, byte for byte.
ShownClaims KeepShownClaims(std::string_view critique, std::span<const guidelines::Guideline> shown,
                            const format::Dialogue& dialogue);

// The critique of an answer: that, and its citations as CleanCitations has them; what was taken out
// is counted in the answer.
void SetPlaceCritique(std::string_view critique, std::span<const guidelines::Guideline> shown,
                      const format::Dialogue& dialogue, PlaceAnswer& answer);

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_UNSHOWN_TEXT_H_
