#include "cli/guidelines/embed_options.h"

namespace mores::cli {

CLI::Option* AddEmbedOptions(CLI::App* command, app::EmbedOptions& options) {
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

Status CheckEmbedOptions(const app::EmbedOptions& options) {
  if (!options.address.empty()) return {};
  const char* const given = !options.query_prefix.empty()      ? "--query-prefix"
                            : !options.document_prefix.empty() ? "--document-prefix"
                                                               : nullptr;
  if (given == nullptr) return {};
  return MakeError(ErrorKind::kUsage, "{} is for vectors: give --embed", given);
}

}  // namespace mores::cli
