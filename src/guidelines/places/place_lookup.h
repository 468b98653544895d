// Places by the names that people give them on a command line or in a file, where no running text
// says more.
#ifndef MORES_GUIDELINES_PLACES_PLACE_LOOKUP_H_
#define MORES_GUIDELINES_PLACES_PLACE_LOOKUP_H_

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/table_file.h"

namespace mores::guidelines {

// place_codes.tsv, which says what its sections hold.
const TableFile& PlaceCodes();

// The country's name in its main language, and the usual one in English, as ICU has them.
std::vector<std::string> NamesOfOurs(const std::string& country);

class PlaceLookup {
 public:
  // A name that somebody chose for a table is meant before one that ISO 3166-2 lists.
  enum class Rank { kUsual, kListed };

  // The first country of a name stays.
  void AddCountry(std::string_view name, std::string_view code);
  void AddShared(std::string_view name, std::string_view code);
  void AddPart(std::string_view name, std::string_view code, Rank rank);

  // Codes of the countries and parts that share a name; empty for any other name.
  std::vector<std::string> Shared(std::string_view name) const;
  // The country, else the parts of the best rank; with the words that say the kind of part before
  // without them.
  std::vector<std::string> Find(std::string_view name) const;

 private:
  using Codes = std::unordered_map<std::string, std::vector<std::string>>;

  Codes countries_, shared_;
  std::array<Codes, 2> parts_, without_kind_;  // by Rank
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_PLACE_LOOKUP_H_
