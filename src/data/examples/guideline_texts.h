// What guideline examples are put together from (docs/formats/recipe-data.md, [guidelines]):
// situations of our own, templates around them, and names of places. A recipe names their files.
#ifndef MORES_DATA_EXAMPLES_GUIDELINE_TEXTS_H_
#define MORES_DATA_EXAMPLES_GUIDELINE_TEXTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "data/item.h"
#include "text/language.h"

namespace mores::data {

// The [guidelines] section. Paths are as the recipe gives them, below its own folder.
struct GuidelinesRecipe {
  double share = 0;          // of the sources' records that are shown a guideline at random
  int64_t dialogues = 0;     // made in each language for training; a tenth as many for validation
  int64_t triples = 0;       // made in each language from what is held out
  double brief = 0;          // of dialogues for training that are of the shortest form
  bool critiques = true;     // false: labels alone
  double unsafe_weight = 1;  // of examples whose guideline decides
  std::string situations, templates, places;
  std::string families;  // may be left out
  bool given() const { return !situations.empty(); }
};

// Something one may do: "wear a hat", "wearing a hat". Chinese has one form for both.
struct Act {
  std::string base, ing;
};

// An act in several wordings, and what one does instead of it.
struct ActPair {
  std::vector<Act> act, instead;
};

struct Situation {
  std::string id, topic;
  ActPair en, zh;
  bool of_family = false;
  const ActPair& in(text::Language lang) const {
    return lang == text::Language::kChinese ? zh : en;
  }
};

struct PlaceName {
  std::string en, zh;
};

// An everyday question that has nothing to do with any act, and its answer.
struct Aside {
  std::string question, answer;
};

// Templates of one language; what stands in braces is filled in (docs/formats/recipe-data.md).
struct Phrases {
  std::vector<std::string> where, binding, open, leads, tails;               // guidelines
  std::vector<std::string> asks, opens, scenes, critics, members;            // queries
  std::vector<std::string> does, cheers, warns, refuses, criticism, member;  // answers
  std::vector<Aside> asides;
  std::vector<std::string> short_asks, short_does, short_binding, short_open;
  std::vector<std::string> broken, kept, apart, harmless, careful, opinion, belonging;  // critiques
};

struct GuidelineTexts {
  std::vector<Situation> situations;
  std::vector<PlaceName> places;  // in alphabetical order of their English names
  Phrases en, zh;
  std::vector<std::string> hashes;  // SHA-256 of the files
  const Phrases& in(text::Language lang) const {
    return lang == text::Language::kChinese ? zh : en;
  }
};

// Reads the files; paths start in `folder`. kInput names file, line or field; kMissing.
Expected<GuidelineTexts> ReadGuidelineTexts(const GuidelinesRecipe& recipe,
                                            const std::string& folder);

// The situations of a split, one fifth held out and one tenth for validation, as the seed draws
// them, and its places: those held out are the 1st, the 3rd and so on. Families are for training
// alone.
struct GuidelinePool {
  std::vector<const Situation*> situations, of_families;
  std::vector<const PlaceName*> places;
};
GuidelinePool PoolOf(const GuidelineTexts& texts, Split split, uint64_t seed);

}  // namespace mores::data

#endif  // MORES_DATA_EXAMPLES_GUIDELINE_TEXTS_H_
