// What a name in SafeWorld's `region_or_race` means: parts of a country, peoples, communities,
// informal regions, or none of these. By rules over the words of the name, the parts of ISO 3166-2
// and how the texts around it use the name ("in X", "the X people"), not by a list of names.
#ifndef MORES_GUIDELINES_PLACES_REGION_NAMES_H_
#define MORES_GUIDELINES_PLACES_REGION_NAMES_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "guidelines/places/places.h"
#include "guidelines/store/guideline.h"

namespace mores::guidelines {

struct RegionReading {
  std::vector<std::string> places;  // codes; the country where no part is named
  std::vector<Group> groups;        // those that the text is of
  std::string unmapped;             // why the name is none of these; "" where it is one
};

// Observe all names of a set, then Read them.
class RegionNames {
 public:
  explicit RegionNames(const PlaceCatalogue& places) : places_(places) {}

  // `country` is an ISO 3166-1 code; `text` stands beside `name`. REQUIRES: no Read yet.
  void Observe(std::string_view country, std::string_view name, std::string_view text);
  RegionReading Read(std::string_view country, std::string_view name) const;

 private:
  struct Country {
    std::string texts;  // all that stand beside its names
    std::set<std::string> names;
  };
  struct Found {  // in one name, or in a piece of it
    std::vector<std::string> parts;
    std::vector<Group> peoples, regions;
    bool proper = false;  // one of the peoples has a name of its own
  };

  enum class Marked { kNot, kAsPeoples };

  void ReadPieces(const Place& country, std::string_view words, Marked marked, Found& found) const;
  void ReadPiece(const Place& country, std::string_view words, Marked marked, Found& found) const;
  void ReadCommon(const Place& country, std::string_view words, Found& found) const;
  const Place* PartOf(const Place& country, std::string_view words) const;
  // Whether a word is a name: never written small in the texts.
  bool IsProper(std::string_view word) const;
  bool HasProper(const Place& country, std::string_view words) const;
  // How often the country's texts use the name for people, less how often for a place.
  int PeopleOverPlace(const Place& country, std::string_view name) const;
  // The shortest spelling of a name that the country's names have.
  enum class Role { kPeople, kRegion };
  std::string OneSpelling(const Place& country, std::string name, Role role) const;

  const PlaceCatalogue& places_;
  std::map<std::string, Country, std::less<>> countries_;
  std::set<std::string, std::less<>> small_words_;  // as texts write them, in lower case
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_REGION_NAMES_H_
