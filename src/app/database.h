// Opening a database of guidelines, and its search.
#ifndef MORES_APP_DATABASE_H_
#define MORES_APP_DATABASE_H_

#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/stop.h"
#include "guidelines/search/search.h"
#include "guidelines/store/database.h"
#include "text/embedder.h"

namespace mores::app {

using GuidelineAccess = guidelines::Connection::Access;

// `path`, or what MORES_GUIDELINES says where it is empty; kUsage where that says nothing either.
Expected<std::string> DatabasePath(const std::string& path);
Expected<std::unique_ptr<guidelines::Database>> OpenDatabase(const std::string& path,
                                                             GuidelineAccess access);

// Names of places as somebody gave them, and how an error says where.
struct NamedPlaces {
  std::vector<std::string> names;
  std::string called = "place";
};
// Codes of such places; kUsage for one that isn't known, and where a group is named.
Expected<std::vector<std::string>> PlaceCodes(const NamedPlaces& given,
                                              guidelines::Database& database);

struct EmbedOptions {
  std::string address;  // http(s)://HOST:PORT/v1#NAME; empty: no vectors
  std::string query_prefix, document_prefix;
  int in_flight = 4;
  double timeout = 120, deadline = 300;  // seconds
  StopToken stop;                        // of the run
};

// kUsage for an address that is none.
Expected<std::unique_ptr<text::Embedder>> OpenEmbedder(const EmbedOptions& options);

struct OpenSearch {
  std::unique_ptr<text::Embedder> embedder;        // none without an address
  std::unique_ptr<guidelines::Searcher> searcher;  // goes before what it asks
};
Expected<OpenSearch> OpenSearcher(guidelines::Database& database, const EmbedOptions& options);

}  // namespace mores::app

#endif  // MORES_APP_DATABASE_H_
