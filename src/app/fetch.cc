#include "app/fetch.h"

#include <utility>

#include "fetch/store.h"

namespace mores::app {

Expected<fetch::Fetched> FetchModel(const fetch::FetchOptions& options, const Watch& watch) {
  return fetch::FetchModel(options,
                           {.progress = watch.progress,
                            .stop = watch.stop,
                            .on_note = [&](const std::string& note) { watch.Note(note); }});
}

Expected<std::vector<ListedModel>> ListModels() {
  MORES_ASSIGN_OR_RETURN(std::vector<fetch::CatalogueModel> models, fetch::LoadCatalogue());
  const std::vector<std::string> folders = fetch::StoreFolders();
  std::vector<ListedModel> listed;
  for (fetch::CatalogueModel& model : models) {
    std::optional<std::string> path = fetch::FindFetched(model, folders);
    listed.push_back({.model = std::move(model), .path = std::move(path)});
  }
  return listed;
}

}  // namespace mores::app
