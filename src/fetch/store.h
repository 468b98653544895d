// The folders in which fetched models lie: FOLDER/NAME/FILE, by the names of the catalogue.
#ifndef MORES_FETCH_STORE_H_
#define MORES_FETCH_STORE_H_

#include <optional>
#include <string>
#include <vector>

#include "fetch/catalogue.h"

namespace mores::fetch {

// $MORES_MODELS, folders between colons; else $XDG_CACHE_HOME/mores/models (default ~/.cache).
// Models are looked for in each; the first that can be written takes new ones. Empty where there is
// neither variable nor home.
std::vector<std::string> StoreFolders();

// "FOLDER/NAME/FILE".
std::string PathIn(const std::string& folder, const CatalogueModel& model);

// The first file of the model, by its name and size: there, or FOLDER/FILE, where a person may have
// put it. Its sum is what `mores model fetch` looks at.
std::optional<std::string> FindFetched(const CatalogueModel& model,
                                       const std::vector<std::string>& folders);

}  // namespace mores::fetch

#endif  // MORES_FETCH_STORE_H_
