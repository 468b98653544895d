// The tables of words and names of this layer, as text (base/table_file.h).
#ifndef MORES_GUIDELINES_TABLES_H_
#define MORES_GUIDELINES_TABLES_H_

#include <string_view>

namespace mores::guidelines {

extern const std::string_view kPlaceCodes, kPlaceNames, kRegionWords, kSearchWords, kTravelTopics;

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_TABLES_H_
