// Which ways a fetch tries, in order.
#ifndef MORES_FETCH_PLACES_H_
#define MORES_FETCH_PLACES_H_

#include <string>
#include <vector>

#include "base/error.h"
#include "fetch/catalogue.h"
#include "fetch/fetch.h"

namespace mores::fetch {

// One way; one of the first three is given.
struct Way {
  // Where the file may be at a mirror: the next where it isn't at one.
  std::vector<std::string> urls;
  std::string file;
  const std::vector<PackagePart>* packages = nullptr;  // the catalogue's
  std::string label;                                   // for a person, without secrets
  bool named = false;                                  // by the caller, who wants this one
};

// By `from`, else $MORES_MIRROR (of addresses), else the places of the catalogue that `via` leaves.
// Never empty: kMissing where there is none, kUsage where `from` is nothing that can be read.
Expected<std::vector<Way>> WaysTo(const CatalogueModel& model, const FetchOptions& options);

// Where a mirror may have the file: as `mirror`, where that names a file; else below it as FILE, as
// NAME/FILE, and by the paths of the catalogue's addresses.
std::vector<std::string> MirrorUrls(const std::string& mirror, const CatalogueModel& model);

}  // namespace mores::fetch

#endif  // MORES_FETCH_PLACES_H_
