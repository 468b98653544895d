// Finds guidelines and passages by words, in both languages, and by vectors where there are any.
#ifndef MORES_GUIDELINES_SEARCH_SEARCH_H_
#define MORES_GUIDELINES_SEARCH_SEARCH_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "guidelines/store/database.h"
#include "guidelines/store/guideline.h"
#include "text/embedder.h"

namespace mores::guidelines {

// A place, and a group in it where one is meant: "NG", "NG+tiv".
struct PlaceScope {
  std::string place;
  std::string group;  // id; "": none
};

// "NG", "NG+tiv".
std::string ScopeName(const PlaceScope& scope);
// What ScopeName wrote, now or before the place had this code; nothing else is looked up.
PlaceScope ReadScopeName(std::string_view name, const PlaceCatalogue& places);

// The code of a place as PlaceCatalogue::Meant reads it. kUsage names what is near where it is
// unknown, and what it may mean where it is several.
Expected<std::string> ParsePlace(std::string_view text, const PlaceCatalogue& places);
// "NG", "NG+Tiv": that, and a group of the database by id or name.
Expected<PlaceScope> ParsePlaceScope(std::string_view text, Database& database);

enum class What { kGuidelines, kPassages, kBoth };

struct SearchOptions {
  // Within these and what they are parts of; a country also has what its parts have, unless
  // `ancestors_only`. Guidelines of a group count where it is that group, or none is named and
  // not `ancestors_only`. Empty: everywhere.
  std::vector<PlaceScope> within;
  bool ancestors_only = false;
  What what = What::kBoth;
  // Guidelines that may decide on `as_of` alone; else withdrawn ones alone are left out.
  bool deciding_only = false;
  std::string as_of;                               // YYYY-MM-DD; REQUIRED with deciding_only
  ImportTrust imports = ImportTrust::kMarkedSets;  // with deciding_only
  size_t limit = 10;
};

struct Hit {
  What what = What::kGuidelines;
  Guideline guideline;  // of What::kGuidelines
  Passage passage;      // of What::kPassages
  double score = 0;     // larger is better; comparable within one search alone
};

// One caller at a time; several may share a file. Each search sees what was written before it, by
// whichever process. Any text is words alone, never syntax.
class Searcher {
 public:
  // Reads the words of all documents into memory: some 300 ms for 10,000 of them.
  static Expected<std::unique_ptr<Searcher>> Create(Database& database);
  // The same with the vectors that documents have by `embedder`, which must outlive it: a search
  // asks it for the vector of its text, and fuses both rankings. kMissing where no document has
  // one.
  static Expected<std::unique_ptr<Searcher>> Create(Database& database, text::Embedder& embedder);
  virtual ~Searcher() = default;
  virtual Expected<std::vector<Hit>> Search(std::string_view text,
                                            const SearchOptions& options) = 0;
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_SEARCH_SEARCH_H_
