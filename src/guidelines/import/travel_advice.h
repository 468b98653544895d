// Travel advice of five governments about laws and customs, as evidence that guidelines can cite.
// The pages are Markdown, one a country, as github.com/marcolussetti/travel-advisories keeps them:
// a folder a government, a file a country, named by the government.
#ifndef MORES_GUIDELINES_IMPORT_TRAVEL_ADVICE_H_
#define MORES_GUIDELINES_IMPORT_TRAVEL_ADVICE_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guidelines/places/places.h"
#include "guidelines/store/guideline.h"

namespace mores::guidelines {

struct TravelAdvice {
  Batch batch;
  size_t pages = 0;
};

// Folders of governments that aren't there are left out; kMissing where none is. A page that names
// no known place is a Repair, and has no passages. Paragraphs that many pages of one government
// repeat are left out.
Expected<TravelAdvice> ReadTravelAdvice(const std::string& folder, const PlaceCatalogue& places);

// The places that the name of a file means, "Israel and the Occupied Palestinian Territories";
// empty for none.
std::vector<std::string> PlacesOfPage(std::string_view name, const PlaceCatalogue& places);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_IMPORT_TRAVEL_ADVICE_H_
