#include "guidelines/places/place_names.h"

#include "guidelines/tables.h"

namespace mores::guidelines {

const TableFile& PlaceNames() {
  static const TableFile table(kPlaceNames);
  return table;
}

}  // namespace mores::guidelines
