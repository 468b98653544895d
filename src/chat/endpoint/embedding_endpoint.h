// Vectors of texts from OpenAI-compatible endpoints: POST BASE/embeddings
// (docs/formats/endpoints.md).
#ifndef MORES_CHAT_ENDPOINT_EMBEDDING_ENDPOINT_H_
#define MORES_CHAT_ENDPOINT_EMBEDDING_ENDPOINT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/stop.h"
#include "chat/endpoint/endpoint.h"
#include "text/embedder.h"

namespace mores::chat {

struct EmbeddingOptions {
  EndpointAddress address;
  // Put before texts, as some models want it: "query: ", "passage: ".
  std::string query_prefix, document_prefix;
  int in_flight = 4;             // requests at once, of kTextsOfRequest texts
  double attempt_seconds = 120;  // one attempt, from connecting to the last byte
  // A request is tried again until this long after its first attempt; then the call fails.
  double deadline_seconds = 300;
  double backoff_seconds = 0.5;  // as in EndpointOptions, and so are keys
  uint64_t jitter_seed = 0;
  StopToken stop;  // ends a call at once
};

inline constexpr size_t kTextsOfRequest = 64;

// Goes by the model's name, without the server's: the same model may move; and by the prefix of
// documents where there is one. A call is answered whole or fails: kUsage for a key that isn't
// accepted, kMissing for an address or a model that isn't there, kIo where no answer comes, kInput
// for a text that the server refuses and for what is no list of embeddings, kCancelled when
// a stop was asked for.
Expected<std::unique_ptr<text::Embedder>> OpenEmbeddingEndpoint(const EmbeddingOptions& options);

}  // namespace mores::chat

#endif  // MORES_CHAT_ENDPOINT_EMBEDDING_ENDPOINT_H_
