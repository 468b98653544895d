// The lines of a built set: SFT examples (docs/formats/sft.md) and triples (docs/formats/flips.md).
#ifndef MORES_DATA_RENDER_H_
#define MORES_DATA_RENDER_H_

#include <optional>
#include <string>
#include <vector>

#include "data/examples/contrast_examples.h"
#include "data/examples/guideline_texts.h"
#include "data/item.h"
#include "data/recipe.h"
#include "format/profile/judge_profile.h"

namespace mores::data {

// What lines are written from.
struct Renderer {
  const Recipe& recipe;
  const format::JudgeProfile& profile;
  const std::optional<GuidelineTexts>& texts;
  const std::optional<ContrastTexts>& contrasts;
};

// A split's records and made examples in an order that mixes sources, fixed by the seed.
std::string RenderSplit(const Renderer& renderer, Split split, const std::vector<Item>& items);

std::string RenderTriples(const Recipe& recipe, const GuidelineTexts& texts);

// Gives a fate to each kept item of which neither label, category nor critique would be learned.
// Languages must be known.
void DropWhatTeachesNothing(const Recipe& recipe, std::vector<Item>& items);

}  // namespace mores::data

#endif  // MORES_DATA_RENDER_H_
