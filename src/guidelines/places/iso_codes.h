// What the package iso-codes has of places: its lists, and its names in Chinese.
#ifndef MORES_GUIDELINES_PLACES_ISO_CODES_H_
#define MORES_GUIDELINES_PLACES_ISO_CODES_H_

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "guidelines/places/places.h"

namespace mores::guidelines {

inline constexpr std::string_view kIsoDirectory = "/usr/share/iso-codes/json/";

using Translations = std::unordered_map<std::string, std::string>;
// A catalogue in simplified Chinese. kMissing names the package.
Expected<Translations> ReadTranslations(std::string_view name);
// The name itself where there is no translation.
std::string Translated(const Translations& translations, const std::string& name);
// The records under `list` of one of the package's files.
Expected<Json> ReadRecords(std::string_view name, const char* list);
// A text of a record; "" where it is none.
std::string FieldOf(const Json& record, const char* name);

// "Korea, Republic of" as "Republic of Korea"; without what stands in parentheses.
std::string InPlainOrder(std::string_view name);
// The names within one of ISO's: "Catalunya [Cataluña]", "Murcia, Región de", "Elgeyo/Marakwet".
std::vector<std::string> NamesWithin(std::string_view name);

// A code and a name.
struct PlaceNamed {
  std::string code, name;
};
// Of countries by their English names, the names as they are written in Taiwan and Hong Kong, in
// simplified characters; as far as the package's catalogues are there.
std::vector<PlaceNamed> RegionalChineseNames(std::span<const PlaceNamed> countries);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_ISO_CODES_H_
