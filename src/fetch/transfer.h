// The ways by which FILE.part grows.
#ifndef MORES_FETCH_TRANSFER_H_
#define MORES_FETCH_TRANSFER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "fetch/catalogue.h"
#include "fetch/fetch.h"
#include "fetch/partial_file.h"

namespace mores::fetch {

// What is being fetched, where to and who looks on.
struct Transfer {
  const CatalogueModel& model;
  PartialFile& partial;
  std::string work_folder;  // beside it; emptied and removed by who uses it
  const FetchWatch& watch;
  job::Progress& progress;
  bool disk_failed = false;  // so no other place will do

  // To the partial file.
  Status Append(std::string_view bytes);
  // Of progress, in megabytes.
  void ShowBytes(int64_t bytes) const { progress.Update(bytes / 1'000'000, ""); }
};

// From the address of the file. What is there already is gone on with.
Status FetchUrl(Transfer& transfer, const std::string& url);

// From packages, one at a time. Of what is there already whole parts are kept whose sum is right.
Status FetchPackages(Transfer& transfer, const std::vector<PackagePart>& parts);

// A copy of a file.
Status CopyFile(Transfer& transfer, const std::string& path);

}  // namespace mores::fetch

#endif  // MORES_FETCH_TRANSFER_H_
