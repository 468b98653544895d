// The texts around a guideline: as a judge is shown it, as a critique cites it, and what of a
// critique it bears out. Words and rules of our own, no model.
#ifndef MORES_JUDGE_PLACES_PLACE_TEXT_H_
#define MORES_JUDGE_PLACES_PLACE_TEXT_H_

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/dialogue.h"
#include "guidelines/store/guideline.h"

namespace mores::judge {

// The text; of polarity `violation` with words before it, in its language, that say so.
std::string ShownText(const guidelines::Guideline& guideline);

// `[guideline 2]` and `[准则 2]` become the id of the second one shown, in square brackets. Such of
// none, and words like an id ("NG-0123456789", "P-0123456789ab") that isn't shown, are taken out
// and counted.
struct CleanedCitations {
  std::string text;
  int64_t invented = 0;
};
CleanedCitations CleanCitations(std::string_view critique,
                                std::span<const guidelines::Guideline> shown);

// The sentences of a critique of which less than half of the content words stand in the guidelines
// cited, the dialogue, or what any critique says of a finding.
std::vector<std::string> UnsupportedClaims(std::string_view critique,
                                           std::span<const guidelines::Guideline> cited,
                                           const format::Dialogue& dialogue);

// The content words of a guideline's topic and text, less `known` (such as the place's names).
std::set<std::string> GuidelineTerms(const guidelines::Guideline& guideline,
                                     const std::set<std::string>& known);
// How many of the terms of `a` are in `b`.
size_t SharedTerms(const std::set<std::string>& a, const std::set<std::string>& b);

}  // namespace mores::judge

#endif  // MORES_JUDGE_PLACES_PLACE_TEXT_H_
