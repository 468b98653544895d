#include "cli/guidelines/embed_options.h"

#include "chat/endpoint/embedding_endpoint.h"

namespace mores::cli {

CLI::Option* AddEmbedOptions(CLI::App* command, EmbedOptions& options) {
  const auto vectors = [&](const char* name, auto& value, const char* help) {
    return command->add_option(name, value, help)->group("Vectors");
  };
  CLI::Option* address =
      vectors("--embed", options.address,
              "A model that makes vectors of texts: http://HOST:PORT/v1#NAME, asked by POST "
              "/embeddings (docs/formats/endpoints.md)");
  vectors("--query-prefix", options.query_prefix, "Put before a text that is searched for");
  vectors("--document-prefix", options.document_prefix,
          "Put before a document; vectors with another prefix count as another model's");
  vectors("--in-flight", options.in_flight, "Requests at once")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  vectors("--timeout", options.timeout, "Seconds that one attempt may take")
      ->check(CLI::Range(0.01, 86400.0))
      ->capture_default_str();
  vectors("--deadline", options.deadline, "Seconds after which a request is given up")
      ->check(CLI::Range(0.01, 604800.0))
      ->capture_default_str();
  return address;
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

}  // namespace mores::cli
