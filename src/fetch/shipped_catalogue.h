#ifndef MORES_FETCH_SHIPPED_CATALOGUE_H_
#define MORES_FETCH_SHIPPED_CATALOGUE_H_

#include <string_view>

namespace mores::fetch {

// models/catalogue.json, built into the program.
extern const std::string_view kShippedCatalogue;

}  // namespace mores::fetch

#endif  // MORES_FETCH_SHIPPED_CATALOGUE_H_
