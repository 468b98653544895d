#include "app/database.h"

#include <cstdlib>
#include <utility>

#include "chat/endpoint/embedding_endpoint.h"

namespace mores::app {

Expected<std::string> DatabasePath(const std::string& path) {
  if (!path.empty()) return path;
  const char* set = std::getenv("MORES_GUIDELINES");
  if (set && *set != '\0') return std::string(set);
  return MakeError(ErrorKind::kUsage,
                   "no database: name its file, or set MORES_GUIDELINES to the file");
}

Expected<std::unique_ptr<guidelines::Database>> OpenDatabase(const std::string& path,
                                                             GuidelineAccess access) {
  MORES_ASSIGN_OR_RETURN(const std::string file, DatabasePath(path));
  return guidelines::Database::Open(file, {.access = access});
}

Expected<std::vector<std::string>> PlaceCodes(const NamedPlaces& given,
                                              guidelines::Database& database) {
  std::vector<std::string> codes;
  for (const std::string& text : given.names) {
    MORES_ASSIGN_OR_RETURN(guidelines::PlaceScope scope,
                           guidelines::ParsePlaceScope(text, database));
    if (!scope.group.empty()) {
      return MakeError(ErrorKind::kUsage, "{} {}: a place without a group is wanted here",
                       given.called, text);
    }
    codes.push_back(std::move(scope.place));
  }
  return codes;
}

Expected<std::unique_ptr<text::Embedder>> OpenEmbedder(const EmbedOptions& options) {
  chat::EmbeddingOptions endpoint = {.query_prefix = options.query_prefix,
                                     .document_prefix = options.document_prefix,
                                     .in_flight = options.in_flight,
                                     .attempt_seconds = options.timeout,
                                     .deadline_seconds = options.deadline,
                                     .stop = options.stop};
  MORES_ASSIGN_OR_RETURN(endpoint.address, chat::ParseEndpoint(options.address));
  return chat::OpenEmbeddingEndpoint(endpoint);
}

Expected<OpenSearch> OpenSearcher(guidelines::Database& database, const EmbedOptions& options) {
  OpenSearch open;
  if (options.address.empty()) {
    MORES_ASSIGN_OR_RETURN(open.searcher, guidelines::Searcher::Create(database));
    return open;
  }
  MORES_ASSIGN_OR_RETURN(open.embedder, OpenEmbedder(options));
  MORES_ASSIGN_OR_RETURN(open.searcher, guidelines::Searcher::Create(database, *open.embedder));
  return open;
}

}  // namespace mores::app
