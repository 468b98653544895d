// Places by ISO 3166 code, as the iso-codes package names them in English and Chinese, and their
// names in running text.
#ifndef MORES_GUIDELINES_PLACES_PLACES_H_
#define MORES_GUIDELINES_PLACES_PLACES_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::guidelines {

struct Place {
  std::string code;    // "NG", "NG-BE", "XK"
  std::string parent;  // "NG" for "NG-BE"; "" for a country
  std::string name_en, name_zh;
};

// How a text leads to a place: it names the country, or a part of it (a subdivision or a city),
// from which the country follows. Never by names of people, languages, religions or peoples.
enum class Mention { kStated, kInferred };

struct PlaceMention {
  std::string code;
  Mention mention = Mention::kStated;
  size_t begin = 0, end = 0;  // bytes
};

// Immutable, safe to share between threads.
class PlaceCatalogue {
 public:
  // Reads iso-codes (/usr/share/iso-codes/json and the Chinese catalogues beside it), and adds
  // Kosovo (XK). kMissing names the package where it isn't installed.
  static Expected<std::shared_ptr<const PlaceCatalogue>> Open();
  virtual ~PlaceCatalogue() = default;

  // By code. A code that ISO 3166-2 gives to a place with a code of its own in ISO 3166-1 is that
  // place: "CN-HK" is HK, "FR-GF" GF, and so is "UK" GB. nullptr for none.
  virtual const Place* Find(std::string_view code) const = 0;
  // Codes as Find's places have them, each once; unknown ones stay as they are.
  std::vector<std::string> Canonical(std::vector<std::string> codes) const;
  // The code of that place, and what else it was written by.
  virtual std::vector<std::string> CodesOf(std::string_view code) const = 0;
  // The places that somebody who writes `text` may mean: a code in any case, of two or three
  // letters or digits; a country's name, also in its own language, or a part's, English, Chinese in
  // either script or native; "Punjab, Pakistan". Empty: none; several: it could be any of these.
  virtual std::vector<const Place*> Meant(std::string_view text) const = 0;
  virtual std::span<const Place> all() const = 0;  // by code
  // The country that a name means, in any usual spelling ("U.S.", "Ivory Coast", "South_Korea",
  // "科特迪瓦"), or the code itself in any case; nullptr for none.
  virtual const Place* FindCountry(std::string_view name) const = 0;
  // A part of `country` by name ("Bavaria", "Fujian Province", "北海道"); nullptr for none.
  virtual const Place* FindPart(std::string_view country, std::string_view name) const = 0;
  // Itself, then what it is a part of, up to the country. A place with a code of its own in ISO
  // 3166-1 isn't a part of another, but for the five overseas departments of France.
  virtual std::vector<std::string> WithAncestors(std::string_view code) const = 0;
  // The places that a text names, in order; each place once, at its first mention.
  virtual std::vector<PlaceMention> Mentions(std::string_view utf8) const = 0;
};

}  // namespace mores::guidelines

#endif  // MORES_GUIDELINES_PLACES_PLACES_H_
