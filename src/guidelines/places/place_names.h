// Names of places that ISO 3166 doesn't list: usual English and Chinese ones, cities, and phrases
// that hold a place's name and mean none (place_names.tsv, which says what its sections hold).
#ifndef MORES_GUIDELINES_PLACES_PLACE_NAMES_H_
#define MORES_GUIDELINES_PLACES_PLACE_NAMES_H_

#include "base/table_file.h"

namespace mores::guidelines {

const TableFile& PlaceNames();

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_PLACE_NAMES_H_
