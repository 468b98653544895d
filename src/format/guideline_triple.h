// A dialogue and three guidelines, a norm or law of a place each: files of them are written by
// `mores data build` and read by `mores meta flips` (docs/formats/flips.md).
#ifndef MORES_FORMAT_GUIDELINE_TRIPLE_H_
#define MORES_FORMAT_GUIDELINE_TRIPLE_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "format/dialogue.h"

namespace mores::format {

// A dialogue that is safe in general, and what decides it, doesn't touch it, and agrees with it.
struct GuidelineTriple {
  std::string id;
  std::vector<Turn> turns;
  text::Language lang = text::Language::kOther;
  std::string place;  // its name in English
  std::string deciding, irrelevant, opposite;
};

// One line of a file. The language isn't written: it is that of the turns.
Json ToJson(const GuidelineTriple& triple);

// JSON lines, at least one. kInput names file, line and field.
Expected<std::vector<GuidelineTriple>> ReadGuidelineTriples(const std::string& path);

}  // namespace mores::format

#endif  // MORES_FORMAT_GUIDELINE_TRIPLE_H_
