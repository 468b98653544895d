// Models by name: what there are, and fetching one.
#ifndef MORES_APP_FETCH_H_
#define MORES_APP_FETCH_H_

#include <optional>
#include <string>
#include <vector>

#include "app/run.h"
#include "base/error.h"
#include "fetch/catalogue.h"
#include "fetch/fetch.h"

namespace mores::app {

// fetch::FetchModel.
Expected<fetch::Fetched> FetchModel(const fetch::FetchOptions& options, const Watch& watch);

struct ListedModel {
  fetch::CatalogueModel model;
  std::optional<std::string> path;  // where it is here; by its size alone, not its sum
};

// All of the catalogue, in its order.
Expected<std::vector<ListedModel>> ListModels();

}  // namespace mores::app

#endif  // MORES_APP_FETCH_H_
