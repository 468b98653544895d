// Message catalogues of GNU gettext (.mo), as iso-codes brings its translations: the GNU gettext
// manual, "The Format of GNU MO Files".
#ifndef MORES_GUIDELINES_PLACES_MO_CATALOGUE_H_
#define MORES_GUIDELINES_PLACES_MO_CATALOGUE_H_

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"

namespace mores::guidelines {

// Original to translation. kCorrupt names `where` and what is wrong.
Expected<std::unordered_map<std::string, std::string>> ParseMoCatalogue(std::string_view bytes,
                                                                        std::string_view where);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_MO_CATALOGUE_H_
