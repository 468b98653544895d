// Names of places that ISO 3166 doesn't list: usual English and Chinese ones, cities, and phrases
// that hold a place's name and mean none. Written for this purpose.
#ifndef MORES_GUIDELINES_PLACES_PLACE_NAMES_H_
#define MORES_GUIDELINES_PLACES_PLACE_NAMES_H_

#include <string_view>

namespace mores::guidelines {

// Lines "CODE Usual name|other name|...". The first replaces the name that ISO gives, unless it is
// "="; one in Chinese characters replaces the Chinese name.
std::string_view CountryNames();
std::string_view PartNames();
// Lines "CODE City|City|...": cities that aren't subdivisions of their own.
std::string_view CityNames();
// Lines "Phrase|phrase|...": where these stand, no place is named.
std::string_view NoPlaces();
// Names of countries that are also words: never in lower case.
std::string_view AmbiguousNames();
// Names that are also people's, or several places': only where the words around speak of a place.
std::string_view UncertainNames();
// Names of subdivisions that are plain English words: never.
std::string_view PlainWords();

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_PLACE_NAMES_H_
