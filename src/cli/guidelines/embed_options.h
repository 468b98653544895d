// The options of commands that ask a model for vectors of texts, and how they open it.
#ifndef MORES_CLI_GUIDELINES_EMBED_OPTIONS_H_
#define MORES_CLI_GUIDELINES_EMBED_OPTIONS_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "guidelines/search/search.h"
#include "text/embedder.h"

namespace mores::cli {

struct EmbedOptions {
  std::string address;  // http(s)://HOST:PORT/v1#NAME; empty: no vectors
  std::string query_prefix, document_prefix;
  int in_flight = 4;
  double timeout = 120, deadline = 300;  // seconds
  StopToken stop;                        // set by the command
};

// Returns --embed, the address.
CLI::Option* AddEmbedOptions(CLI::App* command, EmbedOptions& options);

// kUsage for an address that is none.
Expected<std::unique_ptr<text::Embedder>> OpenEmbedder(const EmbedOptions& options);

struct OpenSearch {
  std::unique_ptr<text::Embedder> embedder;        // none without an address
  std::unique_ptr<guidelines::Searcher> searcher;  // goes before what it asks
};
Expected<OpenSearch> OpenSearcher(guidelines::Database& database, const EmbedOptions& options);

}  // namespace mores::cli

#endif  // MORES_CLI_GUIDELINES_EMBED_OPTIONS_H_
