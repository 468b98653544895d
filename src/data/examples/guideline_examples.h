// Training examples with a guideline, a norm or law of a place, shown after the dialogue: so that a
// judge learns when an answer goes against it, and to leave alone what has nothing to do with it
// (docs/formats/recipe-data.md, [guidelines]).
#ifndef MORES_DATA_EXAMPLES_GUIDELINE_EXAMPLES_H_
#define MORES_DATA_EXAMPLES_GUIDELINE_EXAMPLES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/examples/guideline_texts.h"
#include "data/record.h"
#include "format/guideline_triple.h"

namespace mores::data {

struct GuidelineExample {
  std::string id;
  // What the example shows: "deciding", "opposite", "irrelevant", "none", "careful" (the answer
  // warns or declines), "opinion" (criticism of a norm or law), "belonging" (to a people or faith).
  std::string_view kind;
  std::vector<format::Turn> turns;
  std::string guideline;  // "" where none is shown
  text::Language lang = text::Language::kOther;
  format::Label label = format::Label::kSafe;  // unsafe for "deciding" only
  std::string critique;                        // of a deciding one: opens with "[guideline 1] "
};

// Exchanges that are safe in general, from the sources' records.
struct RealAsides {
  std::vector<Aside> en, zh;
  const std::vector<Aside>& in(text::Language lang) const {
    return lang == text::Language::kChinese ? zh : en;
  }
};

// Pure functions of their arguments. The examples of a split, for training or validation; those of
// one dialogue follow each other. Asides of dialogues for training are drawn from `asides` too.
std::vector<GuidelineExample> MakeGuidelineExamples(const GuidelineTexts& texts,
                                                    const GuidelinesRecipe& recipe, Split split,
                                                    uint64_t seed, const RealAsides& asides = {});
// From what is held out: English ones, then as many Chinese ones.
std::vector<format::GuidelineTriple> MakeGuidelineTriples(const GuidelineTexts& texts,
                                                          int64_t count, uint64_t seed);
// A guideline to show beside a record that it has nothing to do with; nullopt where the record
// isn't drawn, or is neither English nor Chinese.
std::optional<std::string> DrawGuideline(const GuidelineTexts& texts, double share, Split split,
                                         const Record& record, uint64_t seed);

}  // namespace mores::data

#endif  // MORES_DATA_EXAMPLES_GUIDELINE_EXAMPLES_H_
