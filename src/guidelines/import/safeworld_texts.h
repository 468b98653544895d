// What stands in single texts of the released files: leftovers of the prompts that made them,
// lists of countries, guidelines of several countries in one text.
#ifndef MORES_GUIDELINES_IMPORT_SAFEWORLD_TEXTS_H_
#define MORES_GUIDELINES_IMPORT_SAFEWORLD_TEXTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "guidelines/places/places.h"

namespace mores::guidelines {

// A label ("# Behavior: ..."), numbering, a heading before the text, a placeholder, talk of the
// task, a quote too many, a beginning said twice.
bool HasPromptDebris(std::string_view text);
// Whether a text lacks its end.
bool BreaksOff(std::string_view text);

// "Kenya, Angola, and Ivory_Coast" apart. `odd` tells what is wrong with the list, "" for nothing.
struct CountryList {
  std::vector<std::string> places;  // codes, each once; a part of a country has its own
  std::vector<std::string> odd;
};
CountryList ReadCountries(std::string_view text, const PlaceCatalogue& places);

struct PlaceGuideline {
  std::string place, text;
};
// "In Uzbekistan, ...; In Algeria, ..." one a place. A text that names several places stands for
// each; one that names none for each of `listed`.
std::vector<PlaceGuideline> SplitGuidelines(std::string_view text,
                                            const std::vector<std::string>& listed,
                                            const PlaceCatalogue& places);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_IMPORT_SAFEWORLD_TEXTS_H_
