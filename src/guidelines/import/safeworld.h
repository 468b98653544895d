// The released files of SafeWorld (arXiv 2412.06483): norms and policies of 50 countries, and the
// queries made from them.
#ifndef MORES_GUIDELINES_IMPORT_SAFEWORLD_H_
#define MORES_GUIDELINES_IMPORT_SAFEWORLD_H_

#include <string>

#include "base/error.h"
#include "guidelines/places/places.h"
#include "guidelines/store/guideline.h"

namespace mores::guidelines {

// `folder` holds culture/type1.json to type4.json and policy/type1.json to type4.json. Guidelines
// are the regional text of a record of type 1 or 4 where it has one, else the national one; each
// text once, with the queries naming it by id. What a record says for its query alone stays in the
// query's fields; to those of type 2 comes `place_guidelines`, a list of {"place","text"}, the
// record's guidelines apart. kMissing for a file that isn't there, kInput "FILE:LINE: ..." for one
// that can't be mended.
Expected<Batch> ReadSafeWorld(const std::string& folder, const PlaceCatalogue& places);

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_IMPORT_SAFEWORLD_H_
